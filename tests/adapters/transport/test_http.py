"""Calls stay on the configured host, end in time, are bounded, and fail in the words of the contract."""

import asyncio
import gzip
from contextlib import aclosing
from pathlib import Path

import pytest

from adapters.contract.errors import (
    AdapterError,
    Malformed,
    Misconfigured,
    NotFound,
    Refused,
    Throttled,
    TimedOut,
    TooLarge,
    TryLater,
    Unreachable,
)
from adapters.transport.http import path_segment
from tests.adapters.transport.servers import Asked, answer, answering, client_of, serving

JSON = {"Content_Type": "application/json"}


async def test_a_call_sends_what_was_asked_and_gives_the_answer() -> None:
    async with (
        serving(answering(answer(200, b'{"a": 1}', **JSON))) as server,
        client_of(server.url + "/api/") as client,
    ):
        given = await client.post(
            "/cameras", params={"q": "été & co"}, json={"b": [2]}, headers={"X-Token": "t"}
        )
        assert given.json() == {"a": 1}
        (asked,) = server.asked
        assert asked.line.split(" ")[:2] == ["POST", "/api/cameras?q=%C3%A9t%C3%A9+%26+co"]
        assert (asked.body, asked.headers["x-token"]) == (b'{"b":[2]}', "t")
        assert asked.headers["content-type"] == "application/json"
        assert asked.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("given", "error", "delay_s"),
    [
        (answer(401), Refused, None),
        (answer(403), Refused, None),
        (answer(404), NotFound, None),
        (answer(410), NotFound, None),
        (answer(400), Misconfigured, None),
        (answer(429), Throttled, None),
        (answer(429, Retry_After="7"), Throttled, 7.0),
        (answer(429, Retry_After="Mon, 15 Jun 2026 12:00:30 GMT"), Throttled, 30.0),
        (answer(429, Retry_After="Mon, 15 Jun 2026 11:00:00 GMT"), Throttled, 0.0),
        (answer(429, Retry_After="99999999999999999999"), Throttled, 86400.0),
        (answer(429, Retry_After="soon"), Throttled, None),
        (answer(503, Retry_After="2"), Throttled, 2.0),
        (answer(503), TryLater, None),
        (answer(500), TryLater, None),
        (answer(504), TimedOut, None),
        (b"no http at all\r\n\r\n", Malformed, None),
        (answer(200, b"{}", Content_Encoding="gzip", **JSON), Malformed, None),
    ],
)
async def test_an_answer_that_is_no_success_says_what_to_do(
    given: bytes, error: type[AdapterError], delay_s: float | None
) -> None:
    async with serving(answering(given)) as server, client_of(server.url) as client:
        with pytest.raises(error) as raised:
            await client.get("/x", params={"token": "hunter2"})
        assert type(raised.value) is error
        assert raised.value.retry_after_s == delay_s
        assert "hunter2" not in raised.value.message


async def test_a_status_that_the_caller_expects_is_given_to_it() -> None:
    fault = answering(answer(500, b"<fault/>", Content_Type="text/xml"))
    async with serving(fault) as server, client_of(server.url) as client:
        given = await client.get("/x", also_statuses=frozenset({500}))
        assert (given.status, given.xml().tag) == (500, "fault")


async def test_a_port_where_nothing_listens_is_unreachable() -> None:
    async with serving(answering(answer(200))) as server:
        url = server.url
    async with client_of(url) as client:
        with pytest.raises(Unreachable):
            await client.get("/x")


