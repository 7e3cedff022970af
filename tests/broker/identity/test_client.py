"""Calls to a provider end in time, are bounded, follow nothing, and go nowhere unguarded."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from broker.errors import Problem
from broker.identity import client
from broker.identity.client import ANSWER_BYTES, ProviderClient, check_address

Handler = httpx.MockTransport


async def told(
    transport: httpx.AsyncBaseTransport, address: str = "https://login.test/x"
) -> str | dict[str, object]:
    """The answer, or why there is none."""
    calls = ProviderClient(transport)
    try:
        return await calls.get(address)
    except Problem as problem:
        return problem.code
    finally:
        await calls.aclose()


def answering(status: int, **more: object) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(status, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("transport", "code"),
    [
        (answering(500), "provider_unavailable"),
        (answering(503, json={}), "provider_unavailable"),
        (answering(302, headers={"location": "https://evil.test/"}), "sign_in_refused"),
        (answering(400, json={"error": "invalid_grant"}), "sign_in_refused"),
        (answering(200, text="<html>"), "provider_unavailable"),
        (answering(200, json=["x"]), "provider_unavailable"),
        (answering(200, content=b"\xff\xfe"), "provider_unavailable"),
        (answering(200, content=b"[" * 5000), "provider_unavailable"),
        (answering(200, content=b'"' + b"x" * ANSWER_BYTES + b'"'), "provider_unavailable"),
    ],
)
async def test_an_answer_that_is_none_is_told_by_whose_fault(
    transport: httpx.MockTransport, code: str
) -> None:
    assert await told(transport) == code


async def test_a_good_answer_is_read_and_a_redirect_not_followed() -> None:
    assert await told(answering(200, json={"a": 1})) == {"a": 1}
    asked = []

    def redirect(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(307, headers={"location": "http://169.254.169.254/"})

    await told(httpx.MockTransport(redirect))
    assert asked == ["login.test"]


class Endless(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield b" "


async def test_an_answer_that_trickles_is_ended_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "CALL_S", 0.05)
    monkeypatch.setattr(client, "ANSWER_BYTES", 10**12)
    assert await told(httpx.MockTransport(lambda request: httpx.Response(200, stream=Endless()))) == (
        "provider_unavailable"
    )


async def test_nobody_who_listens_is_told_as_out_of_reach() -> None:
    calls = ProviderClient()
    with pytest.raises(Problem) as refused:
        await calls.get("http://127.0.0.1:1/")
    await calls.aclose()
    assert (refused.value.code, refused.value.retry_after_s) == ("provider_unavailable", 5)


@pytest.mark.parametrize(
    "address",
    [
        "https://login.test/x",
        "https://10.0.0.1:8443/x",
        "http://127.0.0.1:3000/x",
        "http://localhost/x",
        "http://[::1]:1/x",
    ],
)
def test_https_and_this_machine_are_called(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://login.test/",
        "http://127.0.0.1.evil.test/",
        "http://2130706433/",
        "ftp://127.0.0.1/",
        "https://",
        "https://a@b/",
        "https://x:99999/",
        "http://[::1/",
        "",
    ],
)
def test_everything_else_is_not(address: str) -> None:
    with pytest.raises(Problem, match="not https"):
        check_address(address)
