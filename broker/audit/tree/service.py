"""Hands out checkpoints and proofs, and takes what witnesses sign. Who may ask is decided by the caller, before."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from broker.audit.tree import merkle, store
from broker.audit.tree.models import ConsistencyProof, InclusionProof, StoredCheckpoint
from broker.audit.tree.store import StoredTiles
from broker.clock import Clock
from broker.errors import Problem
from broker.ledger.engine import Ledger
from broker.transparency.notes import MalformedNote, NotSigned, VerifierKey, parse_note, read_cosignature

WAIT_FOR_WITNESSES: Final = timedelta(seconds=150)
"""Two rounds of a witness that looks once a minute, and a half."""


class LogTree:
    """The service of this domain. `witnesses` are the keys whose cosignatures are taken."""

    def __init__(self, ledger: Ledger, clock: Clock, witnesses: Sequence[VerifierKey]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._witnesses = tuple(witnesses)

    async def checkpoint(self, size: int | None = None, *, cosigned: bool = False) -> str:
        """The note of this size, else the newest, or the newest that a witness co-signed, with the cosignatures known
        for it. `not_found` where there is none."""

        def read(connection: Connection) -> str:
            found = _checkpoint(connection, size, cosigned=cosigned)
            return found.note + "".join(store.cosignatures(connection, found.size))

        return await self._ledger.read(read)

    async def to_cosign(self) -> str:
        """The note that a witness should sign next: the one that others of the known have begun to sign, so that all
        meet on one tree however they take turns; once all have, or some have kept it waiting, the newest."""
        names = [key.name for key in self._witnesses]
        since = self._clock.now() - WAIT_FOR_WITNESSES

        def read(connection: Connection) -> str:
            found = store.waits_for(connection, names, since) or _checkpoint(connection, None)
            return found.note + "".join(store.cosignatures(connection, found.size))

        return await self._ledger.read(read)

    async def inclusion(self, index: int, size: int | None = None) -> InclusionProof:
        """Proves the entry of sequence `index` + 1 in the tree of `size`, else of the newest checkpoint."""
        return await self._ledger.read(lambda connection: prove_inclusion(connection, index, size))

    async def consistency(self, first: int, second: int) -> ConsistencyProof:
        """Proves that the tree only grew between two sizes."""

        def read(connection: Connection) -> ConsistencyProof:
            if not 0 <= first <= second:
                raise Problem("invalid", f"no tree of {second} entries begins with one of {first}")
            _check_covered(_checkpoint(connection, None).size, second)
            proof = merkle.consistency(StoredTiles(connection), first, second)
            return ConsistencyProof(first=first, second=second, hashes=tuple(each.hex() for each in proof))

        return await self._ledger.read(read)

    async def cosign(self, text: str) -> int:
        """Keeps the known witnesses' lines under a checkpoint of this log; how many were new. `Problem` where the note
        is none of this log's, or no known witness signed it."""
        try:
            note = parse_note(text)
            size = int(note.body.split("\n")[1])
        except (MalformedNote, ValueError, IndexError) as error:
            raise Problem("invalid", f"this is no checkpoint: {error}") from error
        lines = [(key.name, line) for key in self._witnesses for line in note.of(key)]
        try:
            for key in self._witnesses:
                for line in note.of(key):
                    read_cosignature(note.body, line, key)
        except (MalformedNote, NotSigned) as error:
            raise Problem("invalid", str(error)) from error
        if not lines:
            raise Problem("invalid", "no witness that this broker knows signed this note")

        def write(connection: Connection) -> int:
            kept = store.checkpoint(connection, size) if size <= merkle.LARGEST else None
            if kept is None or parse_note(kept.note).body != note.body:
                raise Problem("not_found", "this log has signed no such checkpoint")
            at = self._clock.now()
            return sum(
                store.put_cosignature(connection, size, name, line.line, at)
                for name, line in dict(lines).items()
            )

        return await self._ledger.write(write)


def prove_inclusion(connection: Connection, index: int, size: int | None = None) -> InclusionProof:
    """The proof, of one view of the ledger. `not_found` where the tree does not have the entry, or is not so large
    yet."""
    covered = _checkpoint(connection, None).size
    whole = covered if size is None else size
    if index < 0 or whole < 1:
        raise Problem("invalid", "an entry's index begins at 0, and a tree that has it at a size of 1")
    _check_covered(covered, whole)
    if index >= whole:
        raise Problem("not_found", f"a tree of {whole} entries has none at {index}")
    tiles = StoredTiles(connection)
    return InclusionProof(
        index=index,
        size=whole,
        leaf_hash=merkle.leaf(tiles, index).hex(),
        hashes=tuple(each.hex() for each in merkle.inclusion(tiles, index, whole)),
    )


def _checkpoint(connection: Connection, size: int | None, *, cosigned: bool = False) -> StoredCheckpoint:
    if size is None:
        found = store.newest_checkpoint(connection, cosigned=cosigned)
    else:
        found = store.checkpoint(connection, size)
    if found is None:
        raise Problem("not_found", "there is no such checkpoint of the log")
    return found


def _check_covered(covered: int, size: int) -> None:
    """Passes where the tree is as large."""
    if size > covered:
        raise Problem("not_found", f"the tree has {covered} entries so far")
