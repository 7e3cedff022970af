"""A recorder that takes a call and never answers it: the wait ends, says so, and takes no lane from the others."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.contract.errors import TimedOut
from adapters.contract.models import (
    CameraRecord,
    FootageMessage,
    HoldOrder,
    Interval,
    PlaceRecord,
    Position,
    Rejection,
    SegmentStart,
)
from broker.agencies.models import Role
from broker.ingest.recorder import Recorder
from broker.settings.sections import NetworkSettings
from tests.broker.catalog.waiting import until
from tests.world import LAST_MINUTES, FakeRecorder, camera, open_test_broker, settings

NETWORK = NetworkSettings(id="net", agency="rail", adapter="any")
ANSWER_S = 0.05
ORDER = HoldOrder(key="k", native_id="c", interval=LAST_MINUTES)


class Silent(FakeRecorder):
    """Says nothing; `given_up` counts the calls that were ended."""

    given_up = 0

    async def _nothing(self, *_: Any) -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up += 1

    read_clock = take_snapshot = list_spans = place_hold = release_hold = _nothing

    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        yield SegmentStart(name="1", container="mp4", starts_at=interval.start, valid=interval)
        await self._nothing()

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        yield camera("c")
        await self._nothing()

    async def list_places(self) -> AsyncIterator[PlaceRecord | Rejection]:
        yield PlaceRecord(native_id="p", name="Place", position=Position(lat=48.88, lon=2.35))
        await self._nothing()


async def _all(records: AsyncIterator[object]) -> list[object]:
    return [record async for record in records]


async def _footage(recorder: Recorder) -> list[FootageMessage]:
    return [message async for message in recorder.footage("c", LAST_MINUTES, None)]


@pytest.mark.parametrize(
    "ask",
    [
        lambda recorder: recorder.with_clock(),
        lambda recorder: recorder.snapshot("c"),
        lambda recorder: recorder.spans("c", LAST_MINUTES),
        lambda recorder: recorder.place_hold(ORDER),
        lambda recorder: recorder.release_hold("k"),
        _footage,
        lambda recorder: _all(recorder.cameras()),
        lambda recorder: _all(recorder.places()),
    ],
    ids=["clock", "snapshot", "spans", "place_hold", "release_hold", "footage", "cameras", "places"],
)
async def test_every_question_that_is_not_answered_in_time_is_timed_out_and_ended(
    ask: Callable[[Recorder], Awaitable[object]],
) -> None:
    adapter = Silent()
    with pytest.raises(TimedOut, match=r"network net did not answer within 0\.05 s"):
        async with asyncio.timeout(10):
            await ask(Recorder(NETWORK, adapter, ANSWER_S))
    assert adapter.given_up == 1


async def test_a_slow_transfer_that_goes_on_is_not_timed_out() -> None:
    class Steady(FakeRecorder):
        async def open_footage(self, *_: Any) -> AsyncIterator[FootageMessage]:
            for n in range(8):
                await asyncio.sleep(ANSWER_S / 4)  # what a slow line does; two limits in all
                yield SegmentStart(
                    name=str(n), container="mp4", starts_at=LAST_MINUTES.start, valid=LAST_MINUTES
                )

    assert len(await _footage(Recorder(NETWORK, Steady(), ANSWER_S))) == 8


async def test_a_network_that_falls_silent_while_it_lists_keeps_what_was_known_and_says_so(
    tmp_path: Path, redis: Redis
) -> None:
    configured = settings(tmp_path, recorder_answer_s=ANSWER_S)
    async with open_test_broker(tmp_path, redis, configuration=configured) as broker:
        await broker.synchronise()
        silent = Silent()
        broker.rail.list_cameras = silent.list_cameras  # type: ignore[method-assign]  # it went silent since
        async with asyncio.timeout(10):
            report = await broker.broker.ingest.synchronise("rail-cctv")
        assert report.error == "timed_out: network rail-cctv did not answer within 0.05 s"
        assert silent.given_up == 1
        operator = await broker.officer("police", Role.OPERATOR)
        assert (await operator.get("/v1/cameras/rail-cctv:r1")).status_code == 200


async def test_a_list_that_nobody_reads_to_its_end_is_closed() -> None:
    closed = []

    class Endless(FakeRecorder):
        async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
            try:
                for n in itertools.count():
                    yield camera(str(n))
            finally:
                closed.append(True)

    async with aclosing(Recorder(NETWORK, Endless(), ANSWER_S).cameras()) as records:
        async for _ in records:
            break
    assert closed == [True]


async def test_a_silent_recorder_leaves_the_lanes_to_the_others(tmp_path: Path, redis: Redis) -> None:
    """More orders for it than there are lanes, and then one for a recorder that answers."""
    configured = settings(tmp_path, recorder_answer_s=ANSWER_S)
    async with open_test_broker(tmp_path, redis, configuration=configured) as broker:
        await broker.synchronise()
        operator = await broker.officer("police", Role.OPERATOR)
        silent = Silent()
        broker.rail.place_hold = silent.place_hold  # type: ignore[method-assign]  # it went silent since

        async def order(camera_id: str) -> None:
            body = {"camera_ids": [camera_id], "interval": str(LAST_MINUTES), "reason": "Seen"}
            assert (await operator.post("/v1/holds", body)).status_code == 201

        for _ in range(6):
            await order("rail-cctv:r1")
        await order("metro-cctv:m1")

        async def held() -> dict[str, list[dict[str, Any]]]:
            found: dict[str, list[dict[str, Any]]] = {}
            for hold in (await operator.get("/v1/holds")).json()["holds"]:
                found.setdefault(hold["camera_id"], []).append(hold["held"])
            return found

        async def all_were_tried() -> bool:
            tried = await held()
            reasons = [hold["state_reason"] for hold in tried["rail-cctv:r1"]]
            return tried["metro-cctv:m1"][0]["state"] == "held" and None not in reasons

        working = asyncio.create_task(broker.broker.worker.run())
        await until(all_were_tried)
        working.cancel()
        await asyncio.wait({working})
        reasons = {hold["state_reason"] for hold in (await held())["rail-cctv:r1"]}
        assert reasons == {"network rail-cctv did not answer within 0.05 s"}
        assert silent.given_up >= 6
