"""Tokens that officers make for themselves: never wider, never longer, each revoked alone, their last use known."""

from datetime import timedelta
from typing import Any

import pytest

from broker.agencies.models import Role
from tests.broker.identity.browsers import Browser, actions, give_password
from tests.world import NOW, SignedIn, TestBroker


@pytest.fixture
async def officer(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.OPERATOR, Role.CUSTODIAN)


async def made(officer: SignedIn, **body: Any) -> SignedIn:
    """The same officer with a new token."""
    answer = await officer.post("/v1/me/tokens", body)
    assert answer.status_code == 201, answer.text
    return SignedIn(officer.id, answer.json()["token"], officer.http)


async def tokens(officer: SignedIn) -> list[dict[str, Any]]:
    return list((await officer.get("/v1/me/tokens")).json()["tokens"])


async def drop(officer: SignedIn, path: str) -> int:
    return (await officer.http.delete(path, headers=officer.headers())).status_code


async def test_a_token_is_shown_once_and_listed_without_its_secret(officer: SignedIn) -> None:
    answer = await officer.post("/v1/me/tokens", {"name": "map", "scopes": ["search"]})
    secret = answer.json()["token"]
    listed = (await officer.get("/v1/me/tokens")).text
    assert secret.startswith("ent_")
    assert secret not in listed
    assert [(t["name"], t["scopes"]) for t in await tokens(officer)] == [(None, None), ("map", ["search"])]


async def test_a_keyed_call_makes_one_token(officer: SignedIn) -> None:
    answers = [
        await officer.post("/v1/me/tokens", {"scopes": ["search"]}, **{"Idempotency-Key": "k"}) for _ in "ab"
    ]
    first, second = (answer.json() for answer in answers)
    assert (second["id"], second["token"]) == (first["id"], None)
    assert len(await tokens(officer)) == 2


async def test_a_token_never_makes_a_wider_one(broker: TestBroker, officer: SignedIn) -> None:
    narrow = await made(officer, scopes=["search", "decide"])
    for wider in (["search", "requests"], ["requests"], ["snapshots"]):
        answer = await narrow.post("/v1/me/tokens", {"scopes": wider})
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
        assert (await actions(broker))[-1] == ("issue_token", "denied")
    assert await made(await made(narrow), scopes=["search"])
    assert [t["scopes"] for t in await tokens(officer)][1:] == [["decide", "search"]] * 2 + [["search"]]


@pytest.mark.parametrize("scopes", [["admin"], ["audit"], ["search", "admin"], [], ["everything"]])
async def test_a_scope_that_the_roles_give_nothing_for_is_refused(
    officer: SignedIn, scopes: list[str]
) -> None:
    assert (await officer.post("/v1/me/tokens", {"scopes": scopes})).status_code == 422


async def test_a_token_outlives_neither_the_designation_nor_the_token_it_was_made_with(
    broker: TestBroker,
) -> None:
    until = NOW + timedelta(hours=2)
    officer = await broker.officer("rail", Role.OPERATOR, until=until)
    short = await made(officer, until=(NOW + timedelta(hours=1)).isoformat())
    for maker, wanted in ((officer, None), (officer, "2030-01-01T00:00:00Z")):
        await made(maker, until=wanted)
    await made(short, until="2030-01-01T00:00:00Z")
    ends = [token["expires_at"] for token in await tokens(officer)]
    assert ends == ["2026-06-15T14:00:00Z", "2026-06-15T13:00:00Z"] + ["2026-06-15T14:00:00Z"] * 2 + [
        "2026-06-15T13:00:00Z"
    ]
    broker.clock.advance(hours=1)
    assert (await short.get("/v1/me")).status_code == 401
    assert (await officer.get("/v1/me")).status_code == 200


async def test_a_token_of_a_session_outlives_the_session_and_not_the_designation(broker: TestBroker) -> None:
    officer = await broker.officer("rail", Role.OPERATOR, until=NOW + timedelta(days=9))
    await give_password(broker, officer, "test.rail")
    browser = Browser(broker.http)
    await browser.sign_in("test.rail")
    answer = await browser.change("POST", "/v1/me/tokens", {"scopes": ["search"]})
    assert answer.json()["expires_at"] == "2026-06-24T12:00:00Z"


