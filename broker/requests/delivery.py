"""Hands clips and bundles to who asked for them, while their right to them lasts. Each fetch is logged."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from sqlalchemy import Connection

from adapters.contract.models import format_instant
from broker.agencies.authority import Authority
from broker.agencies.models import AgencyAction, Caller, PolicyBook
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.clock import Clock
from broker.errors import Problem
from broker.ledger.engine import Ledger
from broker.requests.entitlement import still_entitled
from broker.requests.models import Item, Request
from broker.requests.service import Requests
from broker.requests.states import FINAL_REQUESTS, ItemState
from broker.vault.store import Vault

SEAL_WAIT_S: Final = 20.0
SEAL_POLL_S: Final = 0.1


@dataclass(frozen=True)
class Delivered:
    """A file in the vault that may leave."""

    key: str
    size: int
    etag: str
    filename: str


class Delivery:
    """Only the requester fetches; the item's right is asked again each time."""

    def __init__(
        self, requests: Requests, ledger: Ledger, vault: Vault, authority: Authority, clock: Clock
    ) -> None:
        self._requests = requests
        self._ledger = ledger
        self._vault = vault
        self._authority = authority
        self._clock = clock

    async def clip(self, caller: Caller, request_id: str, n: int, part: int) -> Delivered:
        """One part of a finished item, also while other items are under way."""
        request = await self._own(caller, request_id, "fetch_clip")
        item = request.item(n)
        found = None if item is None else next((c for c in item.clips if c.part == part), None)
        if item is None or (item.state is ItemState.COMPLETED and found is None):
            raise Problem("not_found", f"request {request_id} has no clip {n}.{part}")
        if found is None:
            raise Problem("not_ready", f"item {n} is {item.state.value}: it has no clips")
        await self._vault.size(found.vault_key)
        objects = (request_id, found.name, found.sha256)
        entry = fetched(caller, request, objects, (item.camera.agency,), "fetch_clip")
        await self._require_right(caller, request, [item], entry)
        return Delivered(found.vault_key, found.size, found.sha256, f"{request_id}-{found.name}.mp4")

    async def bundle(self, caller: Caller, request_id: str) -> Delivered:
        """The bundle of a finished request; waits a little while it is being sealed."""
        request = await self._own(caller, request_id, "fetch_bundle")
        if request.state not in FINAL_REQUESTS:
            state = request.state.value
            raise Problem("not_ready", f"request {request_id} is {state}: its bundle comes at its end")
        delivered = [item for item in request.items if item.clips]
        # whoever has no right any more is spared the wait; what counts is asked again when there is a bundle
        await self._require_right(caller, request, delivered, None)
        request = await self._sealed(request)
        if request.bundle_key is None:
            waits = f" ({request.state_reason})" if request.state_reason else ""
            detail = f"bundle {request_id} is being sealed{waits}: try again"
            raise Problem("sealing", detail, retry_after_s=2)
        size = await self._vault.size(request.bundle_key)
        entry = fetched(caller, request, (request_id,), request.owners, "fetch_bundle")
        await self._require_right(caller, request, delivered, entry)
        return Delivered(
            request.bundle_key, size, PurePosixPath(request.bundle_key).stem, f"{request_id}.zip"
        )

    def stream(self, delivered: Delivered, start: int, end: int) -> AsyncIterator[bytes]:
        return self._vault.stream(delivered.key, start, end)

    async def _own(self, caller: Caller, request_id: str, attempted: str) -> Request:
        request, view = await self._requests.visible(caller, request_id)
        caller = caller.model_copy(update={"purpose": request.purpose, "case_ref": request.case_ref})
        await self._authority.require(caller, AgencyAction.FETCH_OWN, attempted)
        if not view.as_requester:
            await self._authority.deny(caller, attempted, (request_id,), request.owners, request.whose)
            raise Problem("action_denied", "clips go to the officer who requested them")
        check_not_erased(request)
        return request

    async def _sealed(self, request: Request) -> Request:
        """The request once its bundle is there, or as it is after a while."""
        waited_s = 0.0
        while request.bundle_key is None and waited_s < SEAL_WAIT_S:
            await asyncio.sleep(SEAL_POLL_S)
            waited_s += SEAL_POLL_S
            request = await self._requests.reread(request)
        return request

    async def _require_right(
        self, caller: Caller, request: Request, items: list[Item], entry: NewEntry | None
    ) -> None:
        """Asks for the right to the items and logs their disclosure in one transaction, as the last step
        before they leave: a right that ended while a bundle was waited for is gone. Without an entry nothing
        leaves yet."""
        at = self._clock.now()

        def decide(book: PolicyBook) -> Callable[[Connection], list[int]]:
            def work(connection: Connection) -> list[int]:
                lost = [i.n for i in items if not still_entitled(connection, request, i, book, at)]
                if entry is not None and not lost:
                    audit.append(connection, entry, at)
                return lost

            return work

        lost = await self._authority.decide(decide)
        if lost:
            owners = tuple(sorted({item.camera.agency for item in items}))
            await self._authority.deny(caller, "fetch_after_end", (request.id,), owners, request.whose)
            numbers = ", ".join(str(n) for n in lost)
            detail = f"the right to item {numbers} has ended since: ask the owner for a new agreement"
            raise Problem("agreement_ended", detail)


def check_not_erased(request: Request) -> None:
    """`evidence_erased` where its time was over."""
    if request.erased_at is not None:
        when = format_instant(request.erased_at)
        detail = f"the clips and documents of request {request.id} were erased at {when}: the log proves what they were"
        raise Problem("evidence_erased", detail)


def fetched(
    caller: Caller, request: Request, objects: tuple[str, ...], owners: tuple[str, ...], action: str
) -> NewEntry:
    """An entry about files that leave, for the owners of what is in them."""
    return NewEntry(
        operation=Operation.DISCLOSURE,
        action=action,
        officer_id=caller.officer.id,
        agency=caller.officer.agency,
        person=caller.officer.person,
        objects=objects,
        owners=owners,
        whose=request.whose,
        purpose=request.purpose,
        case_ref=request.case_ref,
        basis=(f"{request.legal_basis.kind}:{request.legal_basis.reference}",),
        recipient=caller.officer.agency,
        request_id=request.id,
    )
