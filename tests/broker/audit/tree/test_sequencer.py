"""Entries come into the tree whoever writes and whoever sequences; nothing is signed that contradicts what was."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.audit.tree import sequencer as sequencing
from broker.audit.tree.sequencer import LogDamaged, Sequencer
from broker.audit.tree.service import LogTree
from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate
from broker.transparency.notes import KeyKind, SigningKey, new_key, open_checkpoint
from broker.transparency.proofs import is_consistent, is_included, leaf_hash
from tests.broker.transparency import trees
from tests.world import NOW, StandingClock

KEY = new_key("log.test/log", KeyKind.NOTE)
ENTRY = NewEntry(operation=Operation.CONSULTATION, action="look", agency="rail", officer_id="off_1")


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    migrate(tmp_path / "ledger.sqlite")
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def sequencer(ledger: Ledger, clock: StandingClock) -> Sequencer:
    return Sequencer(ledger, clock, KEY)


@pytest.fixture
def tree(ledger: Ledger, clock: StandingClock) -> LogTree:
    return LogTree(ledger, clock, ())


async def write(ledger: Ledger, count: int) -> None:
    entries = [audit.write_out(ENTRY, NOW) for _ in range(count)]
    await ledger.write(lambda c: audit.append_together(c, entries))


async def change(ledger: Ledger, *statements: str) -> None:
    """What only somebody at the database can do."""

    def work(connection: Connection) -> None:
        for table in ("audit_entries", "log_checkpoints"):
            for what in ("update", "delete", "replace"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_refuse_{what}")
        for statement in statements:
            connection.exec_driver_sql(statement)

    await ledger.write(work)


async def root(tree: LogTree, size: int | None = None, key: SigningKey = KEY) -> tuple[int, bytes]:
    checkpoint, _ = open_checkpoint(await tree.checkpoint(size), key.verifier)
    return checkpoint.size, checkpoint.root


async def leaves(ledger: Ledger) -> list[bytes]:
    found = await ledger.read(lambda c: audit.entries(c, agency=None, after=0, limit=100_000))
    return [entry.leaf.encode() for entry in found]


async def test_the_checkpoint_is_over_every_leaf_that_readers_see(
    ledger: Ledger, sequencer: Sequencer, tree: LogTree
) -> None:
    await write(ledger, 300)
    assert await sequencer.catch_up() == 300
    assert await root(tree) == (300, trees.root(await leaves(ledger)))


async def test_nothing_new_writes_nothing(ledger: Ledger, sequencer: Sequencer) -> None:
    assert await sequencer.catch_up() == 0
    await write(ledger, 1)
    await sequencer.catch_up()
    before = await ledger.read(
        lambda c: c.exec_driver_sql("SELECT count(*) FROM log_checkpoints").scalar_one()
    )
    assert await sequencer.catch_up() == 0
    after = await ledger.read(
        lambda c: c.exec_driver_sql("SELECT count(*) FROM log_checkpoints").scalar_one()
    )
    assert (before, after) == (1, 1)


async def test_more_than_a_batch_is_brought_in_by_several(
    ledger: Ledger, sequencer: Sequencer, tree: LogTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencing, "MOST_AT_ONCE", 100)
    await write(ledger, 250)
    assert await sequencer.catch_up() == 250
    assert [(await root(tree, size))[0] for size in (100, 200, 250)] == [100, 200, 250]
    assert (await root(tree))[1] == trees.root(await leaves(ledger))


async def test_every_proof_over_what_was_written_is_accepted(
    ledger: Ledger, sequencer: Sequencer, tree: LogTree
) -> None:
    sizes = []
    for count in (1, 2, 254, 3, 40):
        await write(ledger, count)
        await sequencer.catch_up()
        sizes.append((await root(tree))[0])
    data = await leaves(ledger)
    for index in (0, 1, 2, 255, 256, 299):
        proof = await tree.inclusion(index)
        hashes = [bytes.fromhex(each) for each in proof.hashes]
        assert proof.leaf_hash == leaf_hash(data[index]).hex()
        assert is_included(leaf_hash(data[index]), index, proof.size, hashes, (await root(tree))[1])
    for first in sizes:
        for second in sizes[sizes.index(first) :]:
            proven = [bytes.fromhex(each) for each in (await tree.consistency(first, second)).hashes]
            roots = ((await root(tree, first))[1], (await root(tree, second))[1])
            assert is_consistent(first, second, *roots, proven)


async def test_of_two_at_once_one_writes_and_the_tree_is_the_same(
    ledger: Ledger, tmp_path: Path, tree: LogTree, clock: StandingClock
) -> None:
    other = Ledger(tmp_path / "ledger.sqlite")
    one, two = Sequencer(ledger, clock, KEY), Sequencer(other, clock, KEY)
    for count in (1, 7, 300):
        await write(ledger, count)
        done = await asyncio.gather(one.catch_up(), two.catch_up())
        assert sum(done) == count
    other.close()
    assert await root(tree) == (308, trees.root(await leaves(ledger)))


async def test_a_batch_that_another_process_overtook_is_not_written(
    ledger: Ledger, sequencer: Sequencer, tree: LogTree, clock: StandingClock
) -> None:
    await write(ledger, 3)
    late = await ledger.read(sequencer._prepare)
    assert late is not None
    await write(ledger, 2)
    assert await Sequencer(ledger, clock, KEY).catch_up() == 5
    assert await ledger.write(lambda c: sequencer._write(late, c)) is False
    assert await root(tree) == (5, trees.root(await leaves(ledger)))


@pytest.mark.parametrize("jump_s", [-400 * 86_400, 400 * 86_400])
async def test_a_clock_that_jumps_changes_nothing_but_the_time_that_is_noted(
    ledger: Ledger, sequencer: Sequencer, tree: LogTree, clock: StandingClock, jump_s: int
) -> None:
    await write(ledger, 2)
    await sequencer.catch_up()
    clock.advance(seconds=jump_s)
    await write(ledger, 2)
    assert await sequencer.catch_up() == 2
    assert await root(tree) == (4, trees.root(await leaves(ledger)))
    assert sequencer.standing is not None
    assert sequencer.standing.at == clock.now()


TAMPERED: dict[str, tuple[str, ...]] = {
    "3 entries were signed": ("DELETE FROM audit_entries WHERE sequence > 2",),
    "is not the one that was signed": ("UPDATE log_tiles SET hashes = zeroblob(96)",),
    "the tree is damaged: tile 0 of level 0": ("DELETE FROM log_tiles",),
    "entry 4 is missing": (
        "INSERT INTO audit_entries SELECT 9, at, agency, operation, action, decision, purpose, commitments "
        "FROM audit_entries WHERE sequence = 1",
    ),
    "is not of this log's key": (
        "UPDATE log_checkpoints SET note = replace(note, 'log.test', 'other.test')",
    ),
    "kept as of size 2": ("UPDATE log_checkpoints SET size = 2",),
}


@pytest.mark.parametrize("reason", sorted(TAMPERED))
async def test_nothing_is_signed_on_what_contradicts_what_was(
    ledger: Ledger, sequencer: Sequencer, reason: str
) -> None:
    await write(ledger, 3)
    await sequencer.catch_up()
    await change(ledger, *TAMPERED[reason])
    if "DELETE FROM audit" not in TAMPERED[reason][0] and "INSERT" not in TAMPERED[reason][0]:
        await write(ledger, 1)
    count = await ledger.read(
        lambda c: c.exec_driver_sql("SELECT count(*) FROM log_checkpoints").scalar_one()
    )
    with pytest.raises(LogDamaged, match=reason):
        await sequencer.catch_up()
    after = await ledger.read(
        lambda c: c.exec_driver_sql("SELECT count(*) FROM log_checkpoints").scalar_one()
    )
    assert after == count


async def test_another_key_of_the_same_name_signs_nothing_on_top(
    ledger: Ledger, sequencer: Sequencer, clock: StandingClock
) -> None:
    await write(ledger, 3)
    await sequencer.catch_up()
    await write(ledger, 1)
    with pytest.raises(LogDamaged, match="not of this log's key"):
        await Sequencer(ledger, clock, new_key(KEY.name, KeyKind.NOTE)).catch_up()


async def test_it_goes_on_by_itself_through_outages_until_it_is_cancelled(
    ledger: Ledger, sequencer: Sequencer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencing, "PERIOD_S", 0.0)
    await write(ledger, 2)
    task = asyncio.create_task(sequencer.run())
    await until(lambda: _is_at(sequencer, 2))
    await change(ledger, "ALTER TABLE log_tiles RENAME TO away", "CREATE TABLE log_tiles (level, n, hashes)")
    await write(ledger, 2)
    for _ in range(50):
        await asyncio.sleep(0)
    assert not task.done()
    await change(ledger, "DROP TABLE log_tiles", "ALTER TABLE away RENAME TO log_tiles")
    await until(lambda: _is_at(sequencer, 4))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def _is_at(sequencer: Sequencer, size: int) -> bool:
    return sequencer.standing is not None and sequencer.standing.size == size


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0)


async def test_covering_an_entry_does_not_wait_for_those_that_are_written_meanwhile(
    ledger: Ledger, sequencer: Sequencer, tree: LogTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others write a batch for each that is brought in, and the tree never has all."""
    monkeypatch.setattr(sequencing, "MOST_AT_ONCE", 10)
    await write(ledger, 35)
    grow = sequencer._write

    def and_others_write(batch: object, connection: Connection) -> bool:
        audit.append_together(connection, [audit.write_out(ENTRY, NOW) for _ in range(10)])
        return grow(batch, connection)

    monkeypatch.setattr(sequencer, "_write", and_others_write)
    await sequencer.cover(35)
    size, _ = await root(tree)
    assert size == 40
    await sequencer.cover(40)
    assert (await root(tree))[0] == 40
