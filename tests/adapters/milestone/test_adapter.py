"""The adapter against a simulated API Gateway over HTTP."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.contract.capabilities import Capability
from adapters.contract.errors import NotFound, NotSupported, Refused
from adapters.contract.models import CameraRecord, CameraStatus, HoldOrder, Interval
from broker.demo.milestone import camera_id
from tests.adapters.milestone.network import (
    HALL,
    OTHERS,
    PASSWORD,
    QUAY,
    Running,
    cameras_of,
    holds_of,
    running,
)

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
HOUR = Interval(start=NOON, end=NOON + timedelta(hours=1))


async def test_cameras_stand_and_look_where_they_are_drawn(tmp_path: Path) -> None:
    async with running(QUAY, HALL) as server, server.adapter(tmp_path) as adapter:
        records, rejected = await cameras_of(adapter)
    assert rejected == []
    assert records == {
        "Quai 1": CameraRecord(
            native_id=camera_id("quai-1"), name="Quai 1", position=QUAY.position, views=QUAY.views
        ),
        "Hall 2": CameraRecord(native_id=camera_id("hall-2"), name="Hall 2", tags=("not recorded",)),
    }
    assert records["Quai 1"].status is CameraStatus.UNKNOWN


async def test_every_page_is_read_once(tmp_path: Path) -> None:
    async with running(*OTHERS) as server, server.adapter(tmp_path) as adapter:
        records, _ = await cameras_of(adapter)
    assert len(records) == 230
    assert server.asked("/cameras") == 3


async def test_footage_pictures_and_the_clock_are_not_offered(tmp_path: Path) -> None:
    async with running(QUAY) as server, server.adapter(tmp_path) as adapter:
        assert adapter.capabilities == {Capability.HOLD}
        with pytest.raises(NotSupported):
            await adapter.list_spans(camera_id("quai-1"), HOUR)
        with pytest.raises(NotSupported):
            [each async for each in adapter.open_footage(camera_id("quai-1"), HOUR)]
        with pytest.raises(NotSupported):
            await adapter.take_snapshot(camera_id("quai-1"))


def order(key: str, camera: str = "quai-1") -> HoldOrder:
    return HoldOrder(key=key, native_id=camera_id(camera), interval=HOUR)


@pytest.mark.parametrize("lists_locks", [True, False])
async def test_a_hold_is_a_lock_until_it_is_released(tmp_path: Path, lists_locks: bool) -> None:
    async with running(QUAY, lists_locks=lists_locks) as server:
        async with server.adapter(tmp_path) as adapter:
            placed = await adapter.place_hold(order("case-1"))
            assert placed.held == (HOUR,) and placed.handle == "case-1"
            other = await adapter.place_hold(order("case-2"))
        (lock, _) = server.simulated.locks.values()
        assert lock["reference"] == "entrevue case-1"
        assert lock["devicePaths"] == [{"type": "cameras", "id": camera_id("quai-1")}]
        assert (lock["startTime"], lock["endTime"]) == ("2026-06-15T12:00:00Z", "2026-06-15T13:00:00Z")
        assert lock["retentionOption"] == {"retentionType": "Indefinite", "retentionUnits": -1}
        async with server.adapter(tmp_path) as restarted:
            assert await restarted.place_hold(order("case-1")) == placed
            assert await holds_of(restarted) == {"case-1": placed, "case-2": other}
            await restarted.release_hold("case-1")
            await restarted.release_hold("case-1")
            assert await holds_of(restarted) == {"case-2": other}
        assert [each["reference"] for each in server.simulated.locks.values()] == ["entrevue case-2"]


async def test_a_lock_that_an_operator_released_is_placed_again(tmp_path: Path) -> None:
    async with running(QUAY, lists_locks=False) as server, server.adapter(tmp_path) as adapter:
        await adapter.place_hold(order("case-1"))
        server.simulated.locks.clear()
        assert await holds_of(adapter) == {}
        await adapter.place_hold(order("case-1"))
        assert len(server.simulated.locks) == 1


async def test_an_operators_own_locks_are_left_alone(tmp_path: Path) -> None:
    async with running(QUAY) as server, server.adapter(tmp_path) as adapter:
        server.simulated.locks["other"] = {"id": "other", "reference": "Incident 7", "startTime": "?"}
        assert await holds_of(adapter) == {}
        await adapter.release_hold("other")
        assert "other" in server.simulated.locks


async def test_an_unknown_camera_is_not_found(tmp_path: Path) -> None:
    async with running(QUAY) as server, server.adapter(tmp_path) as adapter:
        for unknown in ("nobody", ".."):
            with pytest.raises(NotFound):
                await adapter.place_hold(HoldOrder(key="a", native_id=unknown, interval=HOUR))
        assert server.simulated.locks == {}


def signed_in(server: Running) -> int:
    return server.asked("/connect/token")


async def test_a_token_is_renewed_before_it_ends_and_when_it_is_forgotten(tmp_path: Path) -> None:
    async with running(QUAY) as server, server.adapter(tmp_path) as adapter:
        await cameras_of(adapter)
        server.clock.advance(minutes=50)
        await cameras_of(adapter)
        assert signed_in(server) == 1
        server.clock.advance(minutes=6)
        await cameras_of(adapter)
        assert signed_in(server) == 2
        server.simulated.tokens.clear()
        records, _ = await cameras_of(adapter)
        assert signed_in(server) == 3 and len(records) == 1


async def test_a_wrong_password_is_refused_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wr0ng")
    async with running(QUAY) as server:
        async with server.adapter(tmp_path, password={"file": "wrong"}) as adapter:
            with pytest.raises(Refused) as refused:
                await cameras_of(adapter)
            assert "wr0ng" not in f"{refused.value} {vars(adapter)!r}"
        async with server.adapter(tmp_path) as adapter:
            await cameras_of(adapter)
            assert PASSWORD not in repr(vars(adapter))
            assert not any(token in repr(vars(adapter)) for token in server.simulated.tokens)
