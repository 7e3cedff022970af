"""Removes from the vault what the ledger does not name: clips of withdrawn items, what killed workers left.

And tells where the vault has lost what the ledger names.
"""

from collections import defaultdict
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from broker.agencies.models import Role
from broker.agencies.notices.service import Addressee, Notices
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.clock import Clock
from broker.ledger.engine import Ledger
from broker.requests import queue, store
from broker.requests.service import request_entry
from broker.requests.states import FINAL_REQUESTS
from broker.vault.keys import BUNDLES, CLIPS, DOCUMENTS, REFERENCES, SNAPSHOTS, bundles_prefix, clips_prefix
from broker.vault.store import Entry, Vault

SETTLED: Final = timedelta(days=1)
"""Files younger than this may belong to work that is under way."""
LOST: Final = "evidence_lost"


async def keep_named_clips(ledger: Ledger, vault: Vault, request_id: str) -> None:
    """Once a request is finished nobody makes clips of it any more: those it does not name can go."""
    request = await ledger.read(lambda c: store.find(c, request_id))
    if request is not None and request.state in FINAL_REQUESTS:
        await vault.keep_only(clips_prefix(request_id), request.vault_keys)


async def keep_named_bundle(ledger: Ledger, vault: Vault, request_id: str) -> None:
    """Once a request is sealed no other bundle of it is ever handed out."""
    request = await ledger.read(lambda c: store.find(c, request_id))
    if request is not None and request.bundle_key is not None:
        await vault.keep_only(bundles_prefix(request_id), request.vault_keys)


class SweepVault:
    """The whole vault against the ledger: a round of the workers."""

    def __init__(self, ledger: Ledger, vault: Vault, notices: Notices, clock: Clock) -> None:
        self._ledger = ledger
        self._vault = vault
        self._notices = notices
        self._clock = clock
        self._log = structlog.get_logger("vault")

    async def run(self) -> None:
        for prefix in (SNAPSHOTS, REFERENCES):
            async for entry in self._vault.entries(prefix):
                if entry.is_half and self._is_settled(entry):
                    await self._vault.remove(entry)
        found = defaultdict[str, list[Entry]](list)
        for prefix in (CLIPS, BUNDLES, DOCUMENTS):
            async for entry in self._vault.entries(prefix):
                found[entry.key.split("/")[1]].append(entry)
        for request_id, entries in found.items():
            await self._sweep(request_id, entries)
        there = {entry.key for entries in found.values() for entry in entries}
        lost = defaultdict[str, list[str]](list)
        for request_id, key in await self._ledger.read(queue.named_keys):
            if key not in there and not await self._vault.has(key):
                lost[request_id].append(key)
        for request_id, keys in lost.items():
            await self._ledger.write(partial(self._tell, request_id, keys))

    def _is_settled(self, entry: Entry) -> bool:
        return self._clock.now() - entry.changed_at >= SETTLED

    async def _sweep(self, request_id: str, entries: list[Entry]) -> None:
        request = await self._ledger.read(lambda c: store.find(c, request_id))
        at = self._clock.now()
        if request is not None and await self._ledger.read(lambda c: queue.is_under_way(c, request_id, at)):
            return
        named = frozenset[str]() if request is None else request.vault_keys
        is_erased = request is not None and request.erased_at is not None
        for entry in entries:
            if entry.key not in named and (is_erased or self._is_settled(entry)):
                await self._vault.remove(entry)

    def _tell(self, request_id: str, keys: list[str], connection: Connection) -> None:
        """Whoever relies on it learns that it is gone while there may be a remedy."""
        at = self._clock.now()
        request = store.find(connection, request_id)
        if request is None or request.vault_keys.isdisjoint(keys):
            return
        told = [Addressee(request.agency, officer_id=request.requester.officer_id)]
        told += [Addressee(owner, Role.ADMINISTRATOR) for owner in request.owners]
        if self._notices.tell_once(connection, told, LOST, request.id, at):
            self._log.error("evidence lost", request=request.id, files=len(keys))
            audit.append(connection, request_entry(request, LOST, Operation.ALTERATION), at)
