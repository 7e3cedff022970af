"""No answer without its entry, no right without its check, and each refusal on record."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert

from broker.agencies.models import AgencyAction, NewOfficer, PolicyBook, Role
from broker.agencies.store import bump_policy_version
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.errors import Problem
from broker.ledger import tables
from broker.pages import Page
from tests.broker.agencies.office import Office
from tests.broker.agencies.rights import agreement
from tests.world import NOW

TERMS = agreement().terms
REFUSE = (
    "CREATE TRIGGER refuse_{0} BEFORE INSERT ON {0} BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"
)


def end_designations(connection: Connection) -> None:
    connection.execute(tables.designations.update().values(valid_until=NOW + timedelta(hours=1)))
    bump_policy_version(connection)


async def refused(attempt: Awaitable[object]) -> str:
    with pytest.raises(Problem) as caught:
        await attempt
    return caught.value.code


async def refuse_inserts(office: Office, table: str) -> None:
    await office.ledger.write(lambda c: c.exec_driver_sql(REFUSE.format(table)))


async def test_an_answer_is_not_given_when_its_entry_cannot_be_written(office: Office) -> None:
    caller = await office.sign_in("police", Role.OPERATOR)
    assert await office.locates(caller)
    await refuse_inserts(office, "audit_entries")
    with pytest.raises(Exception, match="refused by the test"):
        await office.locates(caller)


@pytest.mark.parametrize("table", ["audit_people", "audit_parts"])
async def test_an_entry_is_whole_or_not_there(office: Office, table: str) -> None:
    caller = await office.sign_in("police", Role.OPERATOR)
    before = await office.log()
    await refuse_inserts(office, table)
    with pytest.raises(Exception, match="refused by the test"):
        await office.locates(caller)
    assert await office.log() == before


async def test_a_change_that_fails_leaves_no_entry(office: Office) -> None:
    rail = await office.sign_in("rail", Role.CUSTODIAN)
    before = await office.log()
    await refuse_inserts(office, "tokens")
    await refuse_inserts(office, "agreements")
    for attempt in (office.token("town", Role.OPERATOR), office.agreements.propose("new", TERMS, rail)):
        with pytest.raises(Exception, match="refused by the test"):
            await attempt
    assert await office.log() == before
    assert len(await office.officers.list_officers()) == 1


async def test_a_change_whose_entry_fails_is_not_made(office: Office) -> None:
    rail = await office.sign_in("rail", Role.CUSTODIAN)
    version = await office.policy_version()
    await refuse_inserts(office, "audit_entries")
    for attempt in (
        office.agreements.end("rail-police", rail),
        office.agreements.propose("new", TERMS, None),
        office.token("town", Role.OPERATOR),
        office.officers.set_purpose(rail, "accident", None),
        office.officers.revoke_tokens(rail.officer.id),
    ):
        with pytest.raises(Exception, match="refused by the test"):
            await attempt
    assert await office.policy_version() == version
    assert [a.state.value for a in await office.agreements.list_agreements()] == ["active", "active"]
    assert len(await office.officers.list_officers()) == 1


async def test_without_a_purpose_the_call_is_refused_and_recorded(office: Office) -> None:
    caller = (await office.sign_in("police", Role.OPERATOR)).model_copy(update={"purpose": None})
    with pytest.raises(Problem) as caught:
        await office.authority.require_purpose(caller)
    assert (caught.value.code, caught.value.kind.status) == ("purpose_missing", 403)
    assert (await office.actions())[-1] == ("call_without_purpose", "denied")


async def test_a_designation_that_ended_is_refused_and_recorded_whatever_the_role(office: Office) -> None:
    token = await office.token("police", *Role)
    caller = await office.authority.authenticate(token, "accident", None)
    await office.ledger.write(end_designations)
    office.clock.advance(hours=1)
    caller = await office.authority.authenticate(token, "accident", None)
    assert not caller.designated
    assert await refused(office.authority.require_purpose(caller)) == "not_designated"
    for action in AgencyAction:
        assert await refused(office.authority.require(caller, action, "attempt")) == "not_designated"
    denied = [verdict for name, verdict in await office.actions() if name == "attempt"]
    assert denied == ["denied"] * len(AgencyAction)


async def test_a_role_that_is_missing_is_named_and_recorded_with_who_and_why(office: Office) -> None:
    caller = await office.sign_in("police", Role.AUDITOR)
    with pytest.raises(Problem, match=r"your roles \(auditor\) do not include submit request"):
        await office.authority.require(caller, AgencyAction.SUBMIT_REQUEST, "submit_request")
    entry = (await office.log())[-1]
    assert (entry.action, entry.decision.value, entry.officer_id) == (
        "submit_request",
        "denied",
        caller.officer.id,
    )
    assert (entry.purpose, entry.case_ref, entry.person) == (
        "judicial_inquiry",
        "PV-1",
        caller.officer.person,
    )


async def test_a_decision_by_an_outdated_book_is_made_anew_and_written_once(
    office: Office, other: Office
) -> None:
    caller = await office.sign_in("police", Role.OPERATOR)
    await office.authority.book()
    await other.agreements.end("rail-police", await other.sign_in("rail", Role.CUSTODIAN))
    seen: list[int] = []

    def decide(book: PolicyBook) -> tuple[int, NewEntry]:
        seen.append(len(book.agreements))
        return len(book.agreements), office.authority.entry(caller, Operation.CONSULTATION, "look")

    assert await office.authority.decide_and_log(decide) == 1
    assert seen == [2, 1]
    assert [name for name, _ in await office.actions()].count("look") == 1


async def test_a_refusal_by_an_outdated_book_is_made_anew(office: Office, other: Office) -> None:
    await office.authority.book()
    await other.agreements.end("rail-police", await other.sign_in("rail", Role.CUSTODIAN))

    def decide(book: PolicyBook) -> Callable[[Connection], int]:
        if len(book.agreements) > 1:
            raise Problem("action_denied", "the old book says no")
        return lambda _connection: len(book.agreements)

    assert await office.authority.decide(decide) == 1


async def test_a_refusal_by_the_current_book_stands(office: Office) -> None:
    def decide(_book: PolicyBook) -> Callable[[Connection], int]:
        raise Problem("action_denied", "no")

    assert await refused(office.authority.decide(decide)) == "action_denied"


async def test_every_change_of_rights_raises_the_policy_version(office: Office) -> None:
    rail = await office.sign_in("rail", Role.CUSTODIAN)
    versions = [await office.policy_version()]
    for change in (
        office.token("town", Role.OPERATOR),
        office.agreements.end("rail-police", rail),
        office.officers.revoke_tokens(rail.officer.id),
    ):
        await change
        versions.append(await office.policy_version())
    assert versions == sorted(set(versions))


async def test_an_append_returns_where_it_stands_and_the_policy_version(office: Office) -> None:
    entry = NewEntry(operation=Operation.CONSULTATION, action="look")
    first, second = [await office.ledger.write(lambda c: audit.append(c, entry, NOW)) for _ in range(2)]
    assert second.sequence == first.sequence + 1
    assert first.policy_version == await office.policy_version()


async def test_only_administrators_and_the_host_administer_officers(office: Office) -> None:
    target = await office.sign_in("town", Role.OPERATOR)
    new = NewOfficer(
        agency="town",
        name="Test town",
        service="Tests",
        personnel_number="T-9",
        roles=frozenset({Role.ADMINISTRATOR}),
        designated_by="tests",
    )
    for role in Role:
        caller = await office.sign_in("town", role)
        attempts = {
            "add_officer": lambda by: office.officers.designate(new, by, None),
            "revoke_tokens": lambda by: office.officers.revoke_tokens(target.officer.id, by),
            "list_officers": lambda by: office.officers.find_officers(by, Page(10)),
        }
        for name, attempt in attempts.items():
            if role is Role.ADMINISTRATOR:
                await attempt(caller)
            else:
                assert await refused(attempt(caller)) == "role_denied"
            verdict = "allowed" if role is Role.ADMINISTRATOR else "denied"
            assert (await office.actions())[-1] == (name, verdict)


async def test_an_officer_needs_an_agency_and_a_time_to_come(office: Office) -> None:
    assert await refused(office.token("nobody", Role.OPERATOR)) == "invalid"
    assert await refused(office.token("town", Role.OPERATOR, until=NOW)) == "invalid"
    assert await refused(office.officers.revoke_tokens("off_unknown")) == "not_found"
    assert await office.officers.list_officers() == []


async def test_what_is_logged_survives_a_job_that_fails_beside_it(office: Office) -> None:
    def spoilt(connection: Connection) -> None:
        audit.append(connection, NewEntry(operation=Operation.CONSULTATION, action="spoilt"), NOW)
        connection.execute(insert(tables.agencies).values(id="rail", name="again"))

    with pytest.raises(Exception, match="UNIQUE"):
        await office.ledger.write(spoilt)
    assert "spoilt" not in [name for name, _ in await office.actions()]
