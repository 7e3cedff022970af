"""Holds what a log shows against what was co-signed last: pure functions over notes.

Consistency is that of RFC 9162, 2.1.4; what is kept and shown are C2SP checkpoints.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from broker.transparency.notes import (
    Checkpoint,
    MalformedNote,
    NotSigned,
    SignedNote,
    VerifierKey,
    open_checkpoint,
)
from broker.transparency.proofs import is_consistent
from broker.witness.models import Wrong


@dataclass(frozen=True)
class Finding:
    """Why a checkpoint is not co-signed."""

    wrong: Wrong
    sentence: str


@dataclass(frozen=True)
class Shown:
    """A checkpoint that the log signed: it may be co-signed where it is proven to continue `since`, if there is one."""

    checkpoint: Checkpoint
    note: SignedNote
    since: Checkpoint | None

    @property
    def is_known(self) -> bool:
        return self.since is not None and self.since == self.checkpoint


def judge(given: bytes, log: VerifierKey, last: Checkpoint | None) -> Shown | Finding:
    """What is to be done about the log's answer."""
    try:
        checkpoint, note = open_checkpoint(given, log)
    except (MalformedNote, NotSigned) as error:
        return Finding(Wrong.NOT_SIGNED, f"what the broker shows as its checkpoint is not the log's: {error}")
    if last is None or checkpoint == last:
        return Shown(checkpoint, note, last)
    if checkpoint.size == last.size:
        sentence = (
            f"the log has two histories: {last.size} entries have the root {last.root.hex()} as co-signed here, "
            f"and {checkpoint.root.hex()} as it shows now"
        )
        return Finding(Wrong.FORKED, sentence)
    if checkpoint.size < last.size:
        sentence = (
            f"the log was rolled back: it had {last.size} entries when it was co-signed here, and shows "
            f"{checkpoint.size} now"
        )
        return Finding(Wrong.ROLLED_BACK, sentence)
    return Shown(checkpoint, note, last)


def check_growth(shown: Shown, proof: Sequence[bytes]) -> Finding | None:
    """None where the proof leads from the last checkpoint to this one."""
    since, now = shown.since, shown.checkpoint
    if since is None or is_consistent(since.size, now.size, since.root, now.root, proof):
        return None
    sentence = (
        f"the log does not continue what was co-signed here: its proof does not lead from {since.size} entries to the "
        f"{now.size} that it signed"
    )
    return Finding(Wrong.NOT_CONTINUED, sentence)
