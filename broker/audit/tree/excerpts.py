"""What a bundle carries of the log: what was done about a request, as its requester's agency may read it, with proofs.

All proofs lead to one checkpoint, which witnesses that are at work get the time to co-sign.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection

from broker.audit import store as audit
from broker.audit.models import Entry, Operation
from broker.audit.tree import merkle, store
from broker.audit.tree.models import StoredCheckpoint
from broker.audit.tree.sequencer import LogDamaged, Sequencer
from broker.audit.tree.store import StoredTiles
from broker.clock import Clock
from broker.ledger.engine import Ledger
from broker.transparency.inclusion import EntryProof
from broker.transparency.notes import VerifierKey

IS_AT_WORK: Final = timedelta(minutes=10)
"""Who has signed nothing for as long is not waited for."""
MOST_ENTRIES: Final = 50_000
DONE: Final = frozenset(Operation) - {Operation.CONSULTATION, Operation.DISCLOSURE}
"""What is done about a request. Who looked at it is for auditors, and of any number."""


class ExcerptNotReady(Exception):
    """The log cannot prove the entries yet; the message says what it waits for."""


class ProvenEntry(NamedTuple):
    """An entry as an agency may read it, and that it is in the tree."""

    entry: Entry
    proof: EntryProof


class Excerpt(NamedTuple):
    """Entries in order, proven in one checkpoint of the log of this key; the witnesses that the broker knows."""

    key: VerifierKey
    witnesses: tuple[VerifierKey, ...]
    entries: tuple[ProvenEntry, ...]


class Excerpts:
    """Grows the tree where the entries are not in it yet: nobody has to wait for that."""

    def __init__(
        self, ledger: Ledger, clock: Clock, sequencer: Sequencer, witnesses: Sequence[VerifierKey]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._sequencer = sequencer
        self._witnesses = tuple(witnesses)

    async def about(self, request_id: str, agency: str, patient_until: datetime) -> Excerpt:
        """`ExcerptNotReady` where the tree does not grow, or where a witness at work has not co-signed by then and
        `patient_until` is not over."""

        def find(connection: Connection) -> list[Entry]:
            return audit.entries(
                connection,
                agency=agency,
                after=0,
                limit=MOST_ENTRIES,
                request_id=request_id,
                operations=DONE,
            )

        found = await self._ledger.read(find)
        if found:
            try:
                await self._sequencer.cover(found[-1].sequence)
            except LogDamaged as error:
                raise ExcerptNotReady(f"the log's tree does not grow: {error}") from error
        is_patient = self._clock.now() < patient_until
        proven = await self._ledger.read(lambda c: self._prove(c, found, is_patient=is_patient))
        return Excerpt(self._sequencer.key, self._witnesses, proven)

    def _prove(
        self, connection: Connection, entries: Sequence[Entry], *, is_patient: bool
    ) -> tuple[ProvenEntry, ...]:
        if not entries:
            return ()
        kept = self._checkpoint(connection, entries[-1].sequence, is_patient=is_patient)
        note = kept.note + "".join(store.cosignatures(connection, kept.size))
        tiles = StoredTiles(connection)

        def proof(index: int) -> EntryProof:
            return EntryProof(index, tuple(merkle.inclusion(tiles, index, kept.size)), note)

        return tuple(ProvenEntry(entry, proof(entry.sequence - 1)) for entry in entries)

    def _checkpoint(self, connection: Connection, size: int, *, is_patient: bool) -> StoredCheckpoint:
        """The checkpoint that most witnesses co-signed, of those that have the entries."""
        names = [key.name for key in self._witnesses]
        found = store.most_cosigned(connection, size, names)
        if is_patient:
            at_work = store.signed_since(connection, names, self._clock.now() - IS_AT_WORK)
            signed = set() if found is None else store.cosigners(connection, found.size)
            if missing := at_work - signed:
                raise ExcerptNotReady(f"the log is yet to be co-signed by {', '.join(sorted(missing))}")
        newest = found or store.newest_checkpoint(connection)
        if newest is None or newest.size < size:
            raise ExcerptNotReady(f"the log's tree has not reached entry {size}")
        return newest