async def test_a_connection_that_breaks_off_is_unreachable() -> None:
    async def hang_up(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        await writer.drain()
        writer.close()

    async with serving(hang_up) as server, client_of(server.url) as client:
        with pytest.raises(Unreachable, match="broke off"):
            await client.get("/x")


async def _silence(_asked: Asked, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _drip(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def test_silence_is_timed_out() -> None:
    async with serving(_silence) as server, client_of(server.url, read_timeout_s=0.1) as client:
        with pytest.raises(TimedOut):
            await client.get("/x")


async def test_an_answer_that_drips_is_timed_out_although_each_piece_is_in_time() -> None:
    async with (
        serving(_drip) as server,
        client_of(server.url, read_timeout_s=5, call_timeout_s=0.2) as client,
    ):
        with pytest.raises(TimedOut, match="complete"):
            await client.get("/x")
        async with asyncio.timeout(5):
            await server.idle.wait()


@pytest.mark.parametrize(
    "given",
    [
        answer(200, b"x" * 2000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + b"x" * 2000 + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    ],
)
async def test_more_than_the_bound_is_too_large(given: bytes) -> None:
    async with serving(answering(given)) as server, client_of(server.url) as client:
        with pytest.raises((TooLarge, Malformed)) as raised:
            await client.get("/x", max_bytes=1000)
        assert isinstance(raised.value, TooLarge) or b"9999" in given


async def test_a_redirect_on_the_host_is_followed_and_one_that_leads_elsewhere_is_refused() -> None:
    async with serving(answering(answer(200, b"stolen"))) as elsewhere:
        home = answering(
            answer(302, Location="/b"), answer(200, b"{}", **JSON), answer(302, Location=elsewhere.url)
        )
        async with serving(home) as server, client_of(server.url) as client:
            assert (await client.get("/a")).json() == {}
            with pytest.raises(Misconfigured, match="redirected to"):
                await client.get("/a")
            assert elsewhere.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirected_order_is_refused_also_on_the_host(status: int) -> None:
    async with serving(answering(answer(status, Location="/b"))) as server, client_of(server.url) as client:
        with pytest.raises(Misconfigured):
            await client.post("/a", json={})
        assert len(server.asked) == 1


async def test_redirects_in_a_circle_end() -> None:
    async with serving(answering(answer(302, Location="/a"))) as server, client_of(server.url) as client:
        with pytest.raises(Malformed, match="redirected more than"):
            await client.get("/a")


@pytest.mark.parametrize(
    "address",
    [
        "https://{host}/a",
        "http://127.0.0.1:9/a",
        "//evil.example/a",
        "http://{host}@evil.example/a",
        "file:///etc/x",
    ],
)
async def test_an_address_elsewhere_is_refused_before_it_is_called(address: str) -> None:
    async with serving(answering(answer(200))) as server, client_of(server.url) as client:
        with pytest.raises(Malformed):
            await client.get(address.format(host=f"127.0.0.1:{server.port}"))
        assert server.asked == []


async def test_a_whole_address_on_the_host_is_called_without_the_user_in_it() -> None:
    async with serving(answering(answer(200, b"x"))) as server, client_of(server.url + "/zm") as client:
        address = f"http://user:hunter2@127.0.0.1:{server.port}/clip.mp4"
        assert "hunter2" not in client.locate(address)
        await client.get(address)
        assert server.asked[0].line.startswith("GET /clip.mp4 ")
        assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_leads_out_of_its_path_is_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        path_segment(name)


def test_a_name_is_one_segment() -> None:
    assert path_segment("a/b ?é") == "a%2Fb%20%3F%C3%A9"


async def test_no_more_calls_than_allowed_run_at_once() -> None:
    running, most = 0, 0
    release = asyncio.Event()
    two = asyncio.Event()

    async def count(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 2:
            two.set()
        await release.wait()
        running -= 1
        writer.write(answer(200))

    async with serving(count) as server, client_of(server.url, max_concurrent_calls=2) as client:
        calls = [asyncio.ensure_future(client.get("/x")) for _ in range(6)]
        await two.wait()
        release.set()
        await asyncio.gather(*calls)
    assert most == 2


async def test_cancelling_a_call_closes_its_connection() -> None:
    async with serving(_silence) as server, client_of(server.url) as client:
        call = asyncio.ensure_future(client.get("/x"))
        while not server.asked:
            await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        async with asyncio.timeout(5):
            await server.idle.wait()


async def test_an_unplanned_exception_is_not_renamed() -> None:
    async with serving(answering(answer(200))) as server, client_of(server.url) as client:
        with pytest.raises(TypeError):
            await client.get("/x", headers={"a": object()})


async def test_compressed_content_that_was_not_asked_for_is_not_unpacked() -> None:
    bomb = answering(answer(200, gzip.compress(b" " * 10_000_000), Content_Encoding="gzip", **JSON))
    async with (
        serving(bomb) as server,
        client_of(server.url) as client,
        aclosing(client.download("/x")) as chunks,
    ):
        with pytest.raises(Malformed, match="compressed"):
            await anext(chunks)


async def test_a_file_of_authorities_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="ca_file"):
        async with client_of("https://127.0.0.1:1", tmp_path, ca_file="gone.pem"):
            pass
