"""Signing in at a real OpenID provider, a process of its own: who is designated comes in, everybody else does not."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from redis.asyncio import Redis

from broker.agencies.models import Role
from broker.clock import SystemClock
from broker.http.browser import SIGN_IN_COOKIE
from broker.identifiers import RandomIdentifiers
from broker.settings.sections import IdentityProviderSettings
from broker.settings.values import Secret
from tests.broker.identity.browsers import ORIGIN, Browser, actions
from tests.identity_provider.process import CLIENT_ID, CLIENT_SECRET, RealProvider, run_provider
from tests.world import StandingClock, TestBroker, open_test_broker, settings

PERSON = {
    "name": "Test Provided",
    "department": "Tests",
    "employee_number": "P-1",
    "organisation": "DGPN",
    "groups": ["video-operators", "printers"],
}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProvider]:
    with run_provider(tmp_path_factory.mktemp("provider") / "errors") as running:
        running.set_client(ORIGIN)
        yield running


@pytest.fixture
async def broker(
    real: RealProvider,
    tmp_path: Path,
    redis: Redis,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[TestBroker]:
    """Its provider designates, unless a test says otherwise."""
    secret = tmp_path / "secret"
    secret.write_text(CLIENT_SECRET)
    monkeypatch.setattr("tests.world.NumberedIdentifiers.secret", RandomIdentifiers.secret)
    ministry = IdentityProviderSettings(
        id="ministry",
        name="Ministry",
        issuer=real.issuer,
        client_id=CLIENT_ID,
        client_secret=Secret(file=secret),
        designates=getattr(request, "param", True),
        agency_claim="organisation",
        agencies={"DGPN": "police", "RAIL": "rail"},
        role_claim="groups",
        roles={"video-operators": ("operator",), "video-investigators": ("investigator", "operator")},
    )
    clock = StandingClock(SystemClock().now())
    configured = settings(tmp_path / "data").model_copy(update={"identity_provider": (ministry,)})
    async with open_test_broker(tmp_path / "data", redis, configuration=configured, clock=clock) as opened:
        await opened.synchronise()
        yield opened


async def at_provider(begun: httpx.Response) -> str:
    """Where the provider sends the browser back to, below the broker."""
    address = begun.headers["location"]
    async with httpx.AsyncClient() as web:
        while not address.startswith(ORIGIN):
            answer = await web.get(address)
            assert answer.is_redirect, answer.text
            address = str(answer.url.join(answer.headers["location"]))
    return address.removeprefix(ORIGIN)


async def signed_in(browser: Browser) -> httpx.Response:
    """The broker's answer to a browser that comes back."""
    begun = await browser.call("GET", "/auth/signin/ministry")
    assert begun.status_code == 303, begun.text
    return await browser.call("GET", await at_provider(begun))


async def outcome(broker: TestBroker) -> tuple[int, str | None]:
    """Of a new browser: status, and the code where it is refused."""
    answer = await signed_in(Browser(broker.http))
    return answer.status_code, None if answer.status_code == 303 else answer.json()["code"]


async def officer_at(browser: Browser) -> dict[str, object]:
    return dict((await browser.call("GET", "/v1/me")).json())


