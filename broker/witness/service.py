"""Looks at a log and co-signs what continues all that was co-signed before.

What is signed is written down before the signature leaves: a witness that is killed at any point hands in that very
line later, and never signs two trees of one size.
"""

import base64
from collections.abc import Sequence
from typing import Protocol

from broker.clock import Clock
from broker.transparency.notes import Checkpoint, SignedNote, cosign, parse_checkpoint, parse_note, parse_vkey
from broker.witness.judging import Finding, Shown, check_growth, judge
from broker.witness.models import SIGNED, Evidence, Refused, Round, State, Wrong
from broker.witness.store import WitnessFolder


class Log(Protocol):
    """A broker's log as auditors reach it. Each call raises `Unanswered` or `Declined`."""

    def checkpoint(self) -> bytes | None:
        """The newest note as it was sent; None where the broker says that there is none."""
        ...

    def to_cosign(self) -> bytes | None:
        """The note on which the broker wants its witnesses to meet: the newest, or one that others have signed."""
        ...

    def consistency(self, first: int, second: int) -> Sequence[bytes]:
        """The proof between two sizes."""
        ...

    def hand_in(self, note: str) -> None:
        """Gives the broker a note with our line."""
        ...


class Witness:
    """Signs for one log with one key; `folder` is its own as long as it is open."""

    def __init__(self, folder: WitnessFolder, log: Log, clock: Clock) -> None:
        self._folder = folder
        self._log = log
        self._clock = clock

    def round(self) -> Round:
        """Looks once. `Refused` where nothing may be signed."""
        state = self._folder.state
        if state.alarm is not None:
            found = self._folder.read_evidence(state.alarm)
            raise Refused(found.wrong, found.sentence, state.alarm)
        last = _last(state)
        newest = self._see(self._log.checkpoint(), last)
        if newest is None:
            return self._without_checkpoint(last)
        again = self._hand_in_again(newest)
        if newest.is_known:
            return _round(newest.checkpoint, is_new=False, handed_in=again)
        wanted = self._wanted(newest, last)
        if wanted is None:
            return _round(last, is_new=False, handed_in=again)
        self._folder.write(self._signed(wanted.note))
        self._hand_in()
        return _round(wanted.checkpoint, is_new=True, handed_in=True)

    def _wanted(self, newest: Shown, last: Checkpoint | None) -> Shown | None:
        """What to sign, proven to continue what was signed and to be continued by the newest; None where the others are
        waited for."""
        given = self._log.to_cosign()
        judged = None if given is None else judge(given, parse_vkey(self._folder.state.log), last)
        if judged is None or (isinstance(judged, Finding) and judged.wrong is Wrong.ROLLED_BACK):
            judged = newest  # a log that does not say, or that lost our line, is taken at its newest
        elif isinstance(judged, Finding):
            raise self._refused(judged, given or b"", self._folder.state.last)
        if judged.is_known:
            return None
        self._prove(judged, self._folder.state.last)
        if judged.checkpoint.size <= newest.checkpoint.size:
            self._prove(Shown(newest.checkpoint, newest.note, judged.checkpoint), judged.note.text)
        return judged

    def _see(self, given: bytes | None, last: Checkpoint | None) -> Shown | None:
        """The log's answer, where nothing is wrong with it by itself."""
        if given is None:
            return None
        judged = judge(given, parse_vkey(self._folder.state.log), last)
        if isinstance(judged, Finding):
            raise self._refused(judged, given, self._folder.state.last)
        return judged

    def _prove(self, shown: Shown, kept: str | None) -> None:
        """Passes where the log proves that it continues what `kept` is the note of."""
        since, now = shown.since, shown.checkpoint
        if since is None or since == now:
            return
        proof = tuple(self._log.consistency(since.size, now.size)) if since.size < now.size else ()
        if (finding := check_growth(shown, proof)) is not None:
            raise self._refused(finding, shown.note.text.encode(), kept, proof)

    def _without_checkpoint(self, last: Checkpoint | None) -> Round:
        if last is None:
            return _round(None, is_new=False, handed_in=False)
        sentence = (
            f"the broker says that its log has no checkpoint: one of {last.size} entries was co-signed here"
        )
        raise Refused(Wrong.NO_CHECKPOINT, sentence, None)

    def _hand_in_again(self, newest: Shown) -> bool:
        """What did not reach the log, or what it does not show any more under the very note that was signed."""
        state = self._folder.state
        if state.last is None:
            return False
        lines = parse_note(state.last).of(self._folder.key.verifier)
        forgotten = newest.is_known and not set(lines) & set(newest.note.signatures)
        if state.pending or forgotten:
            self._hand_in()
            return True
        return False

    def _hand_in(self) -> None:
        state = self._folder.state
        if state.last is not None:
            self._log.hand_in(state.last)
        self._folder.write(state.model_copy(update={"pending": False}))

    def _signed(self, note: SignedNote) -> State:
        """With the log's line and ours, which from now on is what we have seen."""
        state, key = self._folder.state, self._folder.key
        line = cosign(note.body, key, self._clock.now())
        return state.with_note(SignedNote(note.body, (*note.of(parse_vkey(state.log)), line)).text)

    def _refused(
        self, finding: Finding, given: bytes, kept: str | None, proof: Sequence[bytes] | None = None
    ) -> Refused:
        """Keeps the evidence of what the log signed, and the alarm with it."""
        if finding.wrong not in SIGNED:
            return Refused(finding.wrong, finding.sentence, None)
        state, text = self._folder.state, _text(given)
        evidence = Evidence(
            wrong=finding.wrong,
            sentence=finding.sentence,
            at=self._clock.now(),
            log=state.log,
            witness=self._folder.key.verifier.text,
            kept=kept,
            given=text,
            given_base64=base64.b64encode(given).decode() if text is None else None,
            proof=None if proof is None else tuple(each.hex() for each in proof),
        )
        return Refused(finding.wrong, finding.sentence, self._folder.keep_evidence(evidence))


def _last(state: State) -> Checkpoint | None:
    return None if state.last is None else parse_checkpoint(parse_note(state.last).body)


def _round(checkpoint: Checkpoint | None, *, is_new: bool, handed_in: bool) -> Round:
    if checkpoint is None:
        return Round(None, None, is_new, handed_in)
    return Round(checkpoint.size, checkpoint.root.hex(), is_new, handed_in)


def _text(given: bytes) -> str | None:
    try:
        return given.decode()
    except UnicodeDecodeError:
        return None
