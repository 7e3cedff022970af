"""People are erased when their time has come, and not before; the log stays whole and says what was erased."""

import json
from datetime import timedelta

import pytest

from broker.agencies.models import Role
from broker.audit import store as audit
from broker.audit.erasure import store
from broker.audit.erasure.service import ACTION, Erasure
from broker.audit.models import Entry, Operation
from broker.audit.verification.models import Verification
from broker.audit.verification.service import Trusted, verify_log
from broker.holds.models import HoldState
from tests.world import LAST_MINUTES, SignedIn, TestBroker, submission

DAYS = 183


@pytest.fixture
def erasure(broker: TestBroker) -> Erasure:
    return Erasure(broker.broker.ledger, broker.clock, DAYS)


async def log(broker: TestBroker) -> tuple[Entry, ...]:
    return (await broker.broker.services.audit.page(None, None, 0, None, 10_000, None)).entries


async def named(broker: TestBroker) -> set[str]:
    """Actions of the entries that still say who acted."""
    return {entry.action for entry in await log(broker) if entry.person is not None}


async def verified(broker: TestBroker) -> Verification:
    await broker.broker.sequencer.catch_up()
    key = broker.broker.sequencer._key.verifier
    return await broker.broker.ledger.read(lambda c: verify_log(c, Trusted(log=key)))


async def look(broker: TestBroker) -> SignedIn:
    operator = await broker.officer("police", Role.OPERATOR, Role.INVESTIGATOR)
    assert (await operator.get("/v1/cameras?lat=48.8809&lon=2.3553&radius_m=50")).status_code == 200
    return operator


async def test_people_go_when_their_days_have_passed_and_nothing_else_does(
    broker: TestBroker, erasure: Erasure
) -> None:
    operator = await look(broker)
    before = {e.sequence: e for e in await log(broker) if e.action == "search"}
    broker.clock.advance(days=DAYS)
    assert await erasure.run() == 0
    broker.clock.advance(seconds=1)
    assert await erasure.run() == len(before)
    after = {e.sequence: e for e in await log(broker)}
    for sequence, entry in before.items():
        erased = after[sequence]
        assert entry.officer_id == operator.id
        assert (erased.person, erased.officer_id, erased.case_ref) == (None, None, None)
        kept = {"leaf", "objects", "owners", "query", "basis", "purpose", "agency", "at", "action"}
        assert erased.model_dump(include=kept) == entry.model_dump(include=kept)
        assert set(erased.parts) < set(entry.parts)


async def test_nothing_in_the_ledgers_log_names_them_any_more(broker: TestBroker, erasure: Erasure) -> None:
    operator = await look(broker)
    broker.clock.advance(days=DAYS + 1)
    await erasure.run()
    people = "SELECT content FROM audit_people"
    left = await broker.broker.ledger.read(lambda c: c.exec_driver_sql(people).scalars().all())
    assert not [content for content in left if operator.id in content or "Test police" in content]
    searches = "SELECT sequence FROM audit_entries WHERE action = 'search'"
    searches = "SELECT sequence FROM audit_entries WHERE action = 'search'"
    parts = f"SELECT content FROM audit_parts WHERE sequence IN ({searches})"  # noqa: S608
    contents = await broker.broker.ledger.read(lambda c: c.exec_driver_sql(parts).scalars().all())
    assert contents
    assert not [content for content in contents if operator.id in content or "Test police" in content]


async def test_the_erasure_is_an_entry_and_the_log_still_verifies(
    broker: TestBroker, erasure: Erasure
) -> None:
    await look(broker)
    assert (await verified(broker)).ok
    broker.clock.advance(days=DAYS + 1)
    erased = await erasure.run()
    last = (await log(broker))[-1]
    assert (last.operation, last.action, last.agency) == (Operation.ERASURE, ACTION, None)
    assert last.query == {"people": erased, "before": erasure.before.isoformat().replace("+00:00", "Z")}
    found = await verified(broker)
    assert (found.ok, found.findings) == (True, ())
    assert found.erased >= erased


async def test_people_who_are_removed_without_an_entry_are_missed(broker: TestBroker) -> None:
    await look(broker)
    await broker.broker.ledger.write(lambda c: store.erase(c, range(1000)))
    found = await verified(broker)
    assert {finding.fault.value for finding in found.findings} == {"removed_person"}


