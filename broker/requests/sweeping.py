"""Removes from the vault what the ledger does not name: clips of withdrawn items, what killed workers left."""

from broker.ledger.engine import Ledger
from broker.requests import store
from broker.requests.states import FINAL_REQUESTS
from broker.vault.keys import bundles_prefix, clips_prefix
from broker.vault.store import Vault


async def keep_named_clips(ledger: Ledger, vault: Vault, request_id: str) -> None:
    """Once a request is finished nobody makes clips of it any more: those it does not name can go."""
    request = await ledger.read(lambda c: store.find(c, request_id))
    if request is not None and request.state in FINAL_REQUESTS:
        named = frozenset(clip.vault_key for item in request.items for clip in item.clips)
        await vault.keep_only(clips_prefix(request_id), named)


async def keep_named_bundle(ledger: Ledger, vault: Vault, request_id: str) -> None:
    """Once a request is sealed no other bundle of it is ever handed out."""
    request = await ledger.read(lambda c: store.find(c, request_id))
    if request is not None and request.bundle_key is not None:
        await vault.keep_only(bundles_prefix(request_id), frozenset({request.bundle_key}))
