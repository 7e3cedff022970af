"""Documents of a request: its requester attaches them, those whom they are for read them, the bundle carries them."""

import hashlib
from typing import Final

from sqlalchemy import Connection

from broker.agencies.models import Caller
from broker.agencies.policy import RequestView
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.errors import Problem
from broker.holds.orders import OrderDesk
from broker.requests import store
from broker.requests.delivery import Delivered, check_not_erased
from broker.requests.models import Document, Item, Request
from broker.requests.service import Requests, found
from broker.requests.states import FINAL_REQUESTS, ItemState
from broker.vault.keys import document_key
from broker.vault.store import Vault

MOST: Final = 20
LONGEST_BYTES: Final = 10 * 1024 * 1024
_BEGINS: Final = b"%PDF-"
_ENDS: Final = b"%%EOF"
_END_WITHIN: Final = 1024


class Documents:
    """The service of documents. Their bytes are in the vault before the ledger names them."""

    def __init__(self, requests: Requests, desk: OrderDesk, vault: Vault) -> None:
        self._requests = requests
        self._ledger = desk.ledger
        self._authority = desk.authority
        self._clock = desk.clock
        self._bell = desk.bell
        self._vault = vault

    async def attach(
        self, caller: Caller, request_id: str, name: str, content: bytes, owner: str | None
    ) -> tuple[Request, RequestView]:
        """By the requester, for one owner of its cameras or for all, until the request is finished. The same bytes for
        the same again change nothing. Items that waited for a document and for nobody's decision are approved by it."""
        request, view = await self._requests.visible(caller, request_id)
        caller = caller.model_copy(update={"purpose": request.purpose, "case_ref": request.case_ref})
        if not view.as_requester:
            whose = (request.owners, request.whose)
            await self._authority.deny(caller, "attach_document", (request_id,), *whose)
            raise Problem("role_denied", "only the requester attaches documents")
        _check_room(request)
        if owner is not None and owner not in request.owners:
            raise Problem("invalid", f"request {request_id} asks for no camera of {owner}")
        _check_pdf(content)
        at, sha256 = self._clock.now(), hashlib.sha256(content).hexdigest()
        key = document_key(request_id, sha256)
        document = Document(
            sha256=sha256, owner=owner, name=name, size=len(content), vault_key=key, added_at=at
        )
        await self._vault.put(key, content)

        def work(connection: Connection) -> Request:
            current = found(connection, request_id)
            if any((each.sha256, each.owner) == (sha256, owner) for each in current.documents):
                return current
            _check_room(current)
            store.add_document(connection, request_id, document)
            for item in current.items:
                if _waits_for(item, document):
                    store.move_item(connection, item, ItemState.APPROVED, at, approved=item.requested)
            entry = self._requests.about(caller, current, view, "attach_document", Operation.ALTERATION)
            owners = entry.owners if owner is None else (owner,)
            told = {"objects": (request_id, sha256), "owners": owners}
            audit.append(connection, entry.model_copy(update=told), at)
            return found(connection, request_id)

        attached = await self._ledger.write(work)
        await self._bell.ring()
        return attached, view

    async def read(self, caller: Caller, request_id: str, sha256: str) -> Delivered:
        """A document, for whoever may see the request; logged before it leaves."""
        request, view = await self._requests.visible(caller, request_id)
        shown = shown_documents(request, view)
        document = next((each for each in shown if each.sha256 == sha256), None)
        if document is None:
            raise Problem("not_found", f"request {request_id} has no document {sha256}")
        check_not_erased(request)
        size = await self._vault.size(document.vault_key)
        entry = self._requests.about(caller, request, view, "read_document", Operation.DISCLOSURE)
        told = entry.model_copy(update={"objects": (request_id, sha256), "recipient": caller.officer.agency})
        await self._ledger.write(lambda c: audit.append(c, told, self._clock.now()))
        return Delivered(document.vault_key, size, sha256, f"{request_id}-{sha256[:16]}.pdf")


def shown_documents(request: Request, view: RequestView) -> list[Document]:
    """Those that a caller with this view of the request may read."""
    return [each for each in request.documents if each.owner is None or view.shows(each.owner)]


def _waits_for(item: Item, document: Document) -> bool:
    """Whether the item waits for this and nobody's decision."""
    waits = item.state is ItemState.PENDING and item.needs_document and item.approvals_needed == 0
    return waits and document.is_for(item.camera.agency)


def _check_room(request: Request) -> None:
    if request.state in FINAL_REQUESTS:
        state = request.state.value
        raise Problem("state_conflict", f"request {request.id} is {state}: nothing is attached any more")
    if len(request.documents) >= MOST:
        raise Problem("state_conflict", f"request {request.id} has {MOST} documents, and takes no more")


def _check_pdf(content: bytes) -> None:
    """By its first and last bytes: what is inside is for whoever reads it."""
    if len(content) > LONGEST_BYTES:
        raise Problem("body_too_large", f"the document exceeds {LONGEST_BYTES} bytes: send less")
    if not content.startswith(_BEGINS) or _ENDS not in content[-_END_WITHIN:]:
        raise Problem("invalid", "the document is not a whole PDF file")
