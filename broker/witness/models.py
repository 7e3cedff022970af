"""What a witness remembers, and what it may find."""

from enum import StrEnum
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from adapters.contract.models import Instant

RECENT: Final = 100
"""So many notes are kept beside the first: what a log is held against when its ledger is checked."""


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wrong(StrEnum):
    """What an honest log never shows, or what no log shows."""

    FORKED = "forked"
    ROLLED_BACK = "rolled_back"
    NOT_CONTINUED = "not_continued"
    NOT_SIGNED = "not_signed"
    NO_CHECKPOINT = "no_checkpoint"


SIGNED: Final = frozenset({Wrong.FORKED, Wrong.ROLLED_BACK, Wrong.NOT_CONTINUED})
"""What the log put its signature to: a person has to look before anything is co-signed again. The others may come from
whatever stands between the log and the witness, and are tried again."""


class State(Model):
    """`key` and `log` are vkeys; `key` None until there is one. `first` and `recent` are checkpoints' notes with this
    witness's line, smallest first; `pending` says that the last has not reached the log. `alarm` names the file with
    the evidence of what a person has to look at."""

    version: Literal[1] = 1
    name: str
    key: str | None
    log: str
    first: str | None
    recent: tuple[str, ...]
    pending: bool
    alarm: str | None

    @property
    def last(self) -> str | None:
        return self.recent[-1] if self.recent else None

    def with_note(self, note: str) -> "State":
        kept = (*self.recent, note)[-RECENT:]
        return self.model_copy(update={"first": self.first or note, "recent": kept, "pending": True})


class Evidence(Model):
    """What was wrong, with all that is needed to see it: the note that was co-signed last, or was about to be; the
    answer of the log; and the proof that was to lead from one to the other, in hexadecimal. `given_base64` where the
    answer is no text."""

    wrong: Wrong
    sentence: str
    at: Instant
    log: str
    witness: str
    kept: str | None
    given: str | None
    given_base64: str | None
    proof: tuple[str, ...] | None


class Round(NamedTuple):
    """One look at the log. `size` is the largest tree that is co-signed, `root` its root in hexadecimal; both None
    before the log's first checkpoint. `handed_in` says whether a line was sent."""

    size: int | None
    root: str | None
    is_new: bool
    handed_in: bool


class Refused(Exception):
    """The witness does not sign; `evidence` names the file that says why, None where nothing was signed by the log."""

    def __init__(self, wrong: Wrong, sentence: str, evidence: str | None) -> None:
        super().__init__(sentence)
        self.wrong = wrong
        self.sentence = sentence
        self.evidence = evidence


class Unanswered(Exception):
    """The log did not answer, or answered what no broker does: it is asked again at the next round."""


class Declined(Exception):
    """The broker refused the call; the message is its own."""
