"""The faulty server passes on what the recorder says, and plays each fault so that a plain client sees it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from adapters.conformance.faults.listener import FaultyServer
from adapters.conformance.faults.models import GARBAGE, RETRY_AFTER_S, STATUSES, Fault
from adapters.conformance.faults.server import faulty_server, tls_server
from tests.adapters.transport.servers import Asked, ScriptedServer, answer, serving

LONG = b"0123456789" * 100


async def _recorder(asked: Asked, writer: asyncio.StreamWriter) -> None:
    host = asked.headers["host"]
    bodies = {
        "/media": f'{{"uri": "rtsp://127.0.0.1:554/a", "clip": "http://{host}/c"}}'.encode(),
        "/long": LONG,
    }
    path = asked.line.split(" ")[1]
    body = bodies.get(path, asked.body)
    writer.write(answer(401 if path == "/locked" else 200, body, Content_Type="application/x", X_Asked=path))


@pytest.fixture
async def recorder() -> AsyncIterator[ScriptedServer]:
    async with serving(_recorder) as server:
        yield server


@pytest.fixture
async def faulty(recorder: ScriptedServer) -> AsyncIterator[FaultyServer]:
    async with faulty_server(recorder.url) as server:
        yield server


@pytest.fixture
async def client(faulty: FaultyServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=faulty.address, timeout=1, trust_env=False) as opened:
        yield opened


async def test_without_a_fault_it_says_what_the_recorder_says(
    faulty: FaultyServer, client: httpx.AsyncClient
) -> None:
    for number in range(20):
        given = await client.post("/x?a=1", content=f"body {number}".encode())
        assert (given.status_code, given.content) == (200, f"body {number}".encode())
        assert given.headers["x-asked"] == "/x?a=1"
    assert [exchange.request.target for exchange in faulty.asked] == ["/x?a=1"] * 20


async def test_addresses_of_the_recorder_become_its_own(
    faulty: FaultyServer, client: httpx.AsyncClient
) -> None:
    assert (await client.get("/media")).json()["clip"] == f"{faulty.address}/c"


@pytest.mark.parametrize("fault", sorted(STATUSES))
async def test_it_refuses_with_the_faults_status(
    faulty: FaultyServer, client: httpx.AsyncClient, fault: Fault
) -> None:
    await faulty.use(fault)
    given = await client.get("/x")
    assert given.status_code == STATUSES[fault]
    assert given.headers.get("retry-after") == (str(RETRY_AFTER_S) if fault is Fault.THROTTLED else None)


async def test_an_outage_refuses_connections_until_it_ends(
    faulty: FaultyServer, client: httpx.AsyncClient
) -> None:
    await client.get("/x")
    await faulty.use(Fault.OUTAGE)
    await faulty.until_unconnected()
    with pytest.raises(httpx.ConnectError):
        await client.get("/x")
    await faulty.use(Fault.NONE)
    assert (await client.get("/x")).status_code == 200


@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.STALL])
async def test_it_falls_silent(faulty: FaultyServer, client: httpx.AsyncClient, fault: Fault) -> None:
    await faulty.use(fault)
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/long", timeout=0.1)
    await faulty.until_unconnected()


async def test_it_breaks_off(faulty: FaultyServer, client: httpx.AsyncClient) -> None:
    await faulty.use(Fault.BREAK_OFF)
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/long")


async def test_it_answers_garbage_under_the_recorders_own_type(
    faulty: FaultyServer, client: httpx.AsyncClient
) -> None:
    await faulty.use(Fault.MALFORMED)
    given = await client.get("/long")
    assert (given.content, given.headers["content-type"]) == (GARBAGE, "application/x")


@pytest.mark.parametrize(("fault", "at_least"), [(Fault.OVERSIZED, 20_000_000), (Fault.DRIP, 3)])
async def test_it_goes_on_and_on(
    faulty: FaultyServer, client: httpx.AsyncClient, fault: Fault, at_least: int
) -> None:
    await faulty.use(fault)
    read = 0
    async with client.stream("GET", "/long") as given:
        async for chunk in given.aiter_raw():
            read += len(chunk)
            if read >= at_least:
                break
    assert read >= at_least
    await faulty.until_unconnected()


async def test_a_refusal_of_the_recorder_itself_is_not_spoiled(
    faulty: FaultyServer, client: httpx.AsyncClient
) -> None:
    await faulty.use(Fault.MALFORMED)
    assert (await client.get("/locked")).status_code == 401


async def test_it_leads_elsewhere_by_redirects_and_by_addresses(
    faulty: FaultyServer, client: httpx.AsyncClient
) -> None:
    await faulty.use(Fault.REDIRECT_ELSEWHERE)
    with pytest.raises(httpx.TransportError):
        await client.get("/x", follow_redirects=True)
    assert faulty.elsewhere.visits == 1
    await faulty.use(Fault.ADDRESSES_ELSEWHERE)
    told = (await client.get("/media")).json()
    there = faulty.elsewhere.address.partition("://")[2]
    assert told == {"uri": f"rtsp://{there}/a", "clip": f"http://{there}/c"}
    assert faulty.addresses_replaced == 2


async def test_its_certificate_is_trusted_by_its_file_only(recorder: ScriptedServer, tmp_path: Path) -> None:
    async with tls_server(recorder.url, tmp_path) as (server, trusted):
        async with httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=trusted), trust_env=False
        ) as client:
            assert (await client.get(f"{server.address}/x")).status_code == 200
        async with httpx.AsyncClient(trust_env=False) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"{server.address}/x")


async def test_waiting_for_what_does_not_come_ends(
    faulty: FaultyServer, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.conformance.faults.listener.PATIENCE_S", 0.05)
    with pytest.raises(TimeoutError):
        await faulty.until_asked()
    await client.get("/x")
    await faulty.until_asked()
    with pytest.raises(TimeoutError):
        await faulty.until_unconnected()
