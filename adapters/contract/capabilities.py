"""What an adapter can do. A capability that is not declared raises `NotSupported` when it is called."""

from enum import StrEnum


class Capability(StrEnum):
    """Optional abilities; listing cameras is the one thing that every adapter does."""

    PLACES = "places"
    SNAPSHOT = "snapshot"
    SPANS = "spans"
    FOOTAGE = "footage"
    HOLD = "hold"
    CLOCK = "clock"
    HEALTH = "health"
