"""The version of a request that decisions are made on, as the `ETag` tells it.

It follows from the items that the view shows and changes exactly when there is something else to decide: an item
is decided on, or ends. Work in progress changes nothing (a hold that is placed, a clip that is tried), nor does
what other owners decide on items of theirs.
"""

import hashlib
from typing import Final

from broker.agencies.policy import RequestView
from broker.errors import Problem
from broker.requests.models import Request
from broker.requests.states import ItemState

GRANTED: Final = frozenset({ItemState.APPROVED, ItemState.PROCESSING})
"""One to people: between them an item moves by work alone."""


def version_of(request: Request, view: RequestView) -> str:
    """An opaque word."""
    facts = [
        f"{item.n} {'granted' if item.state in GRANTED else item.state.value} {len(item.decisions)}"
        for item in request.items
        if view.shows(item.camera.agency)
    ]
    return hashlib.blake2b("\n".join([request.id, *facts]).encode(), digest_size=8).hexdigest()


def check_version(request: Request, view: RequestView, expected: str | None) -> None:
    """Refuses a decision on what the caller has not read yet; None is whatever there is."""
    if expected is not None and version_of(request, view) != expected:
        raise Problem("version_conflict", f"request {request.id} changed since you read it: read it again")
