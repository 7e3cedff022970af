"""Indexes made of cameras, and officers who ask them."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isnan
from typing import Any

from broker.agencies.models import Agreement, Designation, Officer, PolicyBook, Role
from broker.catalog.index.candidates import Page
from broker.catalog.index.instants import NEVER_US, instant, microseconds
from broker.catalog.index.judging import SEES, SEES_NOT, UNKNOWN
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.index.rights import Rights
from broker.catalog.index.rows import STATUSES, rows_of
from broker.catalog.index.searching import answer_of, search
from broker.catalog.index.stored import StoredCamera, read_camera
from broker.catalog.models import Camera, NetworkReport
from broker.catalog.questions import Grant, PageKey, Question
from tests.world import NOW

PURPOSE = "public_safety"


@dataclass(frozen=True)
class Hit:
    """One row of a page; None where a column has no value."""

    camera_id: str
    agency: str
    rights: int
    grant: Grant
    status: str
    distance_m: float | None
    bearing_deg: float | None
    along_m: float | None
    sees: bool | None
    covered_s: float | None
    overwrite_us: int | None
    age_s: float | None


@dataclass(frozen=True)
class Found:
    """A page, row by row."""

    hits: tuple[Hit, ...]
    next_after: PageKey | None


SIGHTS = {SEES: True, SEES_NOT: False, UNKNOWN: None}


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
    index.fill(rows_of(stored(camera) for camera in listed))
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
) -> Found:
    """One page; what is written of it is checked against its columns."""
    rights = index.rights(who or officer(), PURPOSE, book(*agreements, version=version), question.as_of)
    page = search(index, question, rights)
    found = Found(tuple(hits_of(index, question, rights, page)), page.next_after)
    answer = answer_of(index, question, rights, None)
    assert answer.next_after == found.next_after
    assert answer.camera_ids == tuple(hit.camera_id for hit in found.hits)
    assert answer.owners == tuple(sorted({hit.agency for hit in found.hits}))
    assert answer.basis == tuple(sorted({name for hit in found.hits for name in hit.grant.basis}))
    features = json.loads(b"[" + answer.features + b"]")
    assert len(features) == len(found.hits)
    for feature, hit in zip(features, found.hits, strict=True):
        check_written(feature, hit)
    return found


def hits_of(index: CatalogIndex, question: Question, rights: Rights, page: Page) -> Iterator[Hit]:
    """The page's rows one by one."""
    offered = index.table.facts["offered"][page.slots] & page.bits
    grants = rights.grants_of(page.slots, offered)
    as_of_us = microseconds(question.as_of)
    for row, slot in enumerate(page.slots.tolist()):
        captured_us, overwrite_us = int(page.captured_us[row]), int(page.overwrite_us[row])
        yield Hit(
            camera_id=str(index.table.ids[slot]),
            agency=index.table.owner_of(slot),
            rights=int(page.bits[row]),
            grant=grants[row],
            status=STATUSES[page.status[row]],
            distance_m=_known(page.distance_m[row]),
            bearing_deg=_known(page.bearing_deg[row]),
            along_m=None if page.along_m is None else float(page.along_m[row]),
            sees=SIGHTS[int(page.sees[row])],
            covered_s=_known(page.covered_s[row]),
            overwrite_us=None if overwrite_us == NEVER_US else overwrite_us,
            age_s=None if captured_us == NEVER_US else (as_of_us - captured_us) / 1e6,
        )


def _known(value: float) -> float | None:
    return None if isnan(value) else float(value)


def check_written(feature: dict[str, Any], hit: Hit) -> None:
    """The feature says what the question made of the camera, as far as the rights uncover it."""
    said = feature["properties"]
    assert (feature["id"], said["agency"], said["status"]) == (hit.camera_id, hit.agency, hit.status)
    assert said["sees"] is hit.sees
    assert said["actions"] == [action.value for action in hit.grant.actions]
    assert said["basis"] == list(hit.grant.basis)
    check_number(said["distance_m"], hit.distance_m, 2)
    check_number(said.get("along_m"), hit.along_m, 2)
    bearing = None if hit.bearing_deg is None else round(hit.bearing_deg, 1) % 360
    check_number(said["bearing_deg"], bearing, 1)
    if said["snapshot"] is not None:
        check_number(said["snapshot"]["age_s"], hit.age_s, 3)
    if said["footage"] is not None:
        until = None if hit.overwrite_us is None else instant(hit.overwrite_us)
        written = said["footage"]["overwrite_at"]
        assert written is None or written.endswith("Z")
        assert (None if written is None else datetime.fromisoformat(written)) == until
        covers = said["footage"]["covers"]
        check_number(None if covers is None else covers["seconds"], hit.covered_s, 3)


def check_number(written: float | None, value: float | None, places: int) -> None:
    """Rounded to so many decimal places."""
    if value is None or written is None:
        assert written is value
    else:
        assert abs(written - value) <= 0.5001 * 10**-places