@pytest.mark.parametrize("until", ["2026-06-15T12:00:00Z", "2020-01-01T00:00:00Z"])
async def test_a_token_that_would_be_over_is_refused(officer: SignedIn, until: str) -> None:
    assert (await officer.post("/v1/me/tokens", {"until": until})).json()["code"] == "invalid"


async def test_nobody_says_whose_or_how_the_token_is(officer: SignedIn) -> None:
    for more in ({"officer_id": "off_1"}, {"token": "ent_mine"}, {"id": "tok_1"}, {"used_at": None}):
        assert (await officer.post("/v1/me/tokens", {"name": "x", **more})).status_code == 422


async def test_one_token_is_revoked_and_the_others_stay(broker: TestBroker, officer: SignedIn) -> None:
    second = await made(officer, name="lost")
    (lost,) = [token["id"] for token in await tokens(officer) if token["name"] == "lost"]
    search = "/v1/cameras"
    for _ in range(2):
        assert (await second.get(search)).status_code == 200
    stranger = await broker.officer("rail", Role.OPERATOR)
    assert await drop(stranger, f"/v1/me/tokens/{lost}") == 404
    assert await drop(officer, f"/v1/me/tokens/{lost}") == 204
    assert (await second.get(search)).json()["code"] == "token_invalid"
    assert (await officer.get(search)).status_code == 200
    assert await drop(officer, f"/v1/me/tokens/{lost}") == 404


async def test_an_administrator_sees_and_revokes_those_of_their_agency_only(
    broker: TestBroker, officer: SignedIn
) -> None:
    second = await made(officer, name="lost")
    own, foreign = [await broker.officer(agency, Role.ADMINISTRATOR) for agency in ("rail", "metro")]
    address = f"/v1/officers/{officer.id}/tokens"
    assert (await foreign.get(address)).status_code == 404
    assert (await officer.get(address)).json()["code"] == "role_denied"
    listed = (await own.get(address)).json()["tokens"]
    assert [token["name"] for token in listed] == [None, "lost"]
    path = f"{address}/{listed[1]['id']}"
    assert [await drop(one, path) for one in (foreign, officer, own)] == [404, 403, 204]
    assert (await second.get("/v1/me")).status_code == 401
    elsewhere = f"/v1/officers/{foreign.id}/tokens/{listed[0]['id']}"
    assert await drop(own, elsewhere) == 404
    assert await drop(own, f"/v1/officers/{own.id}/tokens/{listed[0]['id']}") == 404


async def test_the_last_use_is_known_to_the_minute_and_written_beside_the_call(
    broker: TestBroker, officer: SignedIn
) -> None:
    async def used() -> list[str | None]:
        await broker.broker.services.authority.noted()
        return [token["used_at"] for token in await tokens(officer)]

    second = await made(officer, name="second")
    assert await used() == ["2026-06-15T12:00:00Z", None]
    for seconds in (40, 19):
        broker.clock.advance(seconds=seconds)
        await second.get("/v1/cameras")
    assert (await used())[1] == "2026-06-15T12:00:40Z"
    broker.clock.advance(seconds=41)
    await second.get("/v1/cameras")
    assert (await used())[1] == "2026-06-15T12:01:40Z"


@pytest.mark.sqlite
async def test_a_use_that_cannot_be_written_refuses_nothing(broker: TestBroker, officer: SignedIn) -> None:
    refuse = (
        "CREATE TRIGGER refuse BEFORE UPDATE OF used_at ON tokens BEGIN SELECT RAISE(ABORT, 'refused'); END"
    )
    await broker.broker.ledger.write(lambda c: c.exec_driver_sql(refuse))
    broker.clock.advance(minutes=5)
    assert (await officer.get("/v1/cameras")).status_code == 200
    await broker.broker.services.authority.noted()
    assert (await officer.get("/v1/cameras")).status_code == 200
