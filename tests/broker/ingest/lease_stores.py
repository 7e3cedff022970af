"""Leases in memory, on the event loop's time: what `CatalogStore` does in Redis. Both pass the same tests."""

import asyncio
from collections.abc import Sequence

from broker.catalog.fencing import Lease
from broker.errors import Problem


class MemoryLeases:
    """`is_away` makes every call fail as an outage does; `confirmed` is what was confirmed of a network."""

    def __init__(self) -> None:
        self._leases: dict[str, tuple[str, float]] = {}
        self.confirmed: dict[str, str] = {}
        self.is_away = False

    def holder(self, network_id: str) -> str | None:
        owner, until = self._leases.get(network_id, ("", 0.0))
        return owner if until > asyncio.get_running_loop().time() else None

    def _reach(self) -> float:
        if self.is_away:
            raise Problem("catalog_unavailable", "away")
        return asyncio.get_running_loop().time()

    async def hold_lease(self, network_id: str, owner: str, seconds: float) -> bool:
        now = self._reach()
        if self.holder(network_id) not in (None, owner):
            return False
        self._leases[network_id] = owner, now + seconds
        return True

    async def seize_lease(self, network_id: str, owner: str, seconds: float) -> None:
        self._leases[network_id] = owner, self._reach() + seconds

    async def renew_leases(self, leases: Sequence[Lease], seconds: float) -> list[tuple[bool, str | None]]:
        now, answers = self._reach(), []
        for lease in leases:
            is_held = self.holder(lease.network) == lease.token
            if is_held:
                self._leases[lease.network] = lease.token, now + seconds
            answers.append((is_held, self.confirmed.get(lease.network)))
        return answers

    async def drop_lease(self, network_id: str, owner: str) -> None:
        self._reach()
        if self.holder(network_id) == owner:
            del self._leases[network_id]
