"""Work that many callers have alike: done in one call, answered in turn, failing with nobody but its own."""

import asyncio
import tempfile
import threading
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation, Person
from broker.audit.texts import read_person
from broker.errors import Problem
from broker.ledger import engine, log_tables, tables
from broker.ledger.engine import BATCH, CROWD, GATHER_S, Ledger
from broker.ledger.migrate import migrate
from tests.world import NOW

Ask = Callable[[Ledger], Coroutine[Any, Any, Any]]
NASTY = (
    "",
    "\x00",
    "a\x00b",
    "'); DROP TABLE audit_entries; --",
    '"',
    "é\r\n",
    "😀" * 50,
    "\u202e",
    "x" * 100_000,
)


def add(connection: Connection, name: str) -> str:
    connection.execute(insert(tables.agencies).values(id=name, name=name))
    return name


def add_all(connection: Connection, names: Sequence[str]) -> list[str]:
    return [f"{len(names)}:{add(connection, name)}" for name in names]


def add_all_backwards(connection: Connection, names: Sequence[str]) -> list[str]:
    return [f"back {add(connection, name)}" for name in reversed(names)][::-1]


def names(connection: Connection) -> list[str]:
    return list(connection.execute(select(tables.agencies.c.id).order_by(tables.agencies.c.id)).scalars())


def alone(name: str) -> Ask:
    return lambda ledger: ledger.write(lambda connection: add(connection, name))


def together(name: str, work: Any = add_all) -> Ask:
    return lambda ledger: ledger.write_together(work, name)


async def in_one_batch(ledger: Ledger, asked: Sequence[Ask]) -> list[Any]:
    """Queues everything while the writer is busy; results or errors in turn."""
    busy, go = threading.Event(), threading.Event()

    def slow(_connection: Connection) -> None:
        busy.set()
        assert go.wait(10)

    first = asyncio.create_task(ledger.write(slow))
    assert await asyncio.to_thread(busy.wait, 10)
    rest = [asyncio.create_task(one(ledger)) for one in asked]
    while ledger._jobs.qsize() < len(asked):
        await asyncio.sleep(0)
    go.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


async def test_neighbours_are_written_in_one_call_and_answered_in_turn(ledger: Ledger) -> None:
    asked = [together("d"), together("a"), alone("c"), together("b"), together("e", add_all_backwards)]
    assert await in_one_batch(ledger, asked) == ["2:d", "2:a", "c", "1:b", "back e"]
    assert await ledger.read(names) == ["a", "b", "c", "d", "e"]


async def test_a_group_that_fails_fails_alone_and_whole(ledger: Ledger) -> None:
    asked = [together("a"), alone("b"), together("c"), together("b"), alone("d"), together("e")]
    told = await in_one_batch(ledger, asked)
    assert [one if isinstance(one, str) else type(one) for one in told] == [
        "1:a",
        "b",
        IntegrityError,
        IntegrityError,
        "d",
        "1:e",
    ]
    assert await ledger.read(names) == ["a", "b", "d", "e"]


async def test_work_that_answers_for_too_few_is_undone_alone(ledger: Ledger) -> None:
    def forgets(connection: Connection, items: Sequence[str]) -> list[str]:
        return add_all(connection, items)[1:]

    told = await in_one_batch(
        ledger, [alone("a"), together("b", forgets), together("c", forgets), together("d")]
    )
    assert [one if isinstance(one, str) else type(one) for one in told] == [
        "a",
        RuntimeError,
        RuntimeError,
        "1:d",
    ]
    assert await ledger.read(names) == ["a", "d"]


async def test_anything_may_be_an_item(ledger: Ledger) -> None:
    def echo(_connection: Connection, items: Sequence[object]) -> Sequence[object]:
        return items

    items: list[object] = [None, 0, "", (), False]
    assert await in_one_batch(ledger, [together(item, echo) for item in items]) == items  # type: ignore[arg-type]  # any


async def test_an_outage_is_told_to_every_group_and_nothing_is_changed(ledger: Ledger) -> None:
    def fills(connection: Connection, items: Sequence[str]) -> list[str]:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
        return [add(connection, item * 1_000_000) for item in items]

    told = await in_one_batch(ledger, [together("a"), together("x", fills), alone("b"), together("c")])
    assert [one.code for one in told if isinstance(one, Problem)] == ["storage_full"] * 4
    assert await ledger.read(names) == []


async def test_one_who_leaves_is_written_with_the_others(ledger: Ledger) -> None:
    busy, go = threading.Event(), threading.Event()

    def slow(connection: Connection, items: Sequence[str]) -> list[str]:
        busy.set()
        assert go.wait(10)
        return add_all(connection, items)

    staying = asyncio.create_task(ledger.write_together(slow, "a"))
    assert await asyncio.to_thread(busy.wait, 10)
    leaving, also = [asyncio.create_task(ledger.write_together(add_all, name)) for name in "bc"]
    await asyncio.sleep(0)
    leaving.cancel()
    go.set()
    told = await asyncio.gather(staying, leaving, also, return_exceptions=True)
    assert (told[0], type(told[1]), told[2]) == ("1:a", asyncio.CancelledError, "2:c")
    assert await ledger.read(names) == ["a", "b", "c"]


