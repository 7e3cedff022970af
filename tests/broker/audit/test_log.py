"""The log as an agency's auditors read it: what concerns their agency, all of that, and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.audit import store
from broker.audit.models import Entry, NewEntry, Operation, Person, Verdict
from broker.audit.service import AuditLog
from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate
from tests.world import NOW, StandingClock

NETWORKS = {"rail-cctv": "rail", "metro-cctv": "metro", "police-list": "police"}
WHOSE = {f"{network}:": (agency,) for network, agency in NETWORKS.items()}
READING = NewEntry(operation=Operation.CONSULTATION, action="read_log", agency="rail", officer_id="off_rail")


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    file = tmp_path / "ledger.sqlite"
    migrate(file)
    opened = Ledger(file)
    yield opened
    opened.close()


@pytest.fixture
def log(ledger: Ledger) -> AuditLog:
    return AuditLog(ledger, StandingClock())


def entry(**facts: object) -> NewEntry:
    known = {
        "operation": Operation.CONSULTATION,
        "action": "search",
        "agency": "police",
        "officer_id": "off_1",
        "whose": WHOSE,
    }
    return NewEntry.model_validate(known | facts)


async def written(ledger: Ledger, *entries: NewEntry) -> None:
    for one in entries:
        await ledger.write(lambda c, one=one: store.append(c, one, NOW))  # type: ignore[misc]  # bound at once


async def read(log: AuditLog, agency: str | None, request_id: str | None = None) -> tuple[Entry, ...]:
    return (await log.page(None, agency, 0, None, 1000, request_id)).entries


async def test_an_entry_comes_back_as_it_was_written(ledger: Ledger, log: AuditLog) -> None:
    full = entry(
        operation=Operation.DISCLOSURE,
        person=Person(service="Tests", personnel_number="T-1", name="Test\x00 officer 'é"),
        decision=Verdict.DENIED,
        objects=("rail-cctv:r1", "req_1"),
        owners=("rail",),
        query={"radius_m": 5.0, "bbox": [1.0, 2.0]},
        purpose="accident",
        case_ref="PV\x00 ½",
        basis=("rail-police",),
        recipient="off_2",
        request_id="req_1",
    )
    await written(ledger, full)
    (found,) = await read(log, None)
    facts = full.model_dump(exclude={"whose"})
    assert found == Entry(sequence=1, at=NOW, leaf=found.leaf, parts=found.parts, **facts)


async def test_an_auditor_sees_their_officers_and_their_cameras_and_nothing_else(
    ledger: Ledger, log: AuditLog
) -> None:
    await written(
        ledger,
        entry(agency="rail", action="by_rail"),
        entry(agency="police", owners=("rail",), action="on_rail"),
        entry(agency="police", owners=("metro",), action="on_metro"),
        entry(agency=None, officer_id="host", action="by_host"),
    )
    seen = {
        agency: [e.action for e in await read(log, agency)] for agency in ("rail", "metro", "police", "town")
    }
    assert seen == {
        "rail": ["by_rail", "on_rail"],
        "metro": ["on_metro"],
        "police": ["on_rail", "on_metro"],
        "town": [],
    }
    assert len(await read(log, None)) == 4


async def test_entries_about_one_request_can_be_asked_for(ledger: Ledger, log: AuditLog) -> None:
    await written(ledger, *(entry(request_id=r, agency="rail", action=f"a{n}") for n, r in enumerate("xyx")))
    assert [e.action for e in await read(log, "rail", "x")] == ["a0", "a2"]


async def test_reading_is_logged_before_it_is_answered(ledger: Ledger, log: AuditLog) -> None:
    await log.page(READING, "rail", 0, None, 10, None)
    assert [e.action for e in await read(log, "rail")] == ["read_log"]
    await ledger.write(
        lambda c: c.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    )
    with pytest.raises(Exception, match="refused"):
        await log.page(READING, "rail", 0, None, 10, None)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
async def test_pages_hold_each_entry_once_and_end_although_reading_is_logged(
    ledger: Ledger, log: AuditLog, limit: int
) -> None:
    await written(ledger, *(entry(agency="rail", action=f"a{n}") for n in range(5)))
    seen: list[str] = []
    after, until, more = 0, None, True
    while more:
        page = await log.page(READING, "rail", after, until, limit, None)
        assert len(page.entries) <= limit
        seen += [e.action for e in page.entries]
        after, until, more = page.entries[-1].sequence, page.until, page.more
    assert seen == [f"a{n}" for n in range(5)]


async def test_sequence_numbers_grow_by_one_and_are_never_used_again(ledger: Ledger, log: AuditLog) -> None:
    await written(ledger, entry(), entry())
    with pytest.raises(RuntimeError):
        await ledger.write(_append_and_fail)
    await written(ledger, entry())
    assert [e.sequence for e in await read(log, None)] == [1, 2, 3]


def _append_and_fail(connection: store.Connection) -> None:
    store.append(connection, entry(), NOW)
    raise RuntimeError("the change failed")