async def test_an_open_request_keeps_who_acted_on_it_and_a_final_one_does_not(
    broker: TestBroker, erasure: Erasure
) -> None:
    police = await look(broker)
    created = await police.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES))
    request = f"/v1/requests/{created.json()['id']}"
    await police.get(request, None)
    broker.clock.advance(days=DAYS + 1)
    await erasure.run()
    assert await named(broker) == {"submit_request", "read_request"}
    assert (await verified(broker)).ok
    change = "UPDATE requests SET finished_at = 1"
    await broker.broker.ledger.write(lambda c: c.exec_driver_sql(change))
    await erasure.run()
    assert await named(broker) == {"submit_request", "read_request"}, "its hold is still in force"
    await broker.broker.ledger.write(lambda c: c.exec_driver_sql("UPDATE holds SET state = 'released'"))
    await erasure.run()
    assert await named(broker) == set()


async def test_a_hold_in_force_keeps_who_ordered_and_looked_at_it(
    broker: TestBroker, erasure: Erasure
) -> None:
    operator = await look(broker)
    body = {"camera_ids": ["rail-cctv:r1"], "interval": str(LAST_MINUTES), "reason": "Theft"}
    hold = (await operator.post("/v1/holds", body)).json()["holds"][0]["id"]
    await operator.get(f"/v1/holds/{hold}")
    await operator.get("/v1/holds")
    broker.clock.advance(days=DAYS + 1)
    await erasure.run()
    assert await named(broker) == {"order_hold", "show_hold", "list_holds"}
    await broker.broker.ledger.write(lambda c: c.exec_driver_sql("UPDATE holds SET state = 'expired'"))
    await erasure.run()
    assert await named(broker) == set()


async def test_more_than_a_transactions_worth_goes_too_and_each_is_told(
    broker: TestBroker, erasure: Erasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "AT_ONCE", 2)
    for _ in range(5):
        await look(broker)
    broker.clock.advance(days=DAYS + 1)
    assert await erasure.run() == 5
    told = [entry.query["people"] for entry in await log(broker) if entry.action == ACTION and entry.query]
    assert told == [2, 2, 1]
    assert (await verified(broker)).ok


async def test_of_two_at_once_each_tells_what_it_erased(broker: TestBroker, erasure: Erasure) -> None:
    await look(broker)
    broker.clock.advance(days=DAYS + 1)
    due = (await broker.broker.ledger.read(lambda c: store.find_due(c, erasure.before, None))).due
    assert await erasure.run() == len(due)
    assert await broker.broker.ledger.write(lambda c: erasure._erase(due, erasure.before, c)) == 0
    assert len([entry for entry in await log(broker) if entry.action == ACTION]) == 1


async def test_an_erasure_that_cannot_be_told_is_not_made(broker: TestBroker, erasure: Erasure) -> None:
    await look(broker)
    broker.clock.advance(days=DAYS + 1)
    refuse = "CREATE TRIGGER refuse BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'refused'); END"
    await broker.broker.ledger.write(lambda c: c.exec_driver_sql(refuse))
    before = await named(broker)
    with pytest.raises(Exception, match="refused"):
        await erasure.run()
    assert await named(broker) == before


async def test_it_is_among_the_workers_jobs(broker: TestBroker) -> None:
    await broker.work()
    await look(broker)
    broker.clock.advance(days=DAYS + 1)
    await broker.work()
    assert await named(broker) == set()


def test_the_states_of_a_hold_in_force_are_those_of_holds() -> None:
    assert set(store.IN_FORCE) == {state.value for state in HoldState} - {"released", "expired", "failed"}


async def test_the_case_of_what_the_host_did_goes_too(broker: TestBroker, erasure: Erasure) -> None:
    await look(broker)
    at = broker.clock.now() - timedelta(days=DAYS, seconds=1)
    host = audit.NewEntry(
        operation=Operation.COLLECTION, action="host_act", officer_id=audit.HOST, case_ref="PV-9"
    )
    await broker.broker.ledger.write(lambda c: audit.append(c, host, at))
    assert await erasure.run() == 1
    (entry,) = [entry for entry in await log(broker) if entry.action == "host_act"]
    assert (entry.officer_id, entry.case_ref) == (audit.HOST, None)
    assert "PV-9" not in json.dumps(entry.model_dump(mode="json"))
