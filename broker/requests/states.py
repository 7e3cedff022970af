"""The states of items and requests, as tables. docs/reference/states.md is written from them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class ItemState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    PROCESSING = "processing"
    COMPLETED = "completed"
    UNAVAILABLE = "unavailable"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class RequestState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    PROCESSING = "processing"
    COMPLETED = "completed"
    PARTIALLY_COMPLETED = "partially_completed"
    DENIED = "denied"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNAVAILABLE = "unavailable"


TRANSITIONS: Final[dict[ItemState, dict[ItemState, str]]] = {
    ItemState.PENDING: {
        ItemState.APPROVED: "the owner approves, or the agreement does",
        ItemState.DENIED: "the owner denies",
        ItemState.CANCELLED: "the requester withdraws",
        ItemState.UNAVAILABLE: "the recorder has no footage of it",
        ItemState.EXPIRED: "nobody decided in time",
    },
    ItemState.APPROVED: {
        ItemState.PROCESSING: "a worker claims it",
        ItemState.CANCELLED: "the requester withdraws, or the right ends",
        ItemState.UNAVAILABLE: "the recorder has no footage of it",
    },
    ItemState.PROCESSING: {
        ItemState.APPROVED: "the recorder did not answer; it is tried again later",
        ItemState.COMPLETED: "its clips are in the vault",
        ItemState.CANCELLED: "the requester withdraws, or the right ends",
        ItemState.UNAVAILABLE: "there is no footage, or it could not be had after many tries",
    },
    ItemState.COMPLETED: {},
    ItemState.DENIED: {},
    ItemState.UNAVAILABLE: {},
    ItemState.CANCELLED: {},
    ItemState.EXPIRED: {},
}
"""From each state, the states that may follow and when."""

FINAL_ITEMS: Final = frozenset(state for state, following in TRANSITIONS.items() if not following)

DERIVED: Final[tuple[tuple[ItemState, RequestState], ...]] = (
    (ItemState.PENDING, RequestState.PENDING),
    (ItemState.PROCESSING, RequestState.PROCESSING),
    (ItemState.APPROVED, RequestState.APPROVED),
    (ItemState.COMPLETED, RequestState.PARTIALLY_COMPLETED),
    (ItemState.UNAVAILABLE, RequestState.UNAVAILABLE),
    (ItemState.DENIED, RequestState.DENIED),
    (ItemState.EXPIRED, RequestState.EXPIRED),
    (ItemState.CANCELLED, RequestState.CANCELLED),
)
"""A request whose items are all completed is completed; else the first row that any item is in decides."""

FINAL_REQUESTS: Final = frozenset(
    {
        RequestState.COMPLETED,
        RequestState.PARTIALLY_COMPLETED,
        RequestState.DENIED,
        RequestState.CANCELLED,
        RequestState.EXPIRED,
        RequestState.UNAVAILABLE,
    }
)


def derive(items: Iterable[ItemState]) -> RequestState:
    """The state of a request from its items' (at least one)."""
    states = set(items)
    if states == {ItemState.COMPLETED}:
        return RequestState.COMPLETED
    return next(request for item, request in DERIVED if item in states)
