"""Removes pictures of cameras that have sent none for too long. A round of the workers."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import unquote

from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.clock import Clock
from broker.ledger.engine import Ledger
from broker.vault.keys import REFERENCES, SNAPSHOTS
from broker.vault.store import Entry, Vault

ACTION: Final = "erase_snapshots"


class EraseSnapshots:
    """The latest pictures, and what the next ones are compared with."""

    def __init__(self, ledger: Ledger, vault: Vault, clock: Clock, kept_days: float) -> None:
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self.kept = timedelta(days=kept_days)

    async def due(self, by: datetime) -> AsyncIterator[tuple[str, Entry]]:
        """Camera and picture."""
        for prefix in (SNAPSHOTS, REFERENCES):
            async for entry in self._vault.entries(prefix):
                if not entry.is_half and entry.changed_at + self.kept <= by:
                    yield unquote(entry.key.partition("/")[2].rpartition(".")[0]), entry

    async def run(self) -> int:
        """How many files went; the log says so before they do."""
        due = [entry async for _, entry in self.due(self._clock.now())]
        if due:
            before = (self._clock.now() - self.kept).isoformat().replace("+00:00", "Z")
            entry = NewEntry(
                operation=Operation.ERASURE,
                action=ACTION,
                officer_id=audit.HOST,
                query={"files": len(due), "before": before},
            )
            await self._ledger.write(lambda c: audit.append(c, entry, self._clock.now()))
        for each in due:
            await self._vault.remove(each)
        return len(due)
