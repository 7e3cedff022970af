"""Lets evidence go when its time is over: clips, bundle and documents of a request. A round of the workers.

The ledger says it first, and the log with the digest of every file; then the files go. What a kill leaves is swept.
"""

from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from broker.audit import store as audit
from broker.audit.models import Operation
from broker.clock import Clock
from broker.ledger.engine import Ledger
from broker.requests import queue
from broker.requests.models import Request
from broker.requests.service import request_entry
from broker.vault.keys import BUNDLES, CLIPS, DOCUMENTS
from broker.vault.store import Vault

ACTION: Final = "erase_evidence"


class EraseEvidence:
    """One request after another."""

    def __init__(self, ledger: Ledger, vault: Vault, clock: Clock) -> None:
        self._ledger = ledger
        self._vault = vault
        self._clock = clock

    async def due(self, by: datetime) -> list[Request]:
        """What goes by then, in the order in which it does."""
        return await self._ledger.read(lambda c: queue.to_erase(c, by))

    async def run(self) -> int:
        """How many requests' evidence went."""
        due = await self.due(self._clock.now())
        for request in due:
            if await self._ledger.write(partial(self._erase, request)):
                for prefix in (CLIPS, BUNDLES, DOCUMENTS):
                    await self._vault.keep_only(f"{prefix}/{request.id}", frozenset())
        return len(due)

    def _erase(self, request: Request, connection: Connection) -> bool:
        at = self._clock.now()
        if not queue.note_erased(connection, request.id, at):
            return False
        digests = sorted({clip.sha256 for item in request.items for clip in item.clips})
        digests += sorted({document.sha256 for document in request.documents})
        entry = request_entry(request, ACTION, Operation.ERASURE, tuple(digests))
        audit.append(connection, entry, at)
        return True
