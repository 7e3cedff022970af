"""Indexes made of cameras, and officers who ask them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from broker.agencies.models import Agreement, Designation, Officer, PolicyBook, Role
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.index.searching import answer_of
from broker.catalog.index.stored import StoredCamera, read_camera
from broker.catalog.models import Camera, NetworkReport
from broker.catalog.questions import Answer, Question
from tests.world import NOW

PURPOSE = "public_safety"


def stored(camera: Camera) -> StoredCamera:
    """As the index reads it from the catalog."""
    return read_camera(camera.model_dump_json(exclude_defaults=True))


def report(network: str, refresh_s: float = 60.0, age_s: float = 0.0) -> NetworkReport:
    at = NOW - timedelta(seconds=age_s)
    return NetworkReport(
        network=network,
        agency="any",
        synchronised_at=at,
        succeeded_at=at,
        refresh_s=refresh_s,
        found=0,
        added=0,
        changed=0,
        vanished=0,
        rejected=0,
    )


def index_of(cameras: Iterable[Camera], reports: Mapping[str, NetworkReport] | None = None) -> CatalogIndex:
    """Filled and settled, as after a start."""
    index, listed = CatalogIndex(), list(cameras)
    index.fill(stored(camera) for camera in listed)
    networks = {camera.network for camera in listed}
    index.put_reports({name: report(name) for name in networks} if reports is None else reports)
    settle(index)
    return index


def settle(index: CatalogIndex) -> None:
    asyncio.run(index.settle())


def officer(agency: str = "rail", *roles: Role) -> Officer:
    """Designated since yesterday; an operator unless told otherwise."""
    return Officer(
        id="off",
        agency=agency,
        name="Test officer",
        service="Tests",
        personnel_number="T",
        roles=frozenset(roles or {Role.OPERATOR}),
        designations=(
            Designation(designated_by="tests", valid_from=NOW - timedelta(days=1), valid_until=None),
        ),
    )


def book(*agreements: Agreement, version: int = 1) -> PolicyBook:
    return PolicyBook(version=version, agreements=agreements)


def ask(
    index: CatalogIndex,
    question: Question,
    who: Officer | None = None,
    agreements: Sequence[Agreement] = (),
    version: int = 1,
) -> Answer:
    """One page, as the service answers."""
    rights = index.rights(who or officer(), PURPOSE, book(*agreements, version=version), question.as_of)
    return answer_of(index, question, rights, None)
