"""Compares holds with what recorders and vaults really keep, and repairs both ways: a round of the workers.

What a recorder keeps and no order names is let go, what an order names and nobody keeps any more is placed again.
Nothing is let go at the first look: an order may be under way, and what it placed not yet be written down.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError
from broker.agencies.models import Role
from broker.agencies.notices.service import Addressee, Notices
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.catalog.bell import WorkerBell
from broker.clock import Clock
from broker.errors import Problem
from broker.holds import store as holds
from broker.holds.comparing import store
from broker.holds.models import KEPT, Hold, HoldState
from broker.ingest.recorder import Recorders
from broker.ledger.engine import Ledger
from broker.settings.sections import NetworkSettings
from broker.vault.keys import COPIES
from broker.vault.store import Entry, Vault
from broker.vault.vaults import Vaults

SECOND_LOOK: Final = timedelta(minutes=30)
"""What nothing names is let go once it has been seen for so long: longer than any order takes to be written down."""
SETTLED: Final = timedelta(days=1)
"""Files younger than this may belong to work that is under way."""
LOST: Final = "hold_lost"


class CompareHolds:
    """One network after another; one that does not answer is compared at the next round."""

    def __init__(
        self,
        ledger: Ledger,
        recorders: Recorders,
        vaults: Vaults,
        notices: Notices,
        bell: WorkerBell,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._recorders = recorders
        self._vaults = vaults
        self._notices = notices
        self._bell = bell
        self._clock = clock
        self._log = structlog.get_logger("holds")

    async def run(self) -> None:
        for network in self._recorders.networks:
            try:
                await self._compare_recorder(network)
            except AdapterError as error:
                self._log.warning("holds not compared", network=network.id, code=error.code)
        for vault in self._vaults.all():
            try:
                await self._compare_vault(vault)
            except Problem as problem:
                self._log.warning("copies not compared", code=problem.code)

    async def _compare_recorder(self, network: NetworkSettings) -> None:
        recorder = self._recorders.get(network.id)
        if Capability.HOLD not in recorder.capabilities:
            return
        before = await self._ledger.read(lambda c: store.of_network(c, network.id))
        there = await recorder.hold_handles()
        for hold in before:
            lost = frozenset(
                index
                for index, part in enumerate(hold.parts)
                if part.handle is not None and not part.is_lost and part.handle not in there
            )
            if lost and hold.state in KEPT:
                await self._note_lost(hold, lost)
        to_release = await self._ledger.write(lambda c: self._sort_out(c, network.id, there))
        for handle in to_release:
            await recorder.release_hold(handle)
            await self._ledger.write(partial(self._note_released, network, handle))

    async def _note_lost(self, hold: Hold, lost: frozenset[int]) -> None:
        """Unless it has changed since it was compared, or somebody works on it."""

        def work(connection: Connection) -> bool:
            at = self._clock.now()
            current = holds.find(connection, hold.id)
            if current is None or current.state not in KEPT or current.parts != hold.parts:
                return False
            if store.is_leased(connection, hold.id, at):
                return False
            store.note_lost(connection, hold, lost, at)
            audit.append(connection, _entry(hold, LOST), at)
            told = [
                Addressee(hold.camera.agency, Role.CUSTODIAN),
                Addressee(hold.agency, officer_id=hold.officer_id),
            ]
            self._notices.tell_once(connection, told, LOST, hold.id, at)
            return True

        if await self._ledger.write(work):
            self._log.warning("hold lost", hold=hold.id, parts=len(lost))
            await self._bell.ring()

    def _sort_out(self, connection: Connection, network: str, there: frozenset[str]) -> list[str]:
        """Which of those that are there are to be let go now; of the others it is noted since when they are seen."""
        at = self._clock.now()
        current = store.not_over(connection)  # of every network: two may be of one recorder
        named = {part.handle for hold in current for part in hold.parts}
        strangers, since = there - named, store.seen_since(connection, network)
        store.forget(connection, network, since.keys() - strangers)
        store.note(connection, network, strangers - since.keys(), at)
        return [
            handle
            for handle, seen_at in sorted(since.items())
            if handle in strangers and at - seen_at >= SECOND_LOOK and not _may_be_its(current, seen_at)
        ]

    def _note_released(self, network: NetworkSettings, handle: str, connection: Connection) -> None:
        store.forget(connection, network.id, [handle])
        entry = NewEntry(
            operation=Operation.ERASURE,
            action="release_unnamed_hold",
            officer_id=audit.HOST,
            objects=(network.id,),
            owners=(network.agency,),
            query={"handle": handle},
        )
        audit.append(connection, entry, self._clock.now())

    async def _compare_vault(self, vault: Vault) -> None:
        """Copies: files of holds that are over or that name others go; files that are gone are told."""
        at = self._clock.now()
        found = defaultdict[str, list[Entry]](list)
        async for entry in vault.entries(COPIES):
            found[entry.key.split("/")[1]].append(entry)
        holds = await self._ledger.read(store.copied)
        known = {hold.id: hold for hold in holds if self._vaults.of(hold.camera.agency) is vault}
        for hold_id, entries in found.items():
            named = known[hold_id].copied_keys if hold_id in known else frozenset[str]()
            rest = [entry for entry in entries if entry.key not in named and at - entry.changed_at >= SETTLED]
            if rest and not await self._ledger.read(partial(store.is_leased, hold_id=hold_id, at=at)):
                for entry in rest:
                    await vault.remove(entry)
        for hold in known.values():
            keys = {entry.key for entry in found.get(hold.id, [])}
            # what was copied since the vault was listed is there
            gone = {key for key in hold.copied_keys - keys if not await vault.has(key)}
            lost = frozenset(
                index
                for index, part in enumerate(hold.parts)
                if not part.is_lost and any(file.vault_key in gone for file in part.files)
            )
            if lost and hold.state in KEPT:
                await self._note_lost(hold, lost)


def _may_be_its(current: Sequence[Hold], seen_at: datetime) -> bool:
    """Whether an order that was given before is still being placed: what was seen may be what it placed."""
    under_way = (HoldState.ORDERED, HoldState.PLACING)
    return any(
        hold.ordered_at <= seen_at and (hold.state in under_way or hold.attempts > 0) for hold in current
    )


def _entry(hold: Hold, action: str) -> NewEntry:
    return NewEntry(
        operation=Operation.ALTERATION,
        action=action,
        officer_id=audit.HOST,
        objects=(hold.id, hold.camera.id),
        owners=(hold.camera.agency, hold.agency),
        whose=hold.whose,
        purpose=hold.purpose,
        case_ref=hold.case_ref,
        request_id=hold.request_id,
    )
