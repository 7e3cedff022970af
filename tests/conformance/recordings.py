"""Two small films on each of two cameras, as the harnesses of recorders have them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.conformance.harness import KnownFootage, Situation
from adapters.contract.models import Interval
from broker.demo.film import FILE_NAME
from tests.adapters.folder.recordings import write_recording

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
AUTUMN = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
"""Half past two in Paris, for the first time; an hour later it is half past two again."""
FILM = timedelta(seconds=2.5)
CAMERAS = ("quai-1", "quai-2")


def films_of(situation: Situation) -> tuple[Interval, ...]:
    if situation is Situation.REPEATED_HOUR:
        starts = [AUTUMN, AUTUMN + timedelta(hours=1)]
    else:
        starts = [NOW - timedelta(hours=1), NOW - timedelta(hours=1) + timedelta(seconds=10)]
    return tuple(Interval(start=start, end=start + FILM) for start in starts)


def record(recordings: Path, films: tuple[Interval, ...]) -> None:
    for camera in CAMERAS:
        for film in films:
            write_recording(recordings / camera / film.start.strftime(FILE_NAME))


def known(films: tuple[Interval, ...], cameras: tuple[str, ...] = CAMERAS) -> tuple[KnownFootage, ...]:
    asked = Interval(start=films[0].start, end=films[-1].end + timedelta(seconds=5))
    return tuple(KnownFootage(camera, asked, films) for camera in cameras)
