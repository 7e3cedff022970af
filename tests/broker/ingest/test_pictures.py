"""The latest picture of each camera is in the vault, small, with the recorder's own time; a bad one is told."""

from dataclasses import dataclass, field
from datetime import timedelta

import cv2
import numpy as np
import pytest

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, NotFound, Unreachable
from adapters.contract.models import Instant, Snapshot
from broker.agencies.models import Role
from broker.catalog.models import Camera, SnapshotReference
from broker.errors import Problem
from tests.world import NOW, FakeRecorder, TestBroker, camera, grey_jpeg

IDENTIFIER = "rail-cctv:c"
ADDRESS = f"/v1/cameras/{IDENTIFIER}/snapshot"


def jpeg(level: int, width: int = 64) -> bytes:
    return bytes(cv2.imencode(".jpg", np.full((48, width, 3), level, np.uint8))[1])


@dataclass
class PictureRecorder(FakeRecorder):
    """Gives the picture that it is given."""

    picture: bytes | AdapterError = field(default_factory=grey_jpeg)
    taken_at: Instant | None = NOW - timedelta(seconds=7)

    async def take_snapshot(self, native_id: str) -> Snapshot:
        self._called("take_snapshot", Capability.SNAPSHOT)
        if isinstance(self.picture, AdapterError):
            raise self.picture
        return Snapshot(
            native_id=native_id, captured_at=self.taken_at, media_type="image/jpeg", data=self.picture
        )


@pytest.fixture
async def recorder(broker: TestBroker) -> PictureRecorder:
    """The railway's recorder has one camera with pictures and no footage."""
    recorder = PictureRecorder(
        cameras=[camera("c")], capabilities=frozenset({Capability.SNAPSHOT, Capability.CLOCK})
    )
    broker.broker.recorders.get("rail-cctv")._adapter = recorder
    await broker.believed("rail-cctv")
    return recorder


async def shown(broker: TestBroker) -> Camera:
    (found,) = await broker.broker.catalog.cameras([IDENTIFIER])
    return found


async def reference(broker: TestBroker) -> SnapshotReference:
    snapshot = (await shown(broker)).snapshot
    assert snapshot is not None
    return snapshot


async def test_the_latest_picture_alone_is_kept_and_shown_with_the_recorders_time(
    broker: TestBroker, recorder: PictureRecorder
) -> None:
    recorder.picture, recorder.taken_at = jpeg(200), NOW + timedelta(seconds=50)
    recorder.clock_offset_ms = 3000
    broker.clock.advance(seconds=60)
    await broker.synchronise()
    officer = await broker.officer("police", Role.OPERATOR)
    answer = await officer.get(ADDRESS)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["entrevue-captured-at"] == "2026-06-15T12:00:47Z"
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None and abs(int(picture[20, 20]) - 200) < 5
    facts = (await officer.get(f"/v1/cameras/{IDENTIFIER}")).json()["properties"]["snapshot"]
    assert (facts["captured_at"], facts["age_s"]) == ("2026-06-15T12:00:47Z", 13.0)
    assert facts["href"] == ADDRESS
    assert len([p for p in broker.broker.vault._folder.rglob("*") if "%3Ac.jpg" in p.name]) == 1


async def test_a_picture_of_unknown_time_is_said_to_be_so(
    broker: TestBroker, recorder: PictureRecorder
) -> None:
    recorder.taken_at = None
    await broker.synchronise()
    officer = await broker.officer("police", Role.OPERATOR)
    assert "entrevue-captured-at" not in (await officer.get(ADDRESS)).headers
    facts = (await officer.get(f"/v1/cameras/{IDENTIFIER}")).json()["properties"]["snapshot"]
    assert facts["captured_at"] is facts["age_s"] is None


async def test_the_same_picture_again_changes_nothing(broker: TestBroker, recorder: PictureRecorder) -> None:
    before = await reference(broker)
    broker.clock.advance(seconds=60)
    report = await broker.believed("rail-cctv")
    assert report.changed == 0
    assert await reference(broker) == before
    recorder.taken_at = NOW
    report = await broker.believed("rail-cctv")
    assert report.changed == 1
    assert (await reference(broker)).captured_at == NOW


async def test_a_picture_that_the_vault_lost_is_put_there_again(
    broker: TestBroker, recorder: PictureRecorder
) -> None:
    await broker.broker.vault.delete((await reference(broker)).vault_key)
    officer = await broker.officer("police", Role.OPERATOR)
    answer = await officer.get(ADDRESS)
    assert (answer.status_code, answer.json()["code"]) == (404, "snapshot_unavailable")
    await broker.believed("rail-cctv")
    assert (await officer.get(ADDRESS)).status_code == 200


@pytest.mark.parametrize(
    "bad",
    [b"", b"GIF89a", grey_jpeg()[:-30], Unreachable("camera offline")],
    ids=["none", "gif", "cut", "error"],
)
async def test_a_bad_picture_is_told_and_the_one_before_is_kept(
    broker: TestBroker, recorder: PictureRecorder, bad: bytes | AdapterError
) -> None:
    before = await reference(broker)
    recorder.picture = bad
    report = await broker.believed("rail-cctv")
    assert (report.error, report.found, report.rejected) == (None, 1, 1)
    assert report.reasons[0].startswith(f"snapshot of {IDENTIFIER}: ")
    assert await reference(broker) == before


async def test_a_camera_without_a_picture_is_no_rejection(
    broker: TestBroker, recorder: PictureRecorder
) -> None:
    recorder.cameras, recorder.picture = [camera("c"), camera("new")], NotFound("nothing recorded")
    report = await broker.believed("rail-cctv")
    assert (report.found, report.rejected) == (2, 0)
    officer = await broker.officer("police", Role.OPERATOR)
    answer = await officer.get("/v1/cameras/rail-cctv:new/snapshot")
    assert (answer.status_code, answer.json()["code"]) == (404, "snapshot_unavailable")


async def test_a_full_vault_costs_the_picture_and_not_the_camera(
    broker: TestBroker, recorder: PictureRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(key: str, data: bytes) -> None:
        raise Problem("storage_full", "the vault is full")

    monkeypatch.setattr(broker.broker.vault, "put_passing", full)
    recorder.cameras, recorder.picture = [camera("c", name="Renamed")], jpeg(10)
    before = await reference(broker)
    report = await broker.believed("rail-cctv")
    assert report.reasons == (f"snapshot of {IDENTIFIER}: the vault is full",)
    assert (await shown(broker)).name == "Renamed"
    assert await reference(broker) == before


async def test_a_picture_is_taken_again_only_when_footage_has_grown(broker: TestBroker) -> None:
    broker.rail.calls.clear()
    await broker.believed("rail-cctv")
    assert "take_snapshot" not in broker.rail.calls
    broker.rail.footage["r1"] = [*broker.rail.footage["r1"], NOW]
    await broker.believed("rail-cctv")
    assert broker.rail.calls.count("take_snapshot") >= 1
