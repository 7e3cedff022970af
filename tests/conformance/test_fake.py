"""The recorder in memory that other tests rely on keeps what real adapters keep."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.harness import Harness, KnownFootage, Site, Situation, Truth
from adapters.conformance.running import applying, run_check, wrong_excuses
from adapters.conformance.table import Check
from adapters.contract.capabilities import Capability
from adapters.contract.models import (
    CameraRecord,
    CameraStatus,
    HealthEvent,
    Interval,
    Position,
    Rejection,
    Stream,
)
from adapters.contract.protocol import AdapterContext, Manifest
from tests.world import NOW, FakeRecorder

CAPABILITIES = frozenset(Capability)
FILM_S = 4
STARTS = [NOW - timedelta(hours=1), NOW - timedelta(hours=1) + timedelta(seconds=10)]
FILMS = tuple(Interval(start=start, end=start + timedelta(seconds=FILM_S)) for start in STARTS)
CAMERAS = [
    CameraRecord(
        native_id=name,
        name=name,
        position=Position(lat=48.88, lon=2.35),
        streams=(Stream(codec="h264", width=64, height=48, fps=10),),
    )
    for name in ("a", "b")
]
SIGNAL_LOST = HealthEvent(native_id="b", at=NOW, status=CameraStatus.DOWN, reason="signal lost")
BAD = Rejection(where="row 3", reason="lat is no number")


@asynccontextmanager
async def open_fake(situation: Situation, _folder: Path) -> AsyncIterator[Site]:
    offset_ms = 90_000.0 if situation is Situation.CLOCK_AHEAD else 0.0
    recorder = FakeRecorder(
        cameras=[*CAMERAS, BAD],
        footage={each.native_id: STARTS for each in CAMERAS},
        capabilities=CAPABILITIES,
        clock_offset_ms=offset_ms,
        film_s=FILM_S,
    )
    recorder.health.put_nowait(SIGNAL_LOST)
    asked = Interval(start=FILMS[0].start, end=FILMS[-1].end + timedelta(seconds=5))
    yield Site(
        options={"recorder": recorder},
        base_dir=Path(),
        now=NOW,
        truth=Truth(
            native_ids=frozenset(each.native_id for each in CAMERAS),
            footage=tuple(KnownFootage(each.native_id, asked, FILMS) for each in CAMERAS),
            snapshot_times={each.native_id: STARTS[-1] for each in CAMERAS},
            clock_offset_ms=offset_ms,
            health=("b", CameraStatus.DOWN),
        ),
    )


def create(options: dict[str, Any], _context: AdapterContext) -> FakeRecorder:
    found: FakeRecorder = options["recorder"]
    return found


HARNESS = Harness(
    create=create,
    manifest=Manifest(name="fake", summary="In memory", capabilities=CAPABILITIES),
    open=open_fake,
    expected=Path(__file__).with_name("fake.expected.jsonl"),
    area=(2.2, 48.8, 2.45, 48.92),
    situations=frozenset({Situation.ONE_BAD_RECORD, Situation.CLOCK_AHEAD, Situation.HEALTH_CHANGES}),
    excuses=dict.fromkeys(
        ("times_told_in_the_recorders_zone_are_right", "both_passes_of_the_repeated_hour_are_told_apart"),
        "its films are instants, not times of a zone",
    ),
    planted_at="tests.world:FakeRecorder._called",
)


@pytest.mark.parametrize("check", applying(HARNESS), ids=lambda check: check.name)
async def test_it_keeps(check: Check, tmp_path: Path) -> None:
    await run_check(check, HARNESS, tmp_path)


def test_it_excuses_nothing_in_vain() -> None:
    assert wrong_excuses(HARNESS) == []
