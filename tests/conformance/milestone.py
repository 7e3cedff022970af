"""The harness of `milestone`: the simulated gateway of the demo, with two pages of cameras."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.conformance.harness import Harness, KnownFootage, Pages, Site, Situation, Truth
from adapters.contract.models import CameraRecord, Interval, Position, View
from adapters.milestone.adapter import create
from adapters.milestone.manifest import MANIFEST
from broker.demo.milestone import MilestoneSetup, SimulatedMilestone, camera_id
from broker.demo.serving import served
from tests.conformance.recordings import NOW
from tests.servers.altered import Altered, Change

FIXTURES = Path(__file__).parents[2] / "fixtures" / "milestone"
PASSWORD = "s3cret/p@ss:wörd"
LISTING = "/api/rest/v1/cameras"
CAMERAS = (
    CameraRecord(
        native_id="quai-1",
        name="Quai 1",
        position=Position(lat=48.8809, lon=2.3553),
        views=(View(heading_deg=90, fov_deg=45, range_m=30),),
    ),
    CameraRecord(native_id="hall", name="Hall", tags=("not recorded",)),
    *(CameraRecord(native_id=f"depot-{number}", name=f"Dépôt {number}") for number in range(103)),
)


def _one_bad(page: dict[str, Any]) -> dict[str, Any]:
    return {"array": [{"id": "", "displayName": 7}, *page["array"]]}


class _FirstForEver:
    """Answers the first page whatever is asked."""

    def __init__(self) -> None:
        self._first: dict[str, Any] | None = None

    def __call__(self, page: dict[str, Any]) -> dict[str, Any]:
        self._first = self._first or page
        return self._first


def _changes(situation: Situation) -> Mapping[str, Change]:
    changes: dict[Situation, Change] = {
        Situation.ONE_BAD_RECORD: _one_bad,
        Situation.REPEATED_PAGE: _FirstForEver(),
    }
    return {LISTING: changes[situation]} if situation in changes else {}


@asynccontextmanager
async def open_milestone(situation: Situation, folder: Path) -> AsyncIterator[Site]:
    (folder / "password").write_text(PASSWORD)
    simulated = SimulatedMilestone(MilestoneSetup(CAMERAS, lambda: NOW, password=PASSWORD))
    hour = Interval(start=NOW - timedelta(hours=1), end=NOW)
    async with served(Altered(simulated.app, _changes(situation))) as address:
        yield Site(
            options={
                "url": address,
                "username": "entrevue",
                "password": {"file": "password"},
                "auth": "basic",
            },
            base_dir=folder,
            addresses=(address,),
            secrets=(PASSWORD,),
            now=NOW,
            truth=Truth(
                native_ids=frozenset(camera_id(each.native_id) for each in CAMERAS),
                footage=(KnownFootage(camera_id("quai-1"), hour, (hour,)),),
                pages=Pages(f"{LISTING}?", 2),
            ),
        )


HARNESS = Harness(
    create=create,
    manifest=MANIFEST,
    open=open_milestone,
    expected=FIXTURES / "cameras.expected.jsonl",
    area=(2.2, 48.8, 2.45, 48.92),
    over_network=True,
    situations=frozenset({Situation.ONE_BAD_RECORD, Situation.REPEATED_PAGE}),
    excuses={
        "a_truncated_listing_is_reported": "the gateway does not say how many cameras there are: a page that "
        "is not full is its last",
    },
)
