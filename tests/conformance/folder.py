"""The harness of `folder`: small recordings made on the spot, beside the list of fixtures/folder."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from adapters.conformance.harness import Harness, KnownFootage, Site, Situation, Truth
from adapters.contract.models import Interval
from adapters.folder.adapter import create
from adapters.folder.manifest import MANIFEST
from tests.adapters.folder.recordings import write_recording

FIXTURES = Path(__file__).parents[2] / "fixtures" / "folder"
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
AUTUMN = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
"""Half past two in Paris, for the first time; an hour later it is half past two again."""
FILE = timedelta(seconds=2.5)
LAST_KEY_FRAME = timedelta(seconds=2)
CLOCK_OFFSET_MS = -90_000.0


@asynccontextmanager
async def open_folder(situation: Situation, folder: Path) -> AsyncIterator[Site]:
    local = situation in {Situation.LOCAL_ZONE, Situation.REPEATED_HOUR}
    zone = ZoneInfo("Europe/Paris" if local else "UTC")
    if situation is Situation.REPEATED_HOUR:
        starts = [AUTUMN, AUTUMN + timedelta(hours=1, seconds=10)]
    else:
        starts = [NOW - timedelta(hours=1), NOW - timedelta(hours=1) + timedelta(seconds=10)]
    films = tuple(Interval(start=start, end=start + FILE) for start in starts)
    for camera in ("quai-1", "quai-2"):
        for film in films:
            name = film.start.astimezone(zone).strftime("%Y-%m-%d_%H-%M-%S-%f.mp4")
            path = write_recording(folder / "recordings" / camera / name)
            os.utime(path, (film.end.timestamp(), film.end.timestamp()))
    shutil.copy(FIXTURES / "cameras.csv", folder)
    asked = Interval(start=films[0].start, end=films[-1].end + timedelta(seconds=5))
    yield Site(
        options={
            "recordings": "recordings",
            "cameras": "cameras.csv",
            "holds": "holds",
            "timezone": zone.key,
            "clock_offset_ms": CLOCK_OFFSET_MS,
        },
        base_dir=folder,
        now=NOW,
        truth=Truth(
            native_ids=frozenset({"quai-1", "quai-2"}),
            footage=tuple(KnownFootage(camera, asked, films) for camera in ("quai-1", "quai-2")),
            snapshot_times=dict.fromkeys(("quai-1", "quai-2"), films[-1].start + LAST_KEY_FRAME),
            clock_offset_ms=CLOCK_OFFSET_MS,
        ),
    )


HARNESS = Harness(
    create=create,
    manifest=MANIFEST,
    open=open_folder,
    expected=FIXTURES / "cameras.expected.jsonl",
    area=(2.2, 48.8, 2.45, 48.92),
    situations=frozenset(
        {
            Situation.ONE_BAD_RECORD,
            Situation.LOCAL_ZONE,
            Situation.REPEATED_HOUR,
            Situation.CLOCK_AHEAD,
        }
    ),
    planted_at="adapters.folder.archive:Archive.newest",
)
