"""The harness of `mediamtx`: the simulated server of the demo over small recordings, in two pages of paths."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from adapters.conformance.harness import Harness, Pages, Site, Situation, Truth
from adapters.mediamtx.adapter import create
from adapters.mediamtx.manifest import MANIFEST
from broker.demo.mediamtx import MediaMtxSetup, SimulatedMediaMtx
from broker.demo.serving import served
from tests.conformance.recordings import CAMERAS, NOW, films_of, known, record
from tests.servers.altered import Altered, Change

FIXTURES = Path(__file__).parents[2] / "fixtures" / "mediamtx"
PASSWORD = "s3cret/p@ss:wörd"
SILENT = tuple(f"depot/{number:03d}" for number in range(104))
"""With the two that record more than one page holds."""
LISTING = "/v3/paths/list"


def _one_bad(page: dict[str, Any]) -> dict[str, Any]:
    bad = {"name": "", "online": "perhaps"}
    return {**page, "items": [bad, *page["items"][1:]]} if page["items"] else page


class _FirstForEver:
    """Answers the first page whatever is asked."""

    def __init__(self) -> None:
        self._first: dict[str, Any] | None = None

    def __call__(self, page: dict[str, Any]) -> dict[str, Any]:
        self._first = self._first or page
        return self._first


def _short(page: dict[str, Any]) -> dict[str, Any]:
    return {**page, "itemCount": page["itemCount"] + 3}


def _changes(situation: Situation) -> Mapping[str, Change]:
    changes: dict[Situation, Change] = {
        Situation.ONE_BAD_RECORD: _one_bad,
        Situation.REPEATED_PAGE: _FirstForEver(),
        Situation.TRUNCATED_LISTING: _short,
    }
    return {LISTING: changes[situation]} if situation in changes else {}


@asynccontextmanager
async def open_mediamtx(situation: Situation, folder: Path) -> AsyncIterator[Site]:
    films = films_of(situation)
    record(folder / "recordings", films)
    (folder / "password").write_text(PASSWORD)
    (folder / "cameras.csv").write_bytes((FIXTURES / "cameras.csv").read_bytes())
    local = situation in {Situation.LOCAL_ZONE, Situation.REPEATED_HOUR}
    simulated = SimulatedMediaMtx(
        MediaMtxSetup(
            recordings=folder / "recordings",
            delete_after=timedelta(days=3),
            now=lambda: films[-1].end + timedelta(seconds=5),
            paths=SILENT,
            zone=ZoneInfo("Europe/Paris" if local else "UTC"),
            password=PASSWORD,
        )
    )
    async with (
        served(Altered(simulated.control, _changes(situation))) as control,
        served(simulated.playback) as playback,
    ):
        yield Site(
            options={
                "url": control,
                "playback_url": playback,
                "username": "entrevue",
                "password": {"file": "password"},
                "auth": "basic",
                "cameras": "cameras.csv",
            },
            base_dir=folder,
            addresses=(control, playback),
            secrets=(PASSWORD,),
            now=NOW,
            truth=Truth(
                native_ids=frozenset({*CAMERAS, *SILENT}),
                footage=known(films),
                pages=Pages(f"{LISTING}?", 2),
            ),
        )


HARNESS = Harness(
    create=create,
    manifest=MANIFEST,
    open=open_mediamtx,
    expected=FIXTURES / "cameras.expected.jsonl",
    area=(2.2, 48.8, 2.45, 48.92),
    over_network=True,
    situations=frozenset(
        {
            Situation.ONE_BAD_RECORD,
            Situation.REPEATED_PAGE,
            Situation.TRUNCATED_LISTING,
            Situation.LOCAL_ZONE,
            Situation.REPEATED_HOUR,
        }
    ),
)
