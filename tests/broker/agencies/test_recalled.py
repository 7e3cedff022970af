"""Who is recalled without asking the ledger is answered as who is not: nobody keeps a right that ended."""

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from broker.agencies import tokens
from broker.agencies.credentials.models import KnownToken
from broker.agencies.models import Action, AgencyAction, Caller, PolicyBook, RecalledCaller, Role
from broker.agencies.policy import action_masks
from broker.agencies.store import bump_policy_version
from broker.agencies.tokens import KnownTokens
from broker.audit.models import NewEntry, Operation
from broker.errors import Problem
from broker.identifiers import token_hash
from broker.ledger import tables
from tests.broker.agencies.office import PURPOSE, RAIL_CAMERA, Office
from tests.broker.agencies.rights import agreement, columns
from tests.world import NOW

Change = Callable[[Connection], object]


def search(
    office: Office, between: Callable[[], object] = lambda: None
) -> Callable[..., tuple[bool, NewEntry]]:
    """What a search decides: whether the camera may be located. `between` happens before its entry is written."""

    def decide(book: PolicyBook, caller: Caller) -> tuple[bool, NewEntry]:
        masks = action_masks(
            caller.officer, caller.purpose, columns([RAIL_CAMERA]), book.agreements, office.clock.now()
        )
        between()
        return masks.allows(Action.LOCATE, 0), office.authority.entry(
            caller, Operation.CONSULTATION, "search"
        )

    return decide


async def told(office: Office, token: str, purpose: str | None = PURPOSE, **more: Any) -> bool | str:
    """What the officer learns: an answer, or why there is none."""
    try:
        caller = await office.authority.recall(token, purpose, "PV-1")
        return await office.authority.answer(caller, AgencyAction.SEARCH, "search", search(office, **more))
    except Problem as problem:
        return problem.code


async def known(office: Office, *roles: Role, agency: str = "police", **more: Any) -> str:
    """The token of an officer whom this process recalls."""
    token = await office.token(agency, *(roles or (Role.OPERATOR,)), **more)
    for _ in range(2):
        await told(office, token)
    assert isinstance(await office.authority.recall(token, PURPOSE, None), RecalledCaller)
    return token


async def changed(other: Office, change: Change) -> None:
    """Written by another process."""

    def work(connection: Connection) -> None:
        change(connection)
        bump_policy_version(connection)

    await other.ledger.write(work)


async def officer_of(office: Office, token: str) -> str:
    return (await office.authority.authenticate(token, None, None)).officer.id


