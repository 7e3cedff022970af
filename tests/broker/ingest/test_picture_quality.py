"""Quality is in the catalog and changes with the picture; masks are burned in before anything is kept."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, TryLater
from adapters.contract.models import Instant, Snapshot
from broker.agencies.models import Role
from broker.catalog.models import SnapshotReference
from broker.vault.keys import reference_key, snapshot_key
from tests.broker.snapshots.scenes import Picture, taken, view
from tests.broker.snapshots.test_taking import lid, shifted
from tests.world import NOW, FakeRecorder, TestBroker, camera

IDENTIFIER = "rail-cctv:c"
STREET = view(1)
MASKS = "[cameras.c]\npolygons = [[[0, 0], [0.4, 0], [0.4, 1], [0, 1]]]\n"


@dataclass
class WatchingRecorder(FakeRecorder):
    """Gives what it is told to see, with new noise each time, or an error."""

    sees: Picture | AdapterError = field(default_factory=lambda: STREET)
    jpeg: bytes | None = None
    taken_at: Instant | None = NOW
    turn: int = 0

    async def take_snapshot(self, native_id: str) -> Snapshot:
        self._called("take_snapshot", Capability.SNAPSHOT)
        if isinstance(self.sees, AdapterError):
            raise self.sees
        self.turn += 1
        data = self.jpeg or taken(self.sees, self.turn)
        return Snapshot(native_id=native_id, captured_at=self.taken_at, media_type="image/jpeg", data=data)


@pytest.fixture
async def recorder(broker: TestBroker) -> WatchingRecorder:
    recorder = WatchingRecorder(
        cameras=[camera("c")], capabilities=frozenset({Capability.SNAPSHOT, Capability.CLOCK})
    )
    broker.broker.recorders.get("rail-cctv")._adapter = recorder
    await broker.believed("rail-cctv")
    return recorder


async def after(broker: TestBroker, recorder: WatchingRecorder, rounds: int = 1) -> SnapshotReference:
    for _ in range(rounds):
        broker.clock.advance(seconds=60)
        if recorder.taken_at is not None:
            recorder.taken_at = broker.clock.now()
        await broker.broker.ingest.synchronise("rail-cctv")
    (found,) = await broker.broker.catalog.cameras([IDENTIFIER])
    assert found.snapshot is not None
    return found.snapshot


async def stored(broker: TestBroker) -> Picture:
    data = await broker.broker.vault.get(snapshot_key(IDENTIFIER))
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return np.asarray(found, np.uint8)


def is_masked(picture: Picture) -> bool:
    return bool(np.abs(picture[:, :240].astype(int) - 96).max() <= 2)


def draw_masks(broker: TestBroker, folder: Path, text: str = MASKS) -> None:
    (folder / "masks.toml").write_text(text)
    broker.broker.ingest._gatherer._scenes._files["rail-cctv"] = folder / "masks.toml"


async def test_a_fault_is_shown_with_the_picture_to_whoever_may_see_it(
    broker: TestBroker, recorder: WatchingRecorder
) -> None:
    assert (await after(broker, recorder, 3)).quality == "good"
    recorder.sees = shifted(STREET)
    assert (await after(broker, recorder, 2)).quality == "moved"
    await broker.synchronise()
    officer = await broker.officer("police", Role.OPERATOR)
    feature = (await officer.get(f"/v1/cameras/{IDENTIFIER}")).json()
    assert feature["properties"]["snapshot"]["quality"] == "moved"
    recorder.sees = lid(STREET)
    assert (await after(broker, recorder, 2)).quality == "covered"
    recorder.sees = STREET
    assert (await after(broker, recorder)).quality == "good"


async def test_the_same_bytes_at_a_later_time_are_frozen(
    broker: TestBroker, recorder: WatchingRecorder
) -> None:
    recorder.jpeg = taken(STREET, 99)
    assert (await after(broker, recorder)).quality == "good"
    assert (await after(broker, recorder)).quality == "frozen"


async def test_a_picture_without_a_time_is_frozen_when_it_stays_for_a_quarter_of_an_hour(
    broker: TestBroker, recorder: WatchingRecorder
) -> None:
    recorder.jpeg, recorder.taken_at = taken(STREET, 99), None
    assert (await after(broker, recorder, 15)).quality == "good"
    assert (await after(broker, recorder, 2)).quality == "frozen"
    recorder.jpeg = None
    assert (await after(broker, recorder)).quality == "good"


async def test_a_picture_from_the_future_has_a_wrong_clock(
    broker: TestBroker, recorder: WatchingRecorder
) -> None:
    await after(broker, recorder, 2)
    recorder.taken_at = broker.clock.now() + timedelta(hours=1)
    broker.clock.advance(seconds=60)
    await broker.broker.ingest.synchronise("rail-cctv")
    (found,) = await broker.broker.catalog.cameras([IDENTIFIER])
    assert found.snapshot is not None and found.snapshot.quality == "wrong_clock"


async def test_a_recorder_that_is_minutes_off_has_a_wrong_clock(
    broker: TestBroker, recorder: WatchingRecorder
) -> None:
    recorder.clock_offset_ms = 300_000.0
    assert (await after(broker, recorder)).quality == "wrong_clock"


async def test_masks_are_burned_in_before_anything_is_kept(
    broker: TestBroker, recorder: WatchingRecorder, tmp_path: Path
) -> None:
    draw_masks(broker, tmp_path)
    assert (await after(broker, recorder, 3)).quality == "good"
    assert is_masked(await stored(broker))
    officer = await broker.officer("rail", Role.CUSTODIAN)
    answer = await officer.get(f"/v1/cameras/{IDENTIFIER}/snapshot")
    found = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None and is_masked(np.asarray(found, np.uint8))


async def test_new_masks_hide_the_picture_at_hand_even_while_the_recorder_is_silent(
    broker: TestBroker, recorder: WatchingRecorder, tmp_path: Path
) -> None:
    await after(broker, recorder, 2)
    assert not is_masked(await stored(broker))
    draw_masks(broker, tmp_path)
    recorder.sees = TryLater("the camera is busy")
    before = await after(broker, recorder)
    assert is_masked(await stored(broker))
    assert await after(broker, recorder) == before
    recorder.sees = STREET
    assert (await after(broker, recorder)).quality == "good"


async def test_masks_that_cannot_be_read_stop_new_pictures_and_are_told(
    broker: TestBroker, recorder: WatchingRecorder, tmp_path: Path
) -> None:
    before = await after(broker, recorder)
    draw_masks(broker, tmp_path, "[cameras")
    recorder.sees = lid(STREET)
    assert await after(broker, recorder) == before
    report = await broker.broker.ingest.synchronise("rail-cctv")
    assert report.reasons[0].startswith(f"snapshot of {IDENTIFIER}: the masks in ")


async def test_masks_of_a_camera_that_is_not_listed_are_told(
    broker: TestBroker, recorder: WatchingRecorder, tmp_path: Path
) -> None:
    draw_masks(broker, tmp_path, MASKS + "[cameras.d]\n")
    report = await broker.broker.ingest.synchronise("rail-cctv")
    assert report.reasons == ("masks of rail-cctv: they name 'd', which the network does not list",)


async def test_a_camera_that_is_forgotten_leaves_neither_picture_nor_reference(
    broker: TestBroker, recorder: WatchingRecorder
) -> None:
    await after(broker, recorder, 2)
    vault = broker.broker.vault
    assert await vault.size(reference_key(IDENTIFIER)) > 0
    recorder.cameras = [camera("other")]
    await broker.believed("rail-cctv")
    broker.clock.advance(days=31)
    await broker.broker.ingest.synchronise("rail-cctv")
    left = [file.name for file in vault._folder.rglob("*") if "%3Ac." in file.name]
    assert left == []


async def test_only_the_latest_picture_is_kept(broker: TestBroker, recorder: WatchingRecorder) -> None:
    await after(broker, recorder, 5)
    files = [file for file in broker.broker.vault._folder.rglob("*%3Ac.*") if file.is_file()]
    assert sorted(file.parent.name for file in files) == ["references", "snapshots"]
