"""Two years pass: what had its time is gone by its rule, the log proves each, and a dry run said so before."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Table, func, select

from adapters.contract.capabilities import Capability
from broker.agencies.models import Role
from broker.audit.verification.service import Trusted, verify_log
from broker.ledger import log_tables, tables
from broker.retention.models import Going, Rule
from broker.retention.service import Retention
from tests.broker.holds.people import order
from tests.broker.requests.people import (
    decide,
    in_ledger,
    submit,
    until_files_have_settled,
    vault_files,
    work_to_the_end,
)
from tests.world import TestBroker

PREFIXES = ("clips", "bundles", "documents", "holds", "snapshots", "references")
STEP = timedelta(days=14)
ERASED = {Rule.EVIDENCE: "erase_evidence", Rule.SNAPSHOT: "erase_snapshots", Rule.PEOPLE: "erase_people"}


def retention_of(broker: TestBroker) -> Retention:
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "make rounds"]
    retention: Retention = job._rounds["let go"].run.__self__
    return retention


async def files(broker: TestBroker) -> set[str]:
    return {key for prefix in PREFIXES for key in await vault_files(broker, prefix)}


async def count(broker: TestBroker, table: Table, *conditions: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(table).where(*conditions)
    return int(await broker.broker.ledger.read(lambda c: c.execute(query).scalar_one()))


async def work_of_a_day(broker: TestBroker) -> list[str]:
    """A clip delivered, a request denied, urgent holds of which one is a copy; pictures of the cameras."""
    await broker.synchronise()
    broker.metro.capabilities = broker.metro.capabilities - {Capability.HOLD}
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    rail, metro = [await broker.officer(agency, Role.CUSTODIAN) for agency in ("rail", "metro")]
    delivered, denied = [
        str((await submit(investigator, camera, judicial=False))["id"])
        for camera in ("rail-cctv:r1", "metro-cctv:m1")
    ]
    await order(await broker.officer("police", Role.OPERATOR), "rail-cctv:r2", "metro-cctv:m1")
    await broker.work()
    assert (await decide(rail, "approve", delivered)).status_code == 200
    assert (await decide(metro, "deny", denied)).status_code == 200
    await work_to_the_end(broker, delivered)
    kept = {key.partition("/")[0] for key in await files(broker)}
    assert {"clips", "bundles", "holds", "snapshots"} <= kept
    return [delivered, denied]


async def test_two_years(broker: TestBroker) -> None:
    requests = await work_of_a_day(broker)
    retention, told = retention_of(broker), list[Going]()
    for _ in range(2 * 365 // STEP.days + 1):
        told += await retention.due(broker.clock.now() + STEP)
        broker.clock.advance(days=STEP.days)
        await broker.work()
        assert await retention.due() == []
    broker.clock.advance(**until_files_have_settled(broker))
    broker.clock.advance(days=31)
    told += await retention.due()
    await broker.work()

    assert await files(broker) == set()
    assert (broker.rail.holds, broker.metro.holds) == ({}, {})
    assert await count(broker, tables.holds, tables.holds.c.state.not_in(("released", "expired"))) == 0
    people = log_tables.audit_people
    assert await count(broker, people, people.c.at < broker.clock.now() - timedelta(days=184)) == 0
    assert {each.rule for each in told} == set(Rule)
    assert [each.subject for each in told if each.rule is Rule.EVIDENCE] == sorted(requests)
    for rule, action in ERASED.items():
        entries = log_tables.audit_entries
        assert await count(broker, entries, entries.c.action == action) > 0, rule
    for request_id in requests:
        request = await in_ledger(broker, request_id)
        assert request.erased_at is not None and request.sealed_at is not None
        assert timedelta(days=30) <= request.erased_at - request.sealed_at <= timedelta(days=30) + STEP
    await broker.broker.sequencer.catch_up()
    key = broker.broker.sequencer._key.verifier
    verified = await broker.broker.ledger.read(lambda c: verify_log(c, Trusted(log=key)))
    assert verified.ok


async def test_a_dry_run_lets_nothing_go(broker: TestBroker) -> None:
    await work_of_a_day(broker)
    before = await files(broker)
    going = await retention_of(broker).due(broker.clock.now() + timedelta(days=3650))
    assert {each.rule for each in going} == set(Rule)
    assert going == sorted(going, key=lambda each: (each.at, each.subject))
    assert await files(broker) == before