async def test_who_is_known_is_recalled_without_reading_the_ledger(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await known(office)

    def never(_work: object) -> Awaitable[object]:
        raise AssertionError("the ledger was read")

    monkeypatch.setattr(office.ledger, "read", never)
    assert await told(office, token) is True


async def test_a_token_that_another_process_revokes_is_worth_nothing_at_the_next_search(
    office: Office, other: Office
) -> None:
    token = await known(office)
    await other.officers.revoke_tokens(await officer_of(office, token))
    log = await office.log()
    assert [await told(office, token) for _ in range(2)] == ["token_invalid"] * 2
    assert await office.log() == log
    assert not isinstance(office.authority._known.get(token_hash(token)), KnownToken)


async def test_a_token_that_is_revoked_while_it_is_answered_is_not_answered(
    office: Office, other: Office, tmp_path: Path
) -> None:
    token = await known(office)
    log = await office.log()

    def revoke() -> None:
        with sqlite3.connect(tmp_path / "ledger.sqlite") as beside:
            beside.execute("UPDATE tokens SET revoked_at = 1")
            beside.execute("UPDATE policy_version SET version = version + 1")
        beside.close()

    assert await told(office, token, between=revoke) == "token_invalid"
    assert await office.log() == log


async def test_a_token_ends_by_time_alone(office: Office) -> None:
    token = await known(office, until=NOW + timedelta(hours=1))
    office.clock.advance(minutes=59, seconds=59)
    assert await told(office, token) is True
    office.clock.advance(seconds=1)
    assert await told(office, token) == "token_invalid"


@pytest.mark.parametrize("stay_s", [-1, 0])
async def test_a_designation_that_ended_is_heeded_at_the_next_search_and_recorded(
    office: Office, other: Office, stay_s: int
) -> None:
    token = await known(office)
    until = NOW + timedelta(seconds=stay_s + 1)
    await changed(other, lambda c: c.execute(tables.designations.update().values(valid_until=until)))
    if stay_s == 0:
        assert await told(office, token) is True
        office.clock.advance(seconds=1)
    before = await office.actions()
    assert await told(office, token) == "not_designated"
    assert (await office.actions())[len(before) :] == [("call_without_designation", "denied")]


async def test_a_role_that_was_taken_or_given_counts_at_the_next_search(
    office: Office, other: Office
) -> None:
    token = await known(office)

    def roles(*names: str) -> Change:
        return lambda c: c.execute(tables.officers.update().values(roles=list(names)))

    await changed(other, roles("auditor"))
    before = await office.actions()
    assert await told(office, token) == "role_denied"
    assert (await office.actions())[len(before) :] == [("search", "denied")]
    await changed(other, roles("investigator"))
    assert await told(office, token) is True


async def test_an_agreement_that_another_process_ends_or_activates_counts_at_the_next_search(
    office: Office, other: Office
) -> None:
    token = await known(office)
    custodian = await other.sign_in("rail", Role.CUSTODIAN)
    assert await told(office, token) is True
    await other.agreements.end("rail-police", custodian)
    assert await told(office, token) is False
    await other.agreements.propose("again", agreement().terms, custodian)
    assert await told(office, token) is False
    await other.agreements.activate("again", custodian)
    assert await told(office, token, "public_safety") is True


async def test_each_answer_has_one_entry_also_where_the_policy_moved_on(
    office: Office, other: Office
) -> None:
    token = await known(office)
    for _ in range(3):
        before = await office.actions()
        await changed(other, lambda _connection: None)
        assert await told(office, token) is True
        assert (await office.actions())[len(before) :] == [("search", "allowed")]


@pytest.mark.parametrize(
    ("roles", "purpose", "code"),
    [
        ((Role.OPERATOR,), None, "purpose_missing"),
        ((Role.OPERATOR,), "curiosity", "purpose_unknown"),
        ((Role.OPERATOR,), "", "purpose_unknown"),
        ((Role.AUDITOR,), PURPOSE, "role_denied"),
        ((Role.ADMINISTRATOR, Role.DPO), PURPOSE, "role_denied"),
        ((), PURPOSE, "role_denied"),
    ],
)
async def test_a_refusal_is_told_and_recorded_as_to_one_who_is_not_recalled(
    office: Office, other: Office, roles: tuple[Role, ...], purpose: str | None, code: str
) -> None:
    token = await office.token("police", *roles)
    await told(office, token)
    recorded = []
    for process in (office, other):  # the other one never heard of them
        before = len(await office.log())
        assert await told(process, token, purpose) == code
        recorded.append(
            [e.model_dump(exclude={"sequence", "leaf", "parts"}) for e in (await office.log())[before:]]
        )
    assert recorded[0] == recorded[1]
    assert len(recorded[0]) == (0 if code == "purpose_unknown" else 1)


@pytest.mark.parametrize("token", ["", "ent_unknown", "\x00", "x" * 10_000])
async def test_an_unknown_token_is_refused_and_not_recorded(office: Office, token: str) -> None:
    log = await office.log()
    assert await told(office, token) == "token_invalid"
    assert await office.log() == log


async def test_a_sessions_purpose_counts_where_the_call_has_none_as_it_is_now(
    office: Office, other: Office
) -> None:
    token = await known(office)
    session = await other.authority.authenticate(token, None, None)
    for purpose in ("accident", "test"):
        await other.officers.set_purpose(session, purpose, f"PV-{purpose}")
        assert await told(office, token, None) is False  # for these there is no agreement
        entry = (await office.log())[-1]
        assert (entry.action, entry.purpose) == ("search", purpose)
    assert await told(office, token, PURPOSE) is True
    entry = (await office.log())[-1]
    assert (entry.purpose, entry.case_ref) == (PURPOSE, "PV-1")
    await other.officers.set_purpose(session, None, None)
    assert await told(office, token, None) == "purpose_missing"


async def test_nothing_is_shown_where_the_entry_cannot_be_committed(office: Office) -> None:
    token = await known(office)
    await office.ledger.write(
        lambda c: c.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    )
    for _ in range(2):
        with pytest.raises(Exception, match="refused"):
            await told(office, token)


def test_the_token_that_nobody_used_for_longest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "TOKENS_KEPT", 3)
    known, one = KnownTokens(), KnownToken.model_construct(token_id="t")
    for name in "abc":
        known.put(name, one)
    assert known.get("a") is one
    known.put("b", one)
    known.put("d", one)
    assert [name for name in "abcd" if known.get(name)] == ["a", "b", "d"]
    known.drop("a")
    known.drop("never")
    known.put("e", one)
    assert [name for name in "abde" if known.get(name)] == ["b", "d", "e"]
