"""Brings one network into the catalog: looks, compares, writes the difference, marks what vanished.

A network that fails changes nothing: what was known stays, and the report says why. One that suddenly lists under
half of what was known is held for confirmation. With a lease, only who holds it writes.
"""

import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, NotSupported
from adapters.contract.models import CameraStatus, HealthEvent
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.catalog.fencing import Lease
from broker.catalog.gazetteers.shelf import GazetteerShelf
from broker.catalog.models import Confirmed, HeldAnswer, NetworkReport
from broker.catalog.store import CatalogStore
from broker.clock import Clock
from broker.ingest.area import Area, area_of
from broker.ingest.evidence import Told
from broker.ingest.gathering import Gatherer
from broker.ingest.keeping import Keeper
from broker.ingest.networks import answer_to_confirm
from broker.ingest.pace import Pace, after_failure, after_success
from broker.ingest.pictures import Pictures
from broker.ingest.recorder import Recorders
from broker.ingest.round import Round
from broker.ingest.scenes import Scenes
from broker.ingest.shrinking import held, told
from broker.ledger.engine import Ledger
from broker.settings import Settings
from broker.vault.store import Vault


class Ingest:
    """The service of this domain."""

    def __init__(
        self,
        recorders: Recorders,
        catalog: CatalogStore,
        ledger: Ledger,
        vault: Vault,
        clock: Clock,
        settings: Settings,
        gazetteers: GazetteerShelf,
        jitter: random.Random,
    ) -> None:
        self._recorders = recorders
        self._catalog = catalog
        self._ledger = ledger
        self._clock = clock
        self._gazetteers = gazetteers
        self._jitter = jitter
        scenes = Scenes(settings)
        pictures = Pictures(vault, scenes, settings.broker.max_snapshot_bytes)
        self._gatherer = Gatherer(catalog, pictures, scenes)
        self._keeper = Keeper(catalog, pictures, timedelta(days=settings.broker.vanished_keep_days))
        self._told: dict[str, dict[str | None, Told]] = {}
        self._told_meanwhile: dict[str, list[HealthEvent]] = {}
        self._areas: dict[str, Area | None] = {}

    async def synchronise(self, network_id: str, lease: Lease | None = None) -> NetworkReport:
        """One round for one network. Failures at the recorder are in the report, not raised; `LeaseLost` where
        another runner has the network by now."""
        self._told_meanwhile[network_id] = []
        try:
            return await self._round(network_id, lease)
        finally:
            self._told_meanwhile.pop(network_id, None)

    async def _round(self, network_id: str, lease: Lease | None) -> NetworkReport:
        earlier, digests = await self._catalog.report(network_id), await self._catalog.digests(network_id)
        with Round(self._clock.now(), digests, await self._gazetteers.refresh()) as found:
            found.told = self._told.setdefault(network_id, {})
            found.confirmed = await self._catalog.confirmed(network_id)
            try:
                found.area = self._area(network_id)
                await self._gatherer.gather(self._recorders.get(network_id), found)
            except AdapterError as error:
                message = f"{error.code}: {error.message}"
                return await self._failed(network_id, found, earlier, message, lease, error)
            if found.is_believed:
                return await self._believe(network_id, found, lease)
            return await self._hold(network_id, found, earlier, lease)

    async def note_failure(self, network_id: str, error: str, lease: Lease | None = None) -> NetworkReport:
        """The report of a round that ended in a way that nobody planned."""
        earlier = await self._catalog.report(network_id)
        with Round(self._clock.now(), {}) as found:
            return await self._failed(network_id, found, earlier, error, lease)

    async def next_attempt_at(self, network_id: str) -> datetime | None:
        """When the network is to be looked at next; None for at once."""
        report = await self._catalog.report(network_id)
        return None if report is None else report.next_attempt_at

    async def health(self, network_id: str) -> AsyncGenerator[HealthEvent, None]:
        """What the recorder tells of its cameras, without end; `NotSupported` where it tells nothing."""
        recorder = self._recorders.get(network_id)
        if Capability.HEALTH not in recorder.capabilities:
            raise NotSupported(f"the recorder of network {network_id} tells nothing by itself")
        recorder = await recorder.with_clock()
        async with aclosing(recorder.health()) as events:
            async for event in events:
                yield event

    async def note_health(self, network_id: str, event: HealthEvent, lease: Lease | None = None) -> None:
        """Shows what a recorder told, now and in the rounds to come.

        What is told of a camera that no list has yet waits for it. A recorder that says of itself that it does not
        work proves nothing of its cameras: they are `stale`; that it works proves nothing of one camera.
        """
        told = self._told.setdefault(network_id, {})
        if event.native_id is None and event.status is CameraStatus.UP:
            told.pop(None, None)
            return
        if event.native_id is None:
            event = event.model_copy(update={"status": CameraStatus.STALE})
        told[event.native_id] = Told(event.at, event.status)
        if network_id in self._told_meanwhile:  # a round that read the list before this would write over it
            self._told_meanwhile[network_id].append(event)
        await self._keeper.show_status(network_id, event, lease)

    def forget_health(self, network_id: str) -> None:
        """What was told proves nothing any more once nobody listens."""
        self._told.pop(network_id, None)

    async def confirm(self, network_id: str) -> HeldAnswer:
        """Takes what a network answered for true: the next answer is believed unless it lists under half of that.
        `Problem` where nothing is held."""
        report = await self._catalog.report(network_id)
        answer = answer_to_confirm(report, network_id)
        if report is not None:
            counts = answer.model_dump(include={"found", "still_listed", "known"})
            await self._log("confirm_network", report, counts)
        confirmed = Confirmed(found=answer.found, still_listed=answer.still_listed)
        await self._catalog.put_confirmed(network_id, confirmed)
        return answer

    async def forget_removed(self) -> None:
        """Removes what the catalog and the vault hold of networks that are not configured any more."""
        configured = {network.id for network in self._recorders.networks}
        for network_id, report in (await self._catalog.reports()).items():
            if network_id in configured:
                continue
            await self._keeper.drop_pictures(await self._catalog.digests(network_id))
            gone = await self._catalog.forget(network_id)
            await self._log("forget_network", report, {"removed": len(gone)})

    async def _believe(self, network_id: str, found: Round, lease: Lease | None) -> NetworkReport:
        kept = await self._keeper.keep(network_id, found, lease)
        for event in self._told_meanwhile.get(network_id, ()):
            await self._keeper.show_status(network_id, event, lease)
        pace = after_success(self._clock.now(), self._recorders.network(network_id).refresh_s, self._jitter)
        report = self._report(network_id, found, pace).model_copy(
            update={
                "succeeded_at": found.at,
                "found": found.found,
                "added": kept.added,
                "changed": kept.changed,
                "vanished": kept.vanished,
            }
        )
        if found.confirmed is not None:
            await self._catalog.put_confirmed(network_id, None, lease)
        await self._put(report, found, lease)
        if not kept.is_nothing:
            counts = report.model_dump(include={"found", "added", "changed", "vanished", "rejected"})
            await self._log("synchronise", report, counts | {"removed": kept.removed})
        return report

    async def _hold(
        self, network_id: str, found: Round, earlier: NetworkReport | None, lease: Lease | None
    ) -> NetworkReport:
        """The recorder can be reached, so that its pace stays; nothing that it said is taken."""
        answer = held(
            earlier.held if earlier else None, found.at, found.found, found.still_listed, found.known
        )
        pace = after_success(self._clock.now(), self._recorders.network(network_id).refresh_s, self._jitter)
        report = self._report(network_id, found, pace).model_copy(
            update={
                "succeeded_at": earlier.succeeded_at if earlier else None,
                "error": told(answer, network_id),
                "held": answer,
            }
        )
        await self._put(report, found, lease)
        return report

    async def _failed(
        self,
        network_id: str,
        found: Round,
        earlier: NetworkReport | None,
        message: str,
        lease: Lease | None,
        error: AdapterError | None = None,
    ) -> NetworkReport:
        """What an earlier answer waits for goes on waiting. A list that broke off leaves the quarantine as it was."""
        refresh_s = self._recorders.network(network_id).refresh_s
        pace = after_failure(earlier, self._clock.now(), refresh_s, self._jitter, error)
        report = self._report(network_id, found, pace).model_copy(
            update={
                "succeeded_at": earlier.succeeded_at if earlier else None,
                "error": message,
                "held": earlier.held if earlier else None,
            }
        )
        await self._catalog.put_report(report, lease)
        return report

    async def _put(self, report: NetworkReport, found: Round, lease: Lease | None) -> None:
        """The report, and the quarantine where it differs from the one before."""
        earlier = await self._catalog.quarantine(report.network)
        quarantine = found.rejected.quarantine(earlier, found.at)
        if list(quarantine) != earlier:
            await self._catalog.put_quarantine(report.network, quarantine, lease)
        await self._catalog.put_report(report, lease)

    def _area(self, network_id: str) -> Area | None:
        """Read once; `Misconfigured` until it can be."""
        if network_id not in self._areas:
            network = self._recorders.network(network_id)
            self._areas[network_id] = area_of(network, self._recorders.base_dir)
        return self._areas[network_id]

    def _report(self, network_id: str, found: Round, pace: Pace) -> NetworkReport:
        """What every report says, whether the round succeeded or not."""
        network = self._recorders.network(network_id)
        return NetworkReport(
            network=network_id,
            agency=network.agency,
            synchronised_at=found.at,
            succeeded_at=None,
            refresh_s=network.refresh_s,
            found=0,
            added=0,
            changed=0,
            vanished=0,
            rejected=found.rejected.count,
            reasons=found.rejected.told,
            failures=pace.failures,
            failing_since=pace.failing_since,
            breaker=pace.breaker,
            next_attempt_at=pace.next_attempt_at,
        )

    async def _log(self, action: str, about: NetworkReport, counts: dict[str, int]) -> None:
        entry = NewEntry(
            operation=Operation.COLLECTION,
            action=action,
            officer_id=audit.HOST,
            objects=(about.network,),
            owners=(about.agency,),
            query=counts,
        )
        await self._ledger.write(lambda connection: audit.append(connection, entry, self._clock.now()))
