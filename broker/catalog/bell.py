"""The bell that tells workers of due work. The ledger is the queue: who misses the bell finds the row by polling."""

import structlog

from broker.catalog.store import CatalogStore
from broker.errors import Problem


class WorkerBell:
    """Rung by whoever made something due, after that is durable."""

    def __init__(self, store: CatalogStore) -> None:
        self._store = store
        self._log = structlog.get_logger("catalog")

    async def ring(self) -> None:
        """Never fails: what is durable is not refused because nobody could be told of it."""
        try:
            await self._store.wake_worker()
        except Problem as problem:
            self._log.warning("worker not woken", code=problem.code)
