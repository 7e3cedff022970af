"""A witness lives with a log that grows, forks, goes back and lies, and is killed at any point: whatever happens, all
that it ever signed is one history."""

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from broker.transparency.notes import VerifierKey, cosignatures, open_checkpoint
from broker.witness.models import Refused, State, Unanswered
from broker.witness.service import Witness
from broker.witness.store import WitnessFolder, opened, read_state
from tests.broker.witness.logs import ScriptedLog
from tests.world import StandingClock

NAME = "rail.test/witness"
LEAF = st.binary(min_size=1, max_size=2)


class Killed(BaseException):
    """Stands for the end of the process."""


class FragileFolder(WitnessFolder):
    """Dies before or after it writes, once."""

    dies: str | None = None

    def write(self, state: State) -> None:
        if self.dies == "before writing":
            raise Killed
        super().write(state)
        if self.dies == "after writing":
            raise Killed


class LifeOfAWitness(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._temporary = tempfile.TemporaryDirectory()
        self._folder = Path(self._temporary.name) / "witness"
        self._log = ScriptedLog(leaves=[b"first"])
        with opened(self._folder, NAME, self._log.vkey) as folder:
            self._key: VerifierKey = folder.key.verifier
        self._seen: list[tuple[int, bytes]] = []

    def teardown(self) -> None:
        self._temporary.cleanup()

    @rule(leaves=st.lists(LEAF, min_size=1, max_size=5))
    def grow(self, leaves: list[bytes]) -> None:
        self._log.leaves += leaves

    @rule(at=st.integers(0, 60), leaf=LEAF)
    def change_the_past(self, at: int, leaf: bytes) -> None:
        if self._log.leaves:
            self._log.leaves[at % len(self._log.leaves)] = leaf

    @rule(count=st.integers(1, 8))
    def go_back(self, count: int) -> None:
        del self._log.leaves[-count:]

    @precondition(lambda self: self._log.trees)
    @rule(data=st.data())
    def restore_an_old_history(self, data: st.DataObject) -> None:
        self._log.leaves = list(data.draw(st.sampled_from(list(self._log.trees.values()))))

    @rule()
    def forget_cosignatures(self) -> None:
        self._log.handed.clear()

    @rule(
        dies=st.sampled_from(
            [None, None, None, "before writing", "after writing", "handing in", "handed in"]
        ),
        lies=st.sampled_from([None, None, None, "garbage", "away", "wrong proof", "old proof"]),
        resumes=st.booleans(),
    )
    def look(self, dies: str | None, lies: str | None, resumes: bool) -> None:
        log = self._log
        log.says = {"garbage": lambda: b"garbage", "away": _away}.get(lies or "")
        log.proves = {
            "wrong proof": lambda _a, _b: [b"x" * 32],
            "old proof": lambda _a, b: ScriptedLog(leaves=[b"x"] * b).consistency(1, b),
        }.get(lies or "")

        def takes(note: str) -> None:
            self._remember(note)  # it has left, whatever becomes of us
            if dies == "handing in":
                raise Killed

        log.takes = takes
        with opened(self._folder, None, None) as its_own:
            folder = FragileFolder(self._folder, its_own.state, its_own.key)
            if resumes and folder.state.alarm is not None:
                folder.write(folder.state.model_copy(update={"alarm": None}))
            folder.dies = dies
            try:
                Witness(folder, log, StandingClock()).round()
            except (Killed, Refused, Unanswered):
                return

    def _remember(self, note: str) -> None:
        checkpoint, opened_note = open_checkpoint(note, self._log.vkey)
        assert len(cosignatures(opened_note, [self._key])) == 1
        self._seen.append((checkpoint.size, checkpoint.root))

    @invariant()
    def all_that_left_is_one_history(self) -> None:
        trees = [self._log.trees[root] for _, root in self._seen]
        for before, after in pairwise(trees):
            assert after[: len(before)] == before

    @invariant()
    def what_left_is_written_down(self) -> None:
        state = read_state(self._folder / "state.json")
        sizes = [open_checkpoint(text, self._log.vkey)[0].size for text in state.recent]
        assert sizes == sorted(set(sizes))
        if self._seen:
            assert state.last is not None
            assert sizes[-1] >= self._seen[-1][0]
        if state.first is not None:
            assert state.recent[0] == state.first or len(state.recent) == 100


def _away() -> bytes | None:
    raise Unanswered("away")


LifeOfAWitness.TestCase.settings = settings(deadline=None, max_examples=60, stateful_step_count=40)
TestLifeOfAWitness: Any = LifeOfAWitness.TestCase
