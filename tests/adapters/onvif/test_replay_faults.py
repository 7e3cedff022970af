"""What a replay raises when the recorder's RTSP server misbehaves while its services are well."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from adapters.conformance.faults.listener import FaultyServer
from adapters.conformance.faults.models import RETRY_AFTER_S, Fault
from adapters.conformance.faults.server import faulty_server
from adapters.contract.errors import (
    AdapterError,
    Malformed,
    Misconfigured,
    Refused,
    Throttled,
    TimedOut,
    TooLarge,
    TryLater,
    Unreachable,
)
from adapters.contract.models import FootageMessage, SegmentData
from adapters.onvif.adapter import OnvifAdapter
from tests.adapters.onvif.recorders import HISTORY, adapter_for, order, recording


@asynccontextmanager
async def behind_a_faulty_server(
    recordings: Path, folder: Path
) -> AsyncIterator[tuple[FaultyServer, OnvifAdapter]]:
    async with (
        recording(order(recordings)) as device,
        faulty_server(f"rtsp://127.0.0.1:{device.rtsp_port}") as server,
        adapter_for(
            device,
            folder,
            behind_nat=True,
            rtsp_port=int(server.address.rpartition(":")[2]),
            connect_timeout_s=2,
            read_timeout_s=2,
            silence_timeout_s=1,
        ) as adapter,
    ):
        yield server, adapter


async def footage(adapter: OnvifAdapter) -> list[FootageMessage]:
    return [message async for message in adapter.open_footage("platform", HISTORY)]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.OUTAGE, Unreachable),
        (Fault.SILENCE, TimedOut),
        (Fault.BREAK_OFF, Unreachable),
        (Fault.STALL, TimedOut),
        (Fault.UNAUTHORIZED, Refused),
        (Fault.FORBIDDEN, Refused),
        (Fault.THROTTLED, Throttled),
        (Fault.FAILING, TryLater),
        (Fault.UNAVAILABLE, TryLater),
        (Fault.MALFORMED, Malformed),
        (Fault.OVERSIZED, TooLarge),
        (Fault.DRIP, TimedOut),
        (Fault.REDIRECT_ELSEWHERE, Misconfigured),
    ],
)
async def test_each_fault_is_told_as_what_it_is(
    recordings: Path, tmp_path: Path, fault: Fault, kind: type[AdapterError]
) -> None:
    async with behind_a_faulty_server(recordings, tmp_path) as (server, adapter):
        await server.use(fault)
        with pytest.raises(kind) as raised:
            await footage(adapter)
        assert server.elsewhere.visits == 0
        if kind is Throttled:
            assert raised.value.retry_after_s == RETRY_AFTER_S


async def test_without_a_fault_the_whole_comes_through(recordings: Path, tmp_path: Path) -> None:
    async with behind_a_faulty_server(recordings, tmp_path) as (server, adapter):
        assert any(isinstance(message, SegmentData) for message in await footage(adapter))
        await server.until_unconnected()


async def test_footage_that_is_left_early_leaves_no_connection(recordings: Path, tmp_path: Path) -> None:
    async with behind_a_faulty_server(recordings, tmp_path) as (server, adapter):
        opened = cast("AsyncGenerator[FootageMessage, None]", adapter.open_footage("platform", HISTORY))
        async with aclosing(opened) as messages:
            await anext(messages)
            assert server.open_connections == 1
        await server.until_unconnected()
