"""A log lives through writing, growing, restarts, overtaken batches and erasures in any order, as its model says."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from broker.audit import store as audit
from broker.audit.erasure.service import Erasure
from broker.audit.models import NewEntry, Operation
from broker.audit.tree import merkle
from broker.audit.tree.sequencer import Sequencer, _Batch
from broker.audit.tree.service import LogTree, prove_inclusion
from broker.audit.tree.store import StoredTiles
from broker.audit.verification.service import Trusted, verify_log
from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate
from broker.transparency.notes import KeyKind, new_key, open_checkpoint
from broker.transparency.proofs import is_consistent, is_included, leaf_hash
from tests.broker.transparency import trees
from tests.world import StandingClock

KEY = new_key("log.test/log", KeyKind.NOTE)
OWNERS = st.sets(st.sampled_from(["rail", "metro", "police"])).map(lambda names: tuple(sorted(names)))


class LifeOfALog(RuleBasedStateMachine):
    """The model is the list of leaves, and the roots that were signed."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name) / "ledger.sqlite"
        self._clock = StandingClock()
        self._leaves: list[bytes] = []
        self._signed: dict[int, bytes] = {}
        self._late: _Batch | None = None

    @initialize()
    def begin(self) -> None:
        migrate(self._file)
        self._open()

    def _open(self) -> None:
        self._ledger = Ledger(self._file)
        self._sequencer = Sequencer(self._ledger, self._clock, KEY)

    def teardown(self) -> None:
        self._ledger.close()
        self._folder.cleanup()

    def _run(self, work: Any) -> Any:
        return asyncio.run(work)

    def _read_leaves(self) -> None:
        found = self._run(
            self._ledger.read(lambda c: audit.entries(c, agency=None, after=len(self._leaves), limit=10_000))
        )
        self._leaves += [entry.leaf.encode() for entry in found]

    @rule(count=st.sampled_from([1, 2, 5, 130, 256]), owners=OWNERS, actor=st.none() | st.just("rail"))
    def write(self, count: int, owners: tuple[str, ...], actor: str | None) -> None:
        entry = NewEntry(operation=Operation.CONSULTATION, action="look", agency=actor, owners=owners)
        written = [audit.write_out(entry, self._clock.now()) for _ in range(count)]
        self._run(self._ledger.write(lambda c: audit.append_together(c, written)))
        before = len(self._leaves)
        self._read_leaves()
        assert len(self._leaves) == before + count

    @rule()
    def grow(self) -> None:
        self._run(self._sequencer.catch_up())
        self._note()

    def _note(self) -> None:
        if self._leaves:
            text = self._run(LogTree(self._ledger, self._clock, ()).checkpoint())
            checkpoint, _ = open_checkpoint(text, KEY.verifier)
            assert checkpoint.root == trees.root(self._leaves[: checkpoint.size])
            self._signed[checkpoint.size] = checkpoint.root

    @rule()
    def prepare(self) -> None:
        """A process that is about to write a batch, and is held up."""
        self._late = self._run(self._ledger.read(self._sequencer._prepare))

    @precondition(lambda self: self._late is not None)
    @rule()
    def write_late(self) -> None:
        late, self._late = self._late, None
        assert late is not None
        before = 0 if late.before is None else late.before.size
        done = self._run(self._ledger.write(lambda c: self._sequencer._write(late, c)))
        assert done is (before == max(self._signed, default=0))
        if done:
            self._note()

    @rule()
    def restart(self) -> None:
        self._ledger.close()
        self._open()

    @rule(days=st.sampled_from([-1000, -1, 1, 400]))
    def let_the_clock_jump(self, days: int) -> None:
        self._clock.advance(days=days)

    @rule()
    def erase(self) -> None:
        self._run(Erasure(self._ledger, self._clock, 183).run())
        self._read_leaves()

    @invariant()
    def every_signed_tree_is_provably_a_beginning_of_the_next(self) -> None:
        sizes = sorted(self._signed)
        if len(sizes) < 2:
            return
        first, second = sizes[-2:]
        found = self._run(self._ledger.read(lambda c: merkle.consistency(StoredTiles(c), first, second)))
        assert is_consistent(first, second, self._signed[first], self._signed[second], found)

    @invariant()
    def the_first_and_the_last_leaf_are_provably_there(self) -> None:
        for size in sorted(self._signed)[-1:]:
            for index in (0, size - 1):
                proof = self._run(self._ledger.read(lambda c, i=index, n=size: prove_inclusion(c, i, n)))
                hashes = [bytes.fromhex(each) for each in proof.hashes]
                leaf = leaf_hash(self._leaves[index])
                assert is_included(leaf, index, size, hashes, self._signed[size])

    @precondition(lambda self: bool(self._signed))
    @rule()
    def verify(self) -> None:
        found = self._run(self._ledger.read(lambda c: verify_log(c, Trusted(log=KEY.verifier))))
        assert (found.ok, found.findings) == (True, ())


TestLifeOfALog = LifeOfALog.TestCase
TestLifeOfALog.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
