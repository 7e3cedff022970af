"""A log in memory with a key of its own, which may be made to say anything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from broker.transparency.notes import (
    Checkpoint,
    KeyKind,
    SignedNote,
    SigningKey,
    VerifierKey,
    cosignatures,
    new_key,
    open_checkpoint,
    sign_note,
)
from tests.broker.transparency.trees import consistency, root

ORIGIN = "log.test/log"


@dataclass
class ScriptedLog:
    """`leaves` is its history now. `handed` are the notes that it was given, `trees` every history it has signed, by
    root."""

    key: SigningKey = field(default_factory=lambda: new_key(ORIGIN, KeyKind.NOTE))
    leaves: list[bytes] = field(default_factory=list)
    handed: list[str] = field(default_factory=list)
    trees: dict[bytes, list[bytes]] = field(default_factory=dict)
    says: Callable[[], bytes | None] | None = None
    wants: Callable[[], bytes | None] | None = None
    proves: Callable[[int, int], Sequence[bytes]] | None = None
    takes: Callable[[str], None] | None = None

    @property
    def vkey(self) -> VerifierKey:
        return self.key.verifier

    def note(self) -> SignedNote:
        found = root(self.leaves)
        self.trees[found] = list(self.leaves)
        return sign_note(Checkpoint(self.key.name, len(self.leaves), found).body, [self.key])

    def shown(self) -> bytes:
        """The note with the lines handed in for it."""
        note = self.note()
        lines = [
            line
            for text in self.handed
            for line in open_checkpoint(text, self.vkey)[1].signatures
            if open_checkpoint(text, self.vkey)[1].body == note.body
        ]
        return SignedNote(note.body, tuple(dict.fromkeys((*note.signatures, *lines)))).text.encode()

    def checkpoint(self) -> bytes | None:
        return self.shown() if self.says is None else self.says()

    def to_cosign(self) -> bytes | None:
        return self.checkpoint() if self.wants is None else self.wants()

    def consistency(self, first: int, second: int) -> Sequence[bytes]:
        if self.proves is not None:
            return self.proves(first, second)
        return consistency(first, self.leaves[:second]) if first < second <= len(self.leaves) else []

    def hand_in(self, note: str) -> None:
        if self.takes is not None:
            self.takes(note)
        self.handed.append(note)

    def signed_by(self, witness: VerifierKey) -> list[Checkpoint]:
        """What the witness signed, as handed in; fails where a line is not its own."""
        found = []
        for text in self.handed:
            checkpoint, note = open_checkpoint(text, self.vkey)
            assert len(cosignatures(note, [witness])) == 1
            found.append(checkpoint)
        return found
