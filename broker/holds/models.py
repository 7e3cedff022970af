"""A hold: what was ordered, what is really kept, how, and until when."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict

from adapters.contract.models import Instant, Interval
from broker.catalog.models import Camera, whose_of


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HoldState(StrEnum):
    ORDERED = "ordered"
    PLACING = "placing"
    HELD = "held"
    PARTIAL = "partial"
    FAILED = "failed"
    RELEASED = "released"
    EXPIRED = "expired"


TRANSITIONS: Final[dict[HoldState, frozenset[HoldState]]] = {
    HoldState.ORDERED: frozenset({HoldState.PLACING, HoldState.RELEASED, HoldState.EXPIRED}),
    HoldState.PLACING: frozenset({HoldState.HELD, HoldState.PARTIAL, HoldState.FAILED}),
    HoldState.HELD: frozenset({HoldState.RELEASED, HoldState.EXPIRED}),
    HoldState.PARTIAL: frozenset({HoldState.RELEASED, HoldState.EXPIRED}),
    HoldState.FAILED: frozenset(),
    HoldState.RELEASED: frozenset(),
    HoldState.EXPIRED: frozenset(),
}
"""From each state, the states that may follow."""


KEPT: Final = frozenset({HoldState.HELD, HoldState.PARTIAL})


class HoldMethod(StrEnum):
    NATIVE = "native"


class NewHold(Model):
    """An order. `until` None: until it is released."""

    id: str
    camera: Camera
    interval: Interval
    reason: str
    agency: str
    officer_id: str
    purpose: str
    case_ref: str | None
    judicial: bool
    until: Instant | None
    request_id: str | None = None
    n: int | None = None


class Hold(NewHold):
    """An order with what became of it. `held` is what the recorder keeps, in true UTC."""

    ordered_at: Instant
    state: HoldState
    state_reason: str | None
    how: HoldMethod | None
    handle: str | None
    held: tuple[Interval, ...]
    release_at: Instant | None
    released_at: Instant | None
    attempts: int

    @property
    def whose(self) -> dict[str, tuple[str, ...]]:
        """Who may know of it, as an entry of the log says it."""
        both = (self.camera.agency, self.agency)
        about = {} if self.request_id is None else {self.request_id: both}
        return {self.id: both} | about | whose_of([self.camera])

    @property
    def is_kept(self) -> bool:
        """Whether the recorder still keeps something under this hold."""
        return self.state in KEPT

    @property
    def over_since(self) -> datetime | None:
        """From when on it is to be let go; None while that is open."""
        ends = [instant for instant in (self.release_at, self.until) if instant is not None]
        return min(ends, default=None)


class Finding(Model):
    """What the recorder said while a hold was placed: the footage there is, when the first and the last of it would be
    erased, and whether a hold keeps it from that."""

    available: tuple[Interval, ...]
    overwrite_at: Instant | None
    gone_at: Instant | None
    kept: bool = False
    clock_offset_ms: float | None


class Ending(Model):
    """What placing or releasing a hold came to; `finding` None where the recorder could not say what it has."""

    hold: Hold
    state: HoldState
    reason: str | None
    finding: Finding | None = None
    how: HoldMethod | None = None
    handle: str | None = None
    held: tuple[Interval, ...] = ()
