"""Brings committed entries into the tree, within a second, and signs what it has become.

Any number of processes may run one: a batch is prepared on what is read, and written in one transaction only if the
tree is still what it was prepared on. There is nothing to be held and nothing to be lost when one is killed.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

import structlog
from sqlalchemy import Connection

from broker.audit.texts import LeafRow, leaf_data
from broker.audit.tree import merkle, store
from broker.audit.tree.merkle import Growth, TileMissing
from broker.audit.tree.models import Standing, StoredCheckpoint
from broker.audit.tree.store import StoredTiles
from broker.clock import Clock
from broker.errors import Problem
from broker.ledger.engine import Ledger
from broker.stopping import heed_cancellation
from broker.transparency.notes import (
    Checkpoint,
    MalformedNote,
    NotSigned,
    SigningKey,
    VerifierKey,
    open_checkpoint,
    sign_note,
)
from broker.transparency.proofs import EMPTY_ROOT, leaf_hash

PERIOD_S: Final = 0.5
MOST_AT_ONCE: Final = 4096


class LogDamaged(Exception):
    """What is stored does not follow from what was signed: nothing more is signed until somebody has looked."""


class _Batch(NamedTuple):
    """A grown tree, its signed note, and what it grew from."""

    before: StoredCheckpoint | None
    growth: Growth
    note: str


class Sequencer:
    """One of the processes that may grow the tree; `key` is the log's."""

    def __init__(self, ledger: Ledger, clock: Clock, key: SigningKey) -> None:
        self._ledger = ledger
        self._clock = clock
        self._key = key
        self._log = structlog.get_logger("log tree")
        self.standing: Standing | None = None

    @property
    def key(self) -> VerifierKey:
        """The log's public key."""
        return self._key.verifier

    async def run(self) -> None:
        """Until it is cancelled. While nothing was written it looks twice a second, and does nothing else."""
        told: str | None = None
        while True:
            heed_cancellation()
            try:
                await self.catch_up()
                told = None
            except (Problem, LogDamaged) as error:
                if str(error) != told:
                    told = str(error)
                    self._log.error("the log's tree does not grow", reason=told)
            await asyncio.sleep(PERIOD_S)

    async def catch_up(self) -> int:
        """Brings everything that was committed until now into the tree; how many entries that were.

        `LogDamaged` where what is stored contradicts what was signed.
        """
        done = 0
        while (batch := await self._ledger.read(self._prepare)) is not None:
            if await self._ledger.write(partial(self._write, batch)):
                done += batch.growth.size - (0 if batch.before is None else batch.before.size)
        return done

    async def cover(self, sequence: int) -> None:
        """Returns once the entry of this sequence is in the tree, however many are written meanwhile; `LogDamaged` as
        `catch_up`."""
        while (batch := await self._ledger.read(self._prepare)) is not None:
            if (0 if batch.before is None else batch.before.size) >= sequence:
                return
            await self._ledger.write(partial(self._write, batch))

    def _prepare(self, connection: Connection) -> _Batch | None:
        """The next batch; None where every entry is in the tree."""
        self.standing = standing = store.standing(connection)
        if standing.entries == standing.size:
            return None
        if standing.entries < standing.size:
            raise LogDamaged(
                f"{standing.size} entries were signed, and there are {standing.entries}: run `entrevue audit verify`"
            )
        before, tiles = store.newest_checkpoint(connection), StoredTiles(connection)
        self._check(before, tiles)
        rows = store.leaves(connection, standing.size, MOST_AT_ONCE)
        _check_order(rows, standing.size)
        leaves = [leaf_hash(leaf_data(row).encode()) for row in rows]
        growth = merkle.grow(tiles, standing.size, leaves)
        checkpoint = Checkpoint(self._key.name, growth.size, growth.root)
        return _Batch(before, growth, sign_note(checkpoint.body, [self._key]).text)

    def _check(self, before: StoredCheckpoint | None, tiles: StoredTiles) -> None:
        """Passes where the tiles lead to what was signed last, by this very key."""
        size, signed = 0, EMPTY_ROOT
        if before is not None:
            try:
                checkpoint, _ = open_checkpoint(before.note, self._key.verifier)
            except (MalformedNote, NotSigned) as error:
                raise LogDamaged(
                    f"the newest checkpoint is not of this log's key and origin {self._key.name}: {error}"
                ) from error
            size, signed = checkpoint.size, checkpoint.root
            if size != before.size:
                raise LogDamaged(f"the checkpoint that is kept as of size {before.size} is of {size}")
        try:
            root = merkle.root(tiles, size)
        except TileMissing as error:
            raise LogDamaged(f"the tree is damaged: {error}") from error
        if root != signed:
            raise LogDamaged(f"the stored tree of {size} entries is not the one that was signed")

    def _write(self, batch: _Batch, connection: Connection) -> bool:
        """Whether the tree was still what the batch grew from; else another process was first."""
        if store.newest_checkpoint(connection) != batch.before:
            return False
        at = self._clock.now()
        store.put_tiles(connection, batch.growth.tiles)
        store.put_checkpoint(connection, StoredCheckpoint(batch.growth.size, at, batch.note))
        return True


def _check_order(rows: Sequence[LeafRow], after: int) -> None:
    for expected, row in enumerate(rows, after + 1):
        if row.sequence != expected:
            raise LogDamaged(f"entry {expected} is missing: run `entrevue audit verify`")
