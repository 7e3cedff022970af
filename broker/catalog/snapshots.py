"""Hands out the latest snapshot of a camera to whoever may look at it."""

from broker.agencies.models import Action, Caller
from broker.catalog.questions import Snapshot
from broker.catalog.service import Catalog
from broker.errors import Problem
from broker.vault.keys import snapshot_key
from broker.vault.store import Vault


class Snapshots:
    """A look is logged before the picture leaves."""

    def __init__(self, catalog: Catalog, vault: Vault) -> None:
        self._catalog = catalog
        self._vault = vault

    async def latest(self, caller: Caller, camera_id: str) -> tuple[bytes, Snapshot]:
        """The JPEG and what is known of it; `snapshot_unavailable` where none was taken yet."""
        shown = await self._catalog.show(caller, camera_id, {Action.VIEW_SNAPSHOT}, "view_snapshot")
        if shown.snapshot is None:
            raise Problem("snapshot_unavailable", f"no snapshot of {camera_id} has been taken yet")
        try:
            return await self._vault.get(snapshot_key(camera_id)), shown.snapshot
        except Problem as problem:
            if problem.code != "not_found":
                raise
            detail = f"the snapshot of {camera_id} is gone; the next one is taken at the network's refresh"
            raise Problem("snapshot_unavailable", detail) from problem
