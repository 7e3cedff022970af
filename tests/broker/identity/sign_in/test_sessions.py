"""A browser's session: begun by signing in, changed at every sign-in, and over at once where anybody ends it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from broker.agencies.models import Role
from broker.http.browser import SESSION_COOKIE
from broker.identifiers import token_hash
from broker.ledger import tables
from tests.broker.identity.browsers import Browser, actions, give_password
from tests.world import NOW, SignedIn, TestBroker

PURPOSE = {"Entrevue-Purpose": "judicial_inquiry"}


@pytest.fixture
async def officer(broker: TestBroker) -> SignedIn:
    added = await broker.officer("rail", Role.OPERATOR)
    await give_password(broker, added, "test.rail")
    return added


@pytest.fixture
async def browser(broker: TestBroker, officer: SignedIn) -> Browser:
    signed_in = Browser(broker.http)
    answer = await signed_in.sign_in("test.rail")
    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/signin")
    return signed_in


async def me(browser: Browser) -> tuple[int, str]:
    """Status, and who calls or why not."""
    answer = await browser.call("GET", "/v1/me")
    body = answer.json()
    return answer.status_code, body["id"] if answer.is_success else body["code"]


async def test_a_browser_that_signed_in_is_the_officer_and_searches_as_them(
    browser: Browser, officer: SignedIn
) -> None:
    assert await me(browser) == (200, officer.id)
    found = await browser.call("GET", "/v1/cameras", headers=PURPOSE)
    assert {camera["id"] for camera in found.json()["features"]} == {"rail-cctv:r1", "rail-cctv:r2"}


async def test_the_cookie_is_the_hosts_own_and_no_script_reads_it(
    broker: TestBroker, officer: SignedIn
) -> None:
    answer = await Browser(broker.http).sign_in("test.rail")
    (cookie,) = answer.headers.get_list("set-cookie")
    name_and_value, *attributes = cookie.split("; ")
    assert name_and_value.startswith("__Host-entrevue=ens_")
    assert {one.lower() for one in attributes} == {
        "httponly",
        "secure",
        "samesite=lax",
        "path=/",
        "max-age=43200",
    }


async def test_the_ledger_has_only_the_cookies_hash(broker: TestBroker, browser: Browser) -> None:
    rows = await broker.broker.ledger.read(lambda c: c.execute(select(tables.sessions)).mappings().all())
    assert browser.session is not None
    assert [row["cookie_hash"] for row in rows] == [token_hash(browser.session)]
    assert browser.session not in str(rows)


async def test_a_cookie_that_somebody_planted_is_worth_nothing_after_the_sign_in(
    broker: TestBroker, browser: Browser
) -> None:
    planted = browser.session
    assert planted is not None
    victim = Browser(broker.http, {SESSION_COOKIE: planted})
    await victim.sign_in("test.rail")
    assert victim.session not in (None, planted)
    assert await me(Browser(broker.http, {SESSION_COOKIE: planted})) == (401, "session_invalid")
    unknown = Browser(broker.http, {SESSION_COOKIE: "ens_made-up"})
    await unknown.sign_in("test.rail")
    assert unknown.session != "ens_made-up"
    assert await me(unknown) == await me(victim)


async def test_a_cookie_replayed_after_signing_out_is_refused(broker: TestBroker, browser: Browser) -> None:
    stolen = dict(browser.cookies)
    answer = await browser.call("POST", "/auth/signout", data={"csrf": await browser.word()})
    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/signin")
    assert browser.session is None
    assert await me(Browser(broker.http, stolen)) == (401, "session_invalid")
    assert ("sign_out", "allowed") in await actions(broker)


async def test_a_stolen_cookie_ends_with_the_officers_revocation_also_where_it_is_recalled(
    broker: TestBroker, browser: Browser, officer: SignedIn
) -> None:
    search = ("GET", "/v1/cameras")
    assert (await browser.call(*search, headers=PURPOSE)).status_code == 200
    administrator = await broker.officer("rail", Role.ADMINISTRATOR)
    address = f"/v1/officers/{officer.id}/tokens"
    assert (await broker.http.delete(address, headers=administrator.headers())).status_code == 204
    assert (await browser.call(*search, headers=PURPOSE)).json()["code"] == "session_invalid"
    assert await me(browser) == (401, "session_invalid")


async def test_an_administrator_ends_sessions_and_leaves_tokens(
    broker: TestBroker, browser: Browser, officer: SignedIn
) -> None:
    foreign = await broker.officer("metro", Role.ADMINISTRATOR)
    own = await broker.officer("rail", Role.ADMINISTRATOR)
    address = f"/v1/officers/{officer.id}/sessions"
    assert (await broker.http.delete(address, headers=foreign.headers())).status_code == 404
    assert (await broker.http.delete(address, headers=officer.headers())).status_code == 403
    assert await me(browser) == (200, officer.id)
    assert (await broker.http.delete(address, headers=own.headers())).status_code == 204
    assert await me(browser) == (401, "session_invalid")
    assert (await officer.get("/v1/me")).status_code == 200


async def test_end_all_ends_every_session_of_the_officers_and_nobody_elses(
    broker: TestBroker, browser: Browser
) -> None:
    second, stranger = Browser(broker.http), Browser(broker.http)
    await second.sign_in("test.rail")
    other = await broker.officer("metro", Role.OPERATOR)
    await give_password(broker, other, "test.metro")
    await stranger.sign_in("test.metro")
    assert (await second.change("DELETE", "/v1/me/sessions")).status_code == 204
    assert [(await me(one))[0] for one in (browser, second, stranger)] == [401, 401, 200]


async def test_a_session_that_nobody_uses_is_over_and_one_that_is_used_is_not(
    broker: TestBroker, browser: Browser
) -> None:
    for _ in range(4):
        broker.clock.advance(minutes=20)
        assert (await me(browser))[0] == 200
    broker.clock.advance(minutes=30)
    assert await me(browser) == (401, "session_invalid")


async def test_a_session_is_over_after_its_longest_time_however_it_is_used(
    broker: TestBroker, browser: Browser
) -> None:
    for _ in range(35):
        broker.clock.advance(minutes=20)
        assert (await me(browser))[0] == 200
    broker.clock.advance(minutes=20)
    assert await me(browser) == (401, "session_invalid")


async def test_a_session_ends_with_the_designation(broker: TestBroker) -> None:
    short = await broker.officer("rail", Role.OPERATOR, until=NOW + timedelta(minutes=10))
    await give_password(broker, short, "short")
    browser = Browser(broker.http)
    await browser.sign_in("short")
    broker.clock.advance(minutes=9, seconds=59)
    assert (await me(browser))[0] == 200
    broker.clock.advance(seconds=1)
    assert await me(browser) == (401, "session_invalid")


async def test_a_purpose_belongs_to_the_session_it_was_set_in(
    broker: TestBroker, browser: Browser, officer: SignedIn
) -> None:
    second = Browser(broker.http)
    await second.sign_in("test.rail")
    said = await browser.change("PUT", "/v1/me/purpose", {"purpose": "accident", "case_ref": "PV-7"})
    assert said.status_code == 200, said.text
    told = [(await one.call("GET", "/auth/session")).json()["purpose"] for one in (browser, second)]
    assert told == ["accident", None]
    assert (await officer.get("/v1/me", None)).json()["purpose"] is None
    assert (await browser.call("GET", "/v1/cameras")).status_code == 200
    assert (await second.call("GET", "/v1/cameras")).json()["code"] == "purpose_missing"


async def test_of_a_bearer_token_and_a_cookie_the_token_counts(broker: TestBroker, browser: Browser) -> None:
    other = await broker.officer("metro", Role.OPERATOR)
    told = await browser.call("GET", "/v1/me", headers={"Authorization": f"Bearer {other.token}"})
    assert told.json()["id"] == other.id
    for wrong in ("Bearer ent_unknown", "Bearer ", "Basic abc", "x"):
        assert (await browser.call("GET", "/v1/me", headers={"Authorization": wrong})).status_code == 401


async def test_a_sessions_secret_is_no_token_and_a_token_no_session(
    broker: TestBroker, browser: Browser, officer: SignedIn
) -> None:
    as_token = await broker.http.get("/v1/me", headers={"Authorization": f"Bearer {browser.session}"})
    assert as_token.json()["code"] == "token_invalid"
    as_cookie = await Browser(broker.http, {SESSION_COOKIE: officer.token}).call("GET", "/v1/me")
    assert as_cookie.json()["code"] == "token_missing"


@pytest.mark.parametrize(
    "cookie", ["{0}; {0}", "{0}; __Host-entrevue=ens_x", "__Host-entrevue=", "=;;,", "\xff"]
)
async def test_two_cookies_or_broken_ones_are_none(broker: TestBroker, browser: Browser, cookie: str) -> None:
    sent = cookie.format(f"{SESSION_COOKIE}={browser.session}")
    answer = await broker.http.get("/v1/me", headers=[(b"cookie", sent.encode("latin-1"))])
    assert answer.status_code == 401


async def test_the_page_shows_who_is_signed_in_and_lets_them_out_without_a_script(browser: Browser) -> None:
    page = await browser.call("GET", "/auth/signin", headers={"Accept": "text/html"})
    assert "Test rail" in page.text
    assert f'value="{await browser.word()}"' in page.text
    assert "<script" not in page.text
