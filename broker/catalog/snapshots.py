"""Hands out the latest snapshot of a camera to whoever may look at it."""

from broker.agencies.models import Action, Caller
from broker.catalog.models import SnapshotReference
from broker.catalog.service import Catalog
from broker.errors import Problem
from broker.vault.store import Vault


class Snapshots:
    """A look is logged before the picture leaves."""

    def __init__(self, catalog: Catalog, vault: Vault) -> None:
        self._catalog = catalog
        self._vault = vault

    async def latest(self, caller: Caller, camera_id: str) -> tuple[bytes, SnapshotReference]:
        """The JPEG and what is known of it; `snapshot_unavailable` where none was taken yet."""
        hit = await self._catalog.show(caller, camera_id, {Action.VIEW_SNAPSHOT}, "view_snapshot")
        reference = hit.camera.snapshot
        if reference is None:
            raise Problem("snapshot_unavailable", f"no snapshot of {camera_id} has been taken yet")
        try:
            return await self._vault.get(reference.vault_key), reference
        except Problem as problem:
            if problem.code != "not_found":
                raise
            detail = f"the snapshot of {camera_id} is gone; the next one is taken at the network's refresh"
            raise Problem("snapshot_unavailable", detail) from problem