async def test_more_than_a_batch_is_written_in_several(ledger: Ledger) -> None:
    wanted = [f"{n:04}" for n in range(2 * BATCH + 7)]
    told = await in_one_batch(ledger, [together(name) for name in wanted])
    assert [one.partition(":")[2] for one in told] == wanted
    assert await ledger.read(names) == wanted


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the writer waited for others, each time."""
    made: list[float] = []
    monkeypatch.setattr(engine, "time", SimpleNamespace(sleep=made.append))
    return made


async def test_who_writes_alone_waits_for_nobody(ledger: Ledger, waits: list[float]) -> None:
    for name in "abcdefgh":
        await ledger.write_together(add_all, name)
    assert waits == []


async def test_only_the_commit_after_a_crowd_waits_for_another(ledger: Ledger, waits: list[float]) -> None:
    await in_one_batch(ledger, [together(f"crowd {n}") for n in range(CROWD)])
    assert waits == []
    for name in "abc":
        await ledger.write_together(add_all, name)
    assert waits == [GATHER_S]


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["alone", "add_all", "add_all_backwards"]), st.sampled_from("abcdefghijklmnop")
    ),
    max_size=24,
)


@settings(deadline=None, max_examples=60)
@given(st.lists(OPERATIONS, min_size=1, max_size=3))
def test_any_mixture_ends_as_plain_sets_do(batches: list[list[tuple[str, str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        migrate(Path(folder) / "ledger.sqlite")
        ledger = Ledger(Path(folder) / "ledger.sqlite")
        try:
            asyncio.run(_compare(ledger, batches))
        finally:
            ledger.close()


async def _compare(ledger: Ledger, batches: list[list[tuple[str, str]]]) -> None:
    works: dict[str, Any] = {"add_all": add_all, "add_all_backwards": add_all_backwards}
    model: set[str] = set()
    for operations in batches:
        asked = [alone(name) if how == "alone" else together(name, works[how]) for how, name in operations]
        told = await in_one_batch(ledger, asked)
        wanted: list[str | None] = []
        for how, group in _groups(operations):
            fits = len(set(group)) == len(group) and not model & set(group)
            model |= set(group) if fits else set()
            said = {"alone": "", "add_all": f"{len(group)}:", "add_all_backwards": "back "}[how]
            wanted += [f"{said}{name}" if fits else None for name in group]
        assert [one if isinstance(one, str) else None for one in told] == wanted
        assert all(isinstance(one, str | IntegrityError) for one in told)
        assert set(await ledger.read(names)) == model


def _groups(operations: Sequence[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    groups: list[tuple[str, list[str]]] = []
    for how, name in operations:
        if how != "alone" and groups and groups[-1][0] == how:
            groups[-1][1].append(name)
        else:
            groups.append((how, [name]))
    return groups


def entry(text: str, **facts: Any) -> NewEntry:
    person = Person(service=text, personnel_number=text, name=text)
    return NewEntry(
        operation=Operation.CONSULTATION,
        action="look",
        officer_id=text,
        person=person,
        case_ref=text,
        objects=(text,),
        query={"text": text},
        **facts,
    )


def everything(connection: Connection) -> list[Any]:
    return audit.entries(connection, agency=None, after=0, limit=100_000)


async def test_entries_for_another_version_of_the_policy_are_left_out_alone(ledger: Ledger) -> None:
    now = await ledger.read(lambda c: c.execute(select(tables.policy_version.c.version)).scalar_one())
    versions = [now, now + 1, None, now - 1, now, 0]
    written = [audit.write_out(entry(f"e{n}"), NOW, version) for n, version in enumerate(versions)]
    asked: list[Ask] = [
        lambda ledger, one=one: ledger.write_together(audit.append_together, one) for one in written
    ]  # type: ignore[misc]  # bound
    receipts = await in_one_batch(ledger, asked)
    assert [receipt and receipt.sequence for receipt in receipts] == [1, None, 2, None, 3, None]
    assert {receipt.policy_version for receipt in receipts if receipt} == {now}
    assert [(e.sequence, e.case_ref) for e in await ledger.read(everything)] == [
        (1, "e0"),
        (2, "e2"),
        (3, "e4"),
    ]
    lonely = await ledger.write_together(audit.append_together, written[1])
    assert lonely is None


@pytest.mark.parametrize("text", NASTY)
async def test_an_entry_is_read_back_as_it_was_written_whatever_its_letters(
    ledger: Ledger, text: str
) -> None:
    made = entry(text)
    await ledger.write_together(audit.append_together, audit.write_out(made, NOW))
    (read,) = await ledger.read(everything)
    written = made.model_dump(exclude={"whose", "officer_id"})  # the host acted, whatever it is called
    assert read.model_dump(include=written.keys()) == written
    assert read.at == NOW


async def test_more_entries_than_a_statement_binds_are_all_written(ledger: Ledger) -> None:
    count = 2 * audit.MOST_VALUES // len(log_tables.audit_entries.columns) + 3
    owners = tuple(f"owner-{n}" for n in range(audit.MOST_VALUES // len(log_tables.audit_parts.columns) + 3))
    written = [audit.write_out(entry(f"e{n}", owners=owners if n == 0 else ()), NOW) for n in range(count)]
    receipts = await ledger.write(lambda c: audit.append_together(c, written))
    assert [receipt and receipt.sequence for receipt in receipts] == list(range(1, count + 1))
    people = select(log_tables.audit_people.c.content).order_by(log_tables.audit_people.c.sequence)
    contents = await ledger.read(lambda c: c.execute(people).scalars().all())
    assert [read_person(content).case_ref for content in contents] == [f"e{n}" for n in range(count)]
    concerned = await ledger.read(lambda c: audit.entries(c, agency=owners[-1], after=0, limit=10))
    assert [(e.sequence, e.owners) for e in concerned] == [(1, owners[-1:])]
