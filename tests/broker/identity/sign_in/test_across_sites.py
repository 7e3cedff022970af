"""What another site's page makes a browser send changes nothing here."""

from typing import Any

import pytest

from broker.agencies.models import Role
from broker.http.browser import CSRF_HEADER, csrf_word
from tests.broker.identity.browsers import ORIGIN, PASSWORD, Browser, actions, give_password
from tests.world import TestBroker

EVIL = "https://evil.test"
PURPOSE = {"purpose": "accident"}


@pytest.fixture
async def browser(broker: TestBroker) -> Browser:
    await give_password(broker, await broker.officer("rail", Role.OPERATOR), "test.rail")
    signed_in = Browser(broker.http)
    await signed_in.sign_in("test.rail")
    return signed_in


async def set_purpose(
    browser: Browser, headers: dict[str, str], origin: str | None
) -> tuple[int, str | None]:
    answer = await browser.call("PUT", "/v1/me/purpose", json=PURPOSE, headers=headers, origin=origin)
    return answer.status_code, answer.json().get("code")


@pytest.mark.parametrize(
    ("origin", "more"),
    [
        (EVIL, {}),
        ("null", {}),
        ("http://127.0.0.1.evil.test", {}),
        ("https://127.0.0.1:8080", {}),
        ("http://127.0.0.1:9", {}),
        (None, {}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
        (None, {"Sec-Fetch-Site": "same-site"}),
        (None, {"Sec-Fetch-Site": "none"}),
        (ORIGIN, {"Sec-Fetch-Site": "cross-site"}),
    ],
)
async def test_the_right_word_from_a_wrong_place_is_refused_and_recorded(
    broker: TestBroker, browser: Browser, origin: str | None, more: dict[str, str]
) -> None:
    headers = {CSRF_HEADER: await browser.word(), **more}
    assert await set_purpose(browser, headers, origin) == (403, "cross_site")
    assert (await actions(broker))[-1] == ("call_across_sites", "denied")
    assert (await browser.call("GET", "/v1/me")).json()["purpose"] is None


@pytest.mark.parametrize("origin", [ORIGIN, None])
async def test_the_right_word_from_the_right_place_passes(browser: Browser, origin: str | None) -> None:
    headers = {CSRF_HEADER: await browser.word(), "Sec-Fetch-Site": "same-origin"}
    assert await set_purpose(browser, headers, origin) == (200, None)


@pytest.mark.parametrize("word", [None, "", "0" * 64, "é", "other"])
async def test_from_the_right_place_a_wrong_word_is_refused(
    broker: TestBroker, browser: Browser, word: str | None
) -> None:
    if word == "other":
        other = Browser(broker.http)
        await other.sign_in("test.rail")
        word = await other.word()
    headers = {} if word is None else {CSRF_HEADER: word}
    answer = await browser.call(
        "PUT",
        "/v1/me/purpose",
        json=PURPOSE,
        headers={k: v.encode() for k, v in headers.items()},  # type: ignore[misc]
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


async def test_every_route_that_changes_something_refuses_the_cookie_alone(
    broker: TestBroker, browser: Browser
) -> None:
    document: Any = (await broker.http.get("/openapi.json")).json()
    unsafe = [
        (method.upper(), path)
        for path, found in document["paths"].items()
        for method in found
        if method not in ("get", "head") and path.startswith("/v1/")
    ]
    assert len(unsafe) > 15
    for method, path in unsafe:
        answer = await browser.call(method, path, json={}, origin=EVIL)
        assert answer.json()["code"] == "cross_site", f"{method} {path}: {answer.text}"


async def test_a_bearer_call_needs_neither(broker: TestBroker) -> None:
    officer = await broker.officer("rail", Role.OPERATOR)
    headers = officer.headers(None, Origin=EVIL)
    answer = await broker.http.put("/v1/me/purpose", json=PURPOSE, headers=headers)
    assert answer.status_code == 200


async def test_nobody_is_signed_in_or_out_by_another_site(broker: TestBroker, browser: Browser) -> None:
    fresh = Browser(broker.http)
    assert (await fresh.sign_in("test.rail", origin=EVIL)).json()["code"] == "cross_site"
    assert fresh.session is None
    for origin, word in ((EVIL, await browser.word()), (ORIGIN, "wrong"), (ORIGIN, "")):
        answer = await browser.call("POST", "/auth/signout", data={"csrf": word}, origin=origin)
        assert answer.json()["code"] == "cross_site", (origin, word)
    assert (await browser.call("GET", "/v1/me")).status_code == 200
    form = {"code": "enc_x", "password": PASSWORD}
    answer = await browser.call("POST", "/auth/password", data=form, origin=EVIL)
    assert answer.json()["code"] == "cross_site"


def test_the_word_tells_nothing_of_the_secret_and_is_the_sessions_own() -> None:
    words = {csrf_word(secret) for secret in ("ens_a", "ens_b")}
    assert len(words) == 2
    assert all("ens" not in word and len(word) == 64 for word in words)
