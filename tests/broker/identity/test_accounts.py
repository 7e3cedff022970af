"""Local accounts: one answer for whoever may not sign in, waits that grow, and a code that sets a password once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select

from broker.agencies.models import Role
from broker.ledger import tables
from tests.broker.identity.browsers import PASSWORD, Browser, actions, give_password
from tests.world import NOW, SignedIn, TestBroker

WRONG = "another long sentence of words"


@pytest.fixture
async def officer(broker: TestBroker) -> SignedIn:
    added = await broker.officer("rail", Role.OPERATOR)
    await give_password(broker, added, "test.rail")
    return added


async def refusal(broker: TestBroker, username: str, password: str = PASSWORD) -> tuple[int, str]:
    """A second browser's try, by status and detail."""
    answer = await Browser(broker.http).sign_in(username, password)
    return answer.status_code, "" if answer.status_code == 303 else answer.json()["detail"]


async def accounts(broker: TestBroker) -> list[Any]:
    query = select(tables.accounts)
    return list(await broker.broker.ledger.read(lambda c: c.execute(query).mappings().all()))


async def test_unknown_wrong_without_a_password_and_not_designated_are_told_alike(
    broker: TestBroker, officer: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = await broker.officer("rail", Role.OPERATOR, until=NOW + timedelta(minutes=1))
    await give_password(broker, short, "short")
    bare = await broker.officer("rail", Role.OPERATOR)
    await broker.broker.services.identity.accounts.issue_code(bare.id, "bare", None)
    broker.clock.advance(minutes=1)
    checked = []
    check = Argon2Hasher.verify

    def counted(self: Argon2Hasher, password: str | bytes, hash: str | bytes) -> bool:
        checked.append(hash)
        return check(self, password, hash)

    monkeypatch.setattr(Argon2Hasher, "verify", counted)
    tries = [("nobody", PASSWORD), ("test.rail", WRONG), ("bare", PASSWORD), ("short", PASSWORD)]
    told = {await refusal(broker, *one) for one in tries}
    assert len(told) == 1
    assert {status for status, _ in told} == {401}
    assert len(checked) == len(tries)
    assert (await actions(broker))[-4:] == [("sign_in", "denied")] * 4


async def test_a_user_name_is_one_whatever_its_case(broker: TestBroker, officer: SignedIn) -> None:
    assert (await refusal(broker, " Test.RAIL "))[0] == 303


async def test_waits_grow_by_name_known_or_not_and_end(broker: TestBroker, officer: SignedIn) -> None:
    for name in ("test.rail", "nobody"):
        for _ in range(5):
            assert (await refusal(broker, name, WRONG))[0] == 401
        answer = await Browser(broker.http).sign_in(name)
        assert (answer.status_code, answer.json()["code"]) == (429, "sign_in_locked")
        assert answer.headers["retry-after"] == "30"
    broker.clock.advance(seconds=30)
    assert (await refusal(broker, "test.rail", WRONG))[0] == 401
    answer = await Browser(broker.http).sign_in("test.rail")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    broker.clock.advance(seconds=60)
    assert (await refusal(broker, "test.rail"))[0] == 303
    assert (await refusal(broker, "test.rail", WRONG))[0] == 401


async def test_an_address_waits_whichever_names_it_tries(broker: TestBroker, officer: SignedIn) -> None:
    for n in range(20):
        assert (await refusal(broker, f"nobody{n}"))[0] == 401
    assert (await refusal(broker, "test.rail"))[0] == 429


async def test_tries_at_once_count_as_many(broker: TestBroker, officer: SignedIn) -> None:
    statuses = [s for s, _ in await asyncio.gather(*(refusal(broker, "test.rail", WRONG) for _ in range(9)))]
    assert sorted(statuses) == [401] * 5 + [429] * 4


async def test_a_code_sets_a_password_once_and_ends_the_sessions_of_the_old_one(
    broker: TestBroker, officer: SignedIn
) -> None:
    browser = Browser(broker.http)
    await browser.sign_in("test.rail")
    issued = await broker.broker.services.identity.accounts.issue_code(officer.id, None, None)
    assert (await browser.call("GET", "/v1/me")).status_code == 200
    form = {"code": issued.code, "password": WRONG}
    answers = [(await Browser(broker.http).call("POST", "/auth/password", data=form)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 401]
    assert (await browser.call("GET", "/v1/me")).status_code == 401
    assert (await refusal(broker, "test.rail", PASSWORD))[0] == 401
    assert (await refusal(broker, "test.rail", WRONG))[0] == 303


async def test_a_code_ends_by_time_and_by_the_next_one(broker: TestBroker, officer: SignedIn) -> None:
    issue = broker.broker.services.identity.accounts.issue_code
    first, second = await issue(officer.id, None, None), await issue(officer.id, None, None)
    for code in (first.code, "enc_unknown", officer.token):
        answer = await Browser(broker.http).call(
            "POST", "/auth/password", data={"code": code, "password": WRONG}
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")
    broker.clock.advance(days=1)
    form = {"code": second.code, "password": WRONG}
    assert (await Browser(broker.http).call("POST", "/auth/password", data=form)).status_code == 401


@pytest.mark.parametrize(
    "password", ["eleven char", "x" * 1025, "my name is Test rail, really", "it is test.rail again"]
)
async def test_a_password_that_is_short_endless_or_holds_a_name_is_refused_and_the_code_stays_good(
    broker: TestBroker, officer: SignedIn, password: str
) -> None:
    issued = await broker.broker.services.identity.accounts.issue_code(officer.id, None, None)
    browser = Browser(broker.http)
    answer = await browser.call("POST", "/auth/password", data={"code": issued.code, "password": password})
    assert (answer.status_code, answer.json()["code"]) == (422, "password_unfit")
    answer = await browser.call("POST", "/auth/password", data={"code": issued.code, "password": WRONG})
    assert answer.status_code == 303


async def test_only_an_administrator_of_the_agency_makes_an_account(
    broker: TestBroker, officer: SignedIn
) -> None:
    address, body = f"/v1/officers/{officer.id}/account", {"username": None}
    foreign = await broker.officer("metro", Role.ADMINISTRATOR)
    own = await broker.officer("rail", Role.ADMINISTRATOR)
    assert (await officer.post(address, body)).json()["code"] == "role_denied"
    assert (await foreign.post(address, body)).status_code == 404
    issued = await own.post(address, body)
    assert (issued.status_code, issued.json()["username"]) == (201, "test.rail")
    bare = await broker.officer("rail", Role.OPERATOR)
    taken = await own.post(f"/v1/officers/{bare.id}/account", {"username": "TEST.rail"})
    unnamed = await own.post(f"/v1/officers/{bare.id}/account", {"username": None})
    assert [answer.json()["code"] for answer in (taken, unnamed)] == ["invalid", "invalid"]


async def test_no_password_and_no_code_is_kept_or_logged_as_it_is(
    broker: TestBroker, officer: SignedIn
) -> None:
    issued = await broker.broker.services.identity.accounts.issue_code(officer.id, None, None)
    (kept,) = await accounts(broker)
    assert kept["password_hash"].startswith("$argon2id$")
    assert PASSWORD not in str(kept)
    assert issued.code not in str(kept)
    assert issued.code not in repr(issued)


async def test_a_weaker_hash_is_made_anew_at_the_sign_in(broker: TestBroker, officer: SignedIn) -> None:
    weak = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)).hash(PASSWORD)
    write = tables.accounts.update().values(password_hash=weak)
    await broker.broker.ledger.write(lambda c: c.execute(write))
    assert (await refusal(broker, "test.rail", WRONG))[0] == 401
    assert (await accounts(broker))[0]["password_hash"] == weak
    assert (await refusal(broker, "test.rail"))[0] == 303
    strong = (await accounts(broker))[0]["password_hash"]
    assert strong != weak
    assert (await refusal(broker, "test.rail"))[0] == 303
    assert (await accounts(broker))[0]["password_hash"] == strong


async def test_a_browser_gets_pages_and_what_is_in_them_is_escaped(broker: TestBroker) -> None:
    browser = Browser(broker.http)
    answer = await browser.sign_in("<b>nobody", WRONG, headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "<b>" not in answer.text
    assert "<label" in (await browser.call("GET", "/auth/password")).text
