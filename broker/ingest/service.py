"""Brings one network into the catalog: looks, compares, writes the difference, marks what vanished.

A network that fails, or that suddenly lists nothing, changes nothing: what was known stays, and the report
says why.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from adapters.contract.errors import AdapterError
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.catalog.gazetteers.shelf import GazetteerShelf
from broker.catalog.models import NetworkReport
from broker.catalog.store import CatalogStore, Difference, digest, vanished
from broker.clock import Clock
from broker.ingest.gathering import Gatherer, Round
from broker.ingest.pictures import Pictures
from broker.ingest.recorder import Recorders
from broker.ingest.scenes import Scenes
from broker.ledger.engine import Ledger
from broker.settings import Settings
from broker.vault.store import Vault

REASONS_KEPT: Final = 1000


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
    ) -> None:
        self._recorders = recorders
        self._catalog = catalog
        self._ledger = ledger
        self._clock = clock
        self._gazetteers = gazetteers
        self._keep = timedelta(days=settings.broker.vanished_keep_days)
        self._scenes = Scenes(settings)
        self._pictures = Pictures(vault, self._scenes, settings.broker.max_snapshot_bytes)
        self._gatherer = Gatherer(self._pictures, self._scenes)

    async def synchronise(self, network_id: str) -> NetworkReport:
        """One round for one network. Failures at the recorder are in the report, not raised."""
        known = {camera.id: camera for camera in await self._catalog.network_cameras(network_id)}
        found = Round(self._clock.now(), known, await self._gazetteers.refresh())
        try:
            await self._gatherer.gather(self._recorders.get(network_id), found)
        except AdapterError as error:
            return await self._failed(network_id, found, f"{error.code}: {error.message}")
        listed = sum(camera.vanished_at is None for camera in known.values())
        if listed and not found.cameras:
            return await self._failed(
                network_id, found, f"listed no usable camera, {listed} were known: kept what was known"
            )
        return await self._keep_difference(network_id, found)

    async def forget_removed(self) -> None:
        """Removes what the catalog and the vault hold of networks that are not configured any more."""
        configured = {network.id for network in self._recorders.networks}
        for network_id, report in (await self._catalog.reports()).items():
            if network_id in configured:
                continue
            await self._drop_pictures(await self._catalog.digests(network_id))
            gone = await self._catalog.forget(network_id)
            await self._log("forget_network", report.network, report.agency, {"removed": len(gone)})

    async def _keep_difference(self, network_id: str, found: Round) -> NetworkReport:
        """Writes what differs from the catalog, and reports it."""
        gone = [camera for name, camera in found.known.items() if name not in found.cameras]
        removed = {c.id for c in gone if c.vanished_at is not None and found.at - c.vanished_at > self._keep}
        marked = [vanished(camera, found.at) for camera in gone if camera.id not in removed]
        digests = await self._catalog.digests(network_id)
        written = tuple(
            (camera, body)
            for camera in [*found.cameras.values(), *marked]
            if digests.get(camera.id) != (body := digest(camera))
        )
        await self._drop_pictures(removed)
        await self._catalog.put_places(network_id, found.places.values())
        await self._catalog.apply(network_id, Difference(written=written, removed=tuple(sorted(removed))))
        added = sum(camera.id not in found.known for camera, _ in written)
        newly_gone = sum(camera.vanished_at is None for camera in gone)
        report = self._report(network_id, found).model_copy(
            update={
                "succeeded_at": found.at,
                "found": len(found.cameras),
                "added": added,
                "changed": len(written) - added - newly_gone,
                "vanished": newly_gone,
            }
        )
        await self._catalog.put_report(report)
        if written or removed:
            counts = report.model_dump(include={"found", "added", "changed", "vanished", "rejected"})
            await self._log("synchronise", network_id, report.agency, counts | {"removed": len(removed)})
        return report

    async def _failed(self, network_id: str, found: Round, error: str) -> NetworkReport:
        previous = (await self._catalog.reports()).get(network_id)
        proven_at = previous.succeeded_at if previous else None
        report = self._report(network_id, found).model_copy(
            update={"succeeded_at": proven_at, "error": error}
        )
        await self._catalog.put_report(report)
        return report

    def _report(self, network_id: str, found: Round) -> NetworkReport:
        """What every report says, whether the round succeeded or not."""
        network = next(network for network in self._recorders.networks if network.id == network_id)
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
            rejected=len(found.rejected),
            reasons=tuple(f"{r.where}: {r.reason}" for r in found.rejected[:REASONS_KEPT]),
        )

    async def _drop_pictures(self, camera_ids: Iterable[str]) -> None:
        for identifier in camera_ids:
            await self._pictures.forget(identifier)

    async def _log(self, action: str, network_id: str, agency: str, counts: dict[str, int]) -> None:
        entry = NewEntry(
            operation=Operation.COLLECTION,
            action=action,
            officer_id=audit.HOST,
            objects=(network_id,),
            owners=(agency,),
            query=counts,
        )
        await self._ledger.write(lambda connection: audit.append(connection, entry, self._clock.now()))
