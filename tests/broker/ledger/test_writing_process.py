"""What many callers have alike, written by a process of its own that may end at any moment."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.errors import Problem
from broker.ledger import tables
from broker.ledger.engine import BATCH, Ledger
from broker.ledger.writing_process import WritingProcess, writing_process
from tests.process_ids import until_gone
from tests.world import NOW

OWNER = """
import asyncio, sys
from pathlib import Path
from broker.ledger.engine import Ledger
from broker.ledger.writing_process import writing_process
from tests.broker.ledger.test_writing_process import add_all

async def main():
    ledger = Ledger(Path(sys.argv[1]))
    async with writing_process(ledger) as process:
        await ledger.write_together(add_all, "kept")
        print(process.process_id, flush=True)
        await asyncio.Event().wait()

if __name__ == "__main__":
    asyncio.run(main())
"""


def add_all(connection: Connection, names: Sequence[str]) -> list[str]:
    for name in names:
        connection.execute(insert(tables.agencies).values(id=name, name=name))
    return [f"{len(names)}:{name}" for name in names]


def process_ids(_connection: Connection, items: Sequence[object]) -> list[int]:
    return [os.getpid() for _ in items]


def end_suddenly(_connection: Connection, names: Sequence[str]) -> list[str]:
    os.kill(os.getpid(), signal.SIGKILL)
    return list(names)


def add_and_end(connection: Connection, names: Sequence[str]) -> list[str]:
    add_all(connection, names)
    return end_suddenly(connection, names)


def refuse(_connection: Connection, names: Sequence[str]) -> list[str]:
    raise Problem("invalid", f"refused {names[0]}", retry_after_s=7)


def forget(connection: Connection, names: Sequence[str]) -> list[str]:
    return add_all(connection, names)[1:]


def in_order(connection: Connection) -> list[str]:
    return list(connection.execute(select(tables.agencies.c.id).order_by(tables.agencies.c.id)).scalars())


@pytest.fixture
async def beside(ledger: Ledger) -> AsyncIterator[WritingProcess]:
    async with writing_process(ledger) as process:
        yield process


async def all_of(ledger: Ledger, work: Any, items: Sequence[Any]) -> list[Any]:
    return await asyncio.gather(*(ledger.write_together(work, one) for one in items), return_exceptions=True)


async def test_it_is_another_process_and_answers_in_turn(ledger: Ledger, beside: WritingProcess) -> None:
    assert await all_of(ledger, add_all, "dab") == ["3:d", "3:a", "3:b"]
    assert await ledger.read(in_order) == ["a", "b", "d"]
    (writer,) = await all_of(ledger, process_ids, [None])
    assert writer == beside.process_id != os.getpid()


async def test_who_comes_while_a_commit_is_made_shares_the_next_one(
    ledger: Ledger, beside: WritingProcess
) -> None:
    first = asyncio.create_task(ledger.write_together(add_all, "first"))
    while not beside._writing:
        await asyncio.sleep(0)
    rest = await all_of(ledger, add_all, ["x", "y"])
    assert [await first, *rest] == ["1:first", "2:x", "2:y"]


async def test_more_than_a_batch_is_written_in_several(ledger: Ledger, beside: WritingProcess) -> None:
    names = [f"{n:04}" for n in range(2 * BATCH + 7)]
    told = await all_of(ledger, add_all, names)
    assert [one.partition(":")[2] for one in told] == names
    assert {one.partition(":")[0] for one in told} == {str(BATCH), "7"}
    assert await ledger.read(in_order) == names


async def test_different_work_is_not_mixed(ledger: Ledger, beside: WritingProcess) -> None:
    told = await asyncio.gather(
        ledger.write_together(add_all, "a"),
        ledger.write_together(refuse, "b"),
        ledger.write_together(add_all, "c"),
        return_exceptions=True,
    )
    assert told[0] == "1:a"
    assert isinstance(told[1], Problem)
    assert told[2] == "1:c"


async def test_a_problem_comes_back_as_it_was_raised(ledger: Ledger, beside: WritingProcess) -> None:
    (told,) = await all_of(ledger, refuse, ["b"])
    assert isinstance(told, Problem)
    assert (told.code, told.detail, told.retry_after_s) == ("invalid", "refused b", 7)


@pytest.mark.parametrize("work", [add_all, forget])
async def test_work_that_fails_changes_nothing_and_says_no_value(
    ledger: Ledger, beside: WritingProcess, work: Any
) -> None:
    await ledger.write_together(add_all, "twice")
    told = await all_of(ledger, work, ["secret", "twice"])
    assert [type(one) for one in told] == [RuntimeError, RuntimeError]
    assert "secret" not in str(told[0])
    assert await ledger.read(in_order) == ["twice"]
    assert await all_of(ledger, add_all, ["after"]) == ["1:after"]


async def test_what_cannot_be_sent_fails_alone(ledger: Ledger, beside: WritingProcess) -> None:
    (told,) = await all_of(ledger, add_all, [lambda: None])
    assert isinstance(told, Exception)
    assert await all_of(ledger, add_all, ["after"]) == ["1:after"]


@pytest.mark.parametrize("work", [end_suddenly, add_and_end])
async def test_a_process_that_ends_takes_its_commit_along_and_is_started_again(
    ledger: Ledger, beside: WritingProcess, work: Any
) -> None:
    before = beside.process_id
    told = await all_of(ledger, work, "ab")
    assert [one.code for one in told] == ["ledger_unavailable"] * 2
    assert await all_of(ledger, add_all, "cd") == ["2:c", "2:d"]
    assert await ledger.read(in_order) == ["c", "d"]
    assert beside.process_id not in (None, before)


async def test_one_that_is_killed_while_nobody_waits_is_started_again(
    ledger: Ledger, beside: WritingProcess
) -> None:
    before = beside.process_id
    assert before is not None
    os.kill(before, signal.SIGKILL)
    while beside.process_id == before:
        await asyncio.sleep(0.01)
    assert await all_of(ledger, add_all, "a") == ["1:a"]


async def test_an_outage_is_told_as_one(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    file.write_bytes(b"not a database " * 100)
    process = WritingProcess(file)
    try:
        told = await asyncio.gather(process.write(add_all, "a"), return_exceptions=True)
        assert [one.code for one in told if isinstance(one, Problem)] == ["ledger_unavailable"]
    finally:
        await process.close()


async def test_who_leaves_is_written_with_the_others(ledger: Ledger, beside: WritingProcess) -> None:
    leaving = asyncio.create_task(ledger.write_together(add_all, "leaving"))
    staying = asyncio.create_task(ledger.write_together(add_all, "staying"))
    while not beside._writing:
        await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == "2:staying"
    assert await ledger.read(in_order) == ["leaving", "staying"]


async def test_closing_waits_for_what_was_begun_and_ends_the_process(ledger: Ledger) -> None:
    async with writing_process(ledger) as process:
        process_id = process.process_id
        task = asyncio.create_task(ledger.write_together(add_all, "last"))
        await asyncio.sleep(0)
    assert await task == "1:last"
    assert process_id is not None
    until_gone(process_id)
    assert await ledger.write_together(process_ids, None) == os.getpid()


async def test_asking_to_end_it_does_not_end_it_before_its_parent(
    ledger: Ledger, beside: WritingProcess
) -> None:
    await ledger.write_together(add_all, "a")
    assert beside.process_id is not None
    os.kill(beside.process_id, signal.SIGTERM)
    os.kill(beside.process_id, signal.SIGINT)
    before = beside.process_id
    assert await all_of(ledger, add_all, "b") == ["1:b"]
    assert beside.process_id == before


def test_it_ends_with_a_parent_that_is_killed(ledger_file: Path, tmp_path: Path) -> None:
    program = tmp_path / "owner.py"
    program.write_text(OWNER)
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(
        [sys.executable, program, ledger_file], stdout=subprocess.PIPE, text=True, env=environment
    ) as owner:
        assert owner.stdout is not None
        writer = int(owner.stdout.readline())
        owner.kill()
    until_gone(writer)


async def test_a_draft_without_words_fails_alone(ledger: Ledger, beside: WritingProcess) -> None:
    version = await ledger.read(lambda c: c.execute(select(tables.policy_version.c.version)).scalar_one())
    sound = NewEntry(operation=Operation.CONSULTATION, action="look", query={"q": "é"})
    broken = sound.model_copy(update={"query": {"q": "\ud800"}})
    drafts = [
        audit.Draft(entry, NOW, at)
        for entry, at in ((sound, version), (broken, version), (sound, version + 1))
    ]
    told = await all_of(ledger, audit.append_drafts, [*drafts, drafts[0]])
    assert [type(one) for one in told] == [audit.Receipt, audit.Unwritable, type(None), audit.Receipt]
    assert [told[0].sequence, told[3].sequence] == [1, 2]
    assert await ledger.read(audit.last_sequence) == 2


async def test_both_writers_take_turns(ledger: Ledger, beside: WritingProcess) -> None:
    together = [ledger.write_together(add_all, f"beside {n:02}") for n in range(40)]
    alone = [ledger.write(lambda c, n=n: add_all(c, [f"here {n:02}"])) for n in range(40)]  # type: ignore[misc]
    await asyncio.gather(*together, *alone)
    assert len(await ledger.read(in_order)) == 80


async def test_integrity_errors_of_its_own_thread_stay_what_they_are(ledger: Ledger) -> None:
    with pytest.raises(IntegrityError):
        await ledger.write_together(add_all, None)
