"""Evidence locks as hold. A lock's reference says for which hold it is.

Some versions of the gateway give a lock by its id and do not list them: so ids are also noted in the cache folder. A
note that is lost costs nothing where locks are listed; where they are not, a lock whose note is lost stays until an
operator of XProtect releases it.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

from pydantic import ValidationError

from adapters.contract.errors import Malformed, Misconfigured, NotFound
from adapters.contract.models import HoldOrder, HoldReceipt
from adapters.milestone.client import MilestoneClient
from adapters.milestone.mapping import Lock, lock_body, receipt


class EvidenceLocks:
    """The holds of one system."""

    def __init__(self, client: MilestoneClient, notes: Path) -> None:
        self._client = client
        self._notes = notes
        self._placing = asyncio.Lock()

    async def place(self, order: HoldOrder) -> HoldReceipt:
        async with self._placing:  # two orders of one key would not see each other's lock
            locks = await self._locks()
            if order.key not in locks:
                locks[order.key] = _lock(await self._client.lock(lock_body(order)))
                await asyncio.to_thread(self._note, order.key, locks[order.key].id)
        placed = receipt(locks[order.key])
        if placed is None:
            raise Malformed("XProtect locked another interval than it was asked for")
        return placed

    async def all(self) -> AsyncGenerator[HoldReceipt, None]:
        for _, lock in sorted((await self._locks()).items()):
            found = receipt(lock)
            if found is not None:
                yield found

    async def release(self, handle: str) -> None:
        lock = (await self._locks()).get(handle)
        if lock is not None:
            await self._client.unlock(lock.id)
        await asyncio.to_thread(self._note, handle, None)

    async def _locks(self) -> dict[str, Lock]:
        """Every lock that is a hold, by its key."""
        found: dict[str, Lock] = {}
        try:
            async for item in self._client.evidence_locks():
                try:
                    lock = _lock(item)
                except Malformed:
                    continue  # somebody else's, of a sort that this version does not know
                if lock.key is not None:
                    found.setdefault(lock.key, lock)
        except Misconfigured:
            for key, identifier in (await asyncio.to_thread(self._noted)).items():
                try:
                    found[key] = _lock(await self._client.evidence_lock(identifier))
                except NotFound:
                    continue
        return found

    def _noted(self) -> dict[str, str]:
        try:
            noted = json.loads(self._notes.read_text(encoding="utf-8"))
            return {str(key): str(value) for key, value in noted.items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def _note(self, key: str, identifier: str | None) -> None:
        """Written aside and renamed: never half a file."""
        noted = self._noted()
        if identifier is None:
            noted.pop(key, None)
        else:
            noted[key] = identifier
        self._notes.parent.mkdir(parents=True, exist_ok=True)
        aside = self._notes.with_suffix(".new")
        aside.write_text(json.dumps(noted), encoding="utf-8")
        aside.replace(self._notes)


def _lock(item: object) -> Lock:
    try:
        return Lock.model_validate(item)
    except ValidationError as error:
        raise Malformed("XProtect describes an evidence lock without its id or times") from error
