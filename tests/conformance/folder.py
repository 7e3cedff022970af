"""The harnesses of `folder`: small recordings made on the spot, in each layout, beside the lists of fixtures/folder."""

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
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


@dataclass(frozen=True)
class Recorder:
    """How a recorder names its files: for each of its cameras, the first file and the second, as strftime has it."""

    names: Mapping[str, tuple[str, str]]
    cameras: str = "cameras.csv"
    options: Mapping[str, Any] = field(default_factory=dict)
    is_in_utc: bool = False


def both(name: str) -> dict[str, tuple[str, str]]:
    """One name for every file of the two cameras of cameras.csv."""
    return {camera: (name.format(camera=camera),) * 2 for camera in ("quai-1", "quai-2")}


@asynccontextmanager
async def open_folder(recorder: Recorder, situation: Situation, folder: Path) -> AsyncIterator[Site]:
    local = situation in {Situation.LOCAL_ZONE, Situation.REPEATED_HOUR}
    zone = ZoneInfo("Europe/Paris" if local else "UTC")
    if situation is Situation.REPEATED_HOUR:
        starts = [AUTUMN, AUTUMN + timedelta(hours=1, seconds=10)]
    else:
        starts = [NOW - timedelta(hours=1), NOW - timedelta(hours=1) + timedelta(seconds=10)]
    films = tuple(Interval(start=start, end=start + FILE) for start in starts)
    for names in recorder.names.values():
        for name, film in zip(names, films, strict=True):
            path = write_recording(folder / "recordings" / film.start.astimezone(zone).strftime(name))
            os.utime(path, (film.end.timestamp(), film.end.timestamp()))
    shutil.copy(FIXTURES / recorder.cameras, folder)
    asked = Interval(start=films[0].start, end=films[-1].end + timedelta(seconds=5))
    yield Site(
        options={
            "recordings": "recordings",
            "cameras": recorder.cameras,
            "holds": "holds",
            "clock_offset_ms": CLOCK_OFFSET_MS,
            **({} if recorder.is_in_utc else {"timezone": zone.key}),
            **recorder.options,
        },
        base_dir=folder,
        now=NOW,
        truth=Truth(
            native_ids=frozenset(recorder.names),
            footage=tuple(KnownFootage(camera, asked, films) for camera in recorder.names),
            snapshot_times=dict.fromkeys(recorder.names, films[-1].start + LAST_KEY_FRAME),
            clock_offset_ms=CLOCK_OFFSET_MS,
        ),
    )


HARNESS = Harness(
    create=create,
    manifest=MANIFEST,
    open=partial(open_folder, Recorder(both("{camera}/%Y-%m-%d_%H-%M-%S-%f.mp4"))),
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
MEDIAMTX = {"layout": "mediamtx"}
ZONEMINDER_NAMES = {
    "1": ("1/%y/%m/%d/%H/%M/%S/7-video.mp4", "1/%Y-%m-%d/8/8-video.mp4"),
    "2": ("2/9/9-video.mkv", "2/%Y-%m-%d/10/10-video.h264.mp4"),
}
NAMED_IN_UTC = {
    "times_told_in_the_recorders_zone_are_right": "Frigate names its files in UTC, whatever its zone",
    "both_passes_of_the_repeated_hour_are_told_apart": "Frigate names its files in UTC, where no hour repeats",
}
FURTHER = {
    "folder-mediamtx-ts": replace(
        HARNESS,
        open=partial(open_folder, Recorder(both("{camera}/%Y-%m-%d_%H-%M-%S-%f.ts"), options=MEDIAMTX)),
    ),
    "folder-mediamtx-avi": replace(
        HARNESS,
        open=partial(open_folder, Recorder(both("{camera}/%Y-%m-%d_%H-%M-%S-%f.avi"), options=MEDIAMTX)),
    ),
    "folder-frigate": replace(
        HARNESS,
        open=partial(
            open_folder,
            Recorder(both("%Y-%m-%d/%H/{camera}/%M.%S.mp4"), options={"layout": "frigate"}, is_in_utc=True),
        ),
        situations=HARNESS.situations - {Situation.LOCAL_ZONE, Situation.REPEATED_HOUR},
        excuses=NAMED_IN_UTC,
    ),
    "folder-zoneminder": replace(
        HARNESS,
        open=partial(
            open_folder, Recorder(ZONEMINDER_NAMES, "monitors.csv", options={"layout": "zoneminder"})
        ),
        expected=FIXTURES / "monitors.expected.jsonl",
    ),
}