async def test_whom_the_claims_name_in_full_is_designated_and_signed_in(
    broker: TestBroker, real: RealProvider
) -> None:
    real.set_person("u-full", **PERSON)
    browser = Browser(broker.http)
    answer = await signed_in(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/signin")
    assert SIGN_IN_COOKIE not in browser.cookies
    me = await officer_at(browser)
    told = {
        name: me[name] for name in ("agency", "name", "service", "personnel_number", "roles", "designated")
    }
    assert told == {
        "agency": "police",
        "name": "Test Provided",
        "service": "Tests",
        "personnel_number": "P-1",
        "roles": ["operator"],
        "designated": True,
    }
    again = Browser(broker.http)
    await signed_in(again)
    assert (await officer_at(again))["id"] == me["id"]
    assert ("add_officer", "allowed") in await actions(broker)


@pytest.mark.parametrize("missing", ["name", "department", "employee_number", "organisation", "groups"])
async def test_whom_the_claims_do_not_name_in_full_is_refused_and_recorded(
    broker: TestBroker, real: RealProvider, missing: str
) -> None:
    real.set_person(f"u-no-{missing}", **{name: value for name, value in PERSON.items() if name != missing})
    assert await outcome(broker) == (401, "sign_in_refused")
    assert (await actions(broker))[-1] == ("sign_in", "denied")


@pytest.mark.parametrize(
    "changed",
    [{"organisation": "ELSEWHERE"}, {"groups": ["printers"]}, {"groups": []}, {"name": ""}, {"name": ["x"]}],
    ids=str,
)
async def test_claims_that_are_not_mapped_give_nothing(
    broker: TestBroker, real: RealProvider, changed: dict[str, object]
) -> None:
    real.set_person(f"u-{sorted(changed)}-{changed}", **(PERSON | changed))
    assert await outcome(broker) == (401, "sign_in_refused")


async def test_a_designation_by_claims_ends_by_time_and_with_the_claims(
    broker: TestBroker, real: RealProvider
) -> None:
    real.set_person("u-brief", **PERSON)
    browser = Browser(broker.http)
    await signed_in(browser)
    real.set_person("u-brief", **(PERSON | {"groups": ["video-investigators"]}))
    await signed_in(Browser(broker.http))
    assert (await officer_at(browser))["roles"] == ["investigator", "operator"]
    real.set_person("u-brief", **(PERSON | {"groups": []}))
    assert await outcome(broker) == (401, "sign_in_refused")
    assert (await browser.call("GET", "/v1/me")).json()["designated"] is False
    answer = await browser.call("GET", "/v1/cameras", headers={"Entrevue-Purpose": "public_safety"})
    assert answer.json()["code"] == "not_designated"


async def test_a_person_who_moved_to_another_agency_is_not_taken_along(
    broker: TestBroker, real: RealProvider
) -> None:
    real.set_person("u-moved", **PERSON)
    assert (await outcome(broker))[0] == 303
    real.set_person("u-moved", **(PERSON | {"organisation": "RAIL"}))
    assert await outcome(broker) == (401, "sign_in_refused")


@pytest.mark.parametrize("broker", [False], indirect=True)
async def test_where_the_provider_does_not_designate_only_bound_officers_come_in(
    broker: TestBroker, real: RealProvider
) -> None:
    real.set_person("u-bound", **PERSON)
    assert await outcome(broker) == (401, "sign_in_refused")
    until = broker.clock.now() + timedelta(hours=1)
    officer = await broker.officer("rail", Role.CUSTODIAN, until=until)
    body = {"provider": "ministry", "subject": "u-bound"}
    own, foreign = [await broker.officer(agency, Role.ADMINISTRATOR) for agency in ("rail", "metro")]
    address = f"/v1/officers/{officer.id}/subjects"
    answers = [(await one.post(address, body)).status_code for one in (officer, foreign, own, own)]
    assert answers == [403, 404, 204, 409]
    assert (await own.post(address, body | {"provider": "elsewhere"})).status_code == 404
    browser = Browser(broker.http)
    assert (await signed_in(browser)).status_code == 303
    me = await officer_at(browser)
    assert (me["id"], me["roles"], me["agency"]) == (officer.id, ["custodian"], "rail")
    broker.clock.advance(hours=1)
    assert await outcome(broker) == (401, "sign_in_refused")


async def test_keys_that_change_on_the_running_provider_are_followed(
    broker: TestBroker, real: RealProvider
) -> None:
    real.set_person("u-keys", **PERSON)
    assert (await outcome(broker))[0] == 303
    real.rotate_keys()
    assert (await outcome(broker))[0] == 303
    real.rotate_keys()
    assert await outcome(broker) == (401, "sign_in_refused")
    broker.clock.advance(seconds=30)
    assert (await outcome(broker))[0] == 303


async def test_a_sign_in_belongs_to_its_browser_and_is_used_once(
    broker: TestBroker, real: RealProvider
) -> None:
    real.set_person("u-once", **PERSON)
    victim, thief = Browser(broker.http), Browser(broker.http)
    begun = await victim.call("GET", "/auth/signin/ministry")
    back = await at_provider(begun)
    await thief.call("GET", "/auth/signin/ministry")
    for browser, path in ((thief, back), (Browser(broker.http), back)):
        answer = await browser.call("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")
        assert browser.session is None
    cookie = dict(victim.cookies)
    assert (await victim.call("GET", back)).status_code == 303
    assert (await Browser(broker.http, cookie).call("GET", back)).status_code == 401


@pytest.mark.parametrize("change", ["state", "code", "iss", "late"])
async def test_what_comes_back_changed_or_late_is_refused(
    broker: TestBroker, real: RealProvider, change: str
) -> None:
    real.set_person("u-changed", **PERSON)
    browser = Browser(broker.http)
    back = urlsplit(await at_provider(await browser.call("GET", "/auth/signin/ministry")))
    query = {name: values[0] for name, values in parse_qs(back.query).items()}
    if change == "late":
        broker.clock.advance(minutes=10)
    else:
        query[change] = "https://evil.test" if change == "iss" else "another"
    answer = await browser.call("GET", back.path, params=query)
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")
    assert browser.session is None


async def test_a_person_who_refuses_at_the_provider_is_told_so(broker: TestBroker) -> None:
    browser = Browser(broker.http)
    begun = await browser.call("GET", "/auth/signin/ministry")
    (state,) = parse_qs(urlsplit(begun.headers["location"]).query)["state"]
    query = {"error": "access_denied", "state": state}
    answer = await browser.call(
        "GET", "/auth/callback/ministry", params=query, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text


async def test_signing_out_ends_the_session_here_and_leads_on_to_the_provider(
    broker: TestBroker, real: RealProvider
) -> None:
    real.set_person("u-out", **PERSON)
    browser = Browser(broker.http)
    await signed_in(browser)
    stolen = dict(browser.cookies)
    answer = await browser.call("POST", "/auth/signout", data={"csrf": await browser.word()})
    target = answer.headers["location"]
    assert target.startswith(real.issuer)
    assert parse_qs(urlsplit(target).query)["post_logout_redirect_uri"] == [f"{ORIGIN}/auth/signin"]
    async with httpx.AsyncClient() as web:
        assert (await web.get(target)).status_code == 200  # it asks whether to sign out there as well
    assert (await Browser(broker.http, stolen).call("GET", "/v1/me")).status_code == 401


async def test_an_unknown_provider_is_not_there(broker: TestBroker) -> None:
    for path in ("/auth/signin/elsewhere", "/auth/callback/elsewhere?state=a&code=b"):
        assert (await Browser(broker.http).call("GET", path)).status_code == 404
