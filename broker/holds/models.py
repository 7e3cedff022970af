"""A hold: what was ordered, what is really kept, how, and until when."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from pydantic import BaseModel, ConfigDict

from adapters.contract.models import Instant, Interval, format_instant
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
    HoldState.HELD: frozenset({HoldState.HELD, HoldState.PARTIAL, HoldState.RELEASED, HoldState.EXPIRED}),
    HoldState.PARTIAL: frozenset({HoldState.PARTIAL, HoldState.RELEASED, HoldState.EXPIRED}),
    HoldState.FAILED: frozenset(),
    HoldState.RELEASED: frozenset(),
    HoldState.EXPIRED: frozenset(),
}
"""From each state, the states that may follow; one that grows stays where it is, or loses a part."""


KEPT: Final = frozenset({HoldState.HELD, HoldState.PARTIAL})


class HoldMethod(StrEnum):
    NATIVE = "native"
    COPIED = "copied"


class HoldInterval(Model):
    """What is to be kept: `[start, end)`, or from `start` on until somebody ends it."""

    start: Instant
    end: Instant | None

    @classmethod
    def of(cls, interval: Interval) -> Self:
        return cls(start=interval.start, end=interval.end)

    def until(self, at: datetime) -> Interval | None:
        """What has passed of it; None before it begins."""
        end = at if self.end is None else min(self.end, at)
        return Interval(start=self.start, end=end) if self.start < end else None

    def __str__(self) -> str:
        if self.end is None:
            return f"{format_instant(self.start)}/.."
        return str(Interval(start=self.start, end=self.end))


class CopiedFile(Model):
    """One of the recorder's files in a vault, sealed to its owner's key; what it is, is that of `SegmentStart`.

    `sha256` and `size` are of the recorder's bytes.
    """

    vault_key: str
    size: int
    sha256: str
    name: str
    container: str
    starts_at: Instant
    valid: Interval


class HoldPart(Model):
    """What one order came to: kept by the recorder under its `handle`, at least until `until`, or copied as `files`.
    One that `is_lost` was kept once: its recorder or its vault has it no longer."""

    how: HoldMethod
    held: tuple[Interval, ...]
    handle: str | None = None
    until: Instant | None = None
    files: tuple[CopiedFile, ...] = ()
    is_lost: bool = False


def held_by(parts: Iterable[HoldPart]) -> tuple[Interval, ...]:
    """What these keep together."""
    return merged([held for part in parts if not part.is_lost for held in part.held])


class NewHold(Model):
    """An order. `until` None: until it is released. `grows_until` ends an open interval that nobody ends.
    `order_id` is of all urgent holds that one call ordered; their author is reminded at `remind_at`."""

    id: str
    camera: Camera
    interval: HoldInterval
    reason: str
    agency: str
    officer_id: str
    purpose: str
    case_ref: str | None
    judicial: bool
    until: Instant | None
    grows_until: Instant | None = None
    order_id: str | None = None
    remind_at: Instant | None = None
    request_id: str | None = None
    n: int | None = None


class Hold(NewHold):
    """An order with what became of it, part by part; intervals in true UTC.

    One that `is_growing` is extended from time to time; of one that `is_copied` the recorder cannot keep anything.
    """

    ordered_at: Instant
    state: HoldState
    state_reason: str | None
    parts: tuple[HoldPart, ...]
    is_growing: bool
    is_copied: bool
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
        """Whether something is still kept under this hold."""
        return self.state in KEPT

    @property
    def held(self) -> tuple[Interval, ...]:
        """What is kept, or was when it was let go."""
        return held_by(self.parts)

    @property
    def how(self) -> HoldMethod | None:
        """How; `copied` where any of it is."""
        methods = {part.how for part in self.parts}
        return HoldMethod.COPIED if HoldMethod.COPIED in methods else next(iter(methods), None)

    @property
    def copied_keys(self) -> frozenset[str]:
        """Under which keys its files lie in the owner's vault."""
        return frozenset(file.vault_key for part in self.parts for file in part.files)

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
    """What a piece of work on a hold came to: `parts` are all that is kept now, and `end` is where it ends. It goes on
    from `due_at` where it `is_growing`. `finding` None where the recorder could not say what it has."""

    hold: Hold
    state: HoldState
    reason: str | None
    finding: Finding | None = None
    parts: tuple[HoldPart, ...] = ()
    is_growing: bool = False
    due_at: Instant | None = None
    end: Instant | None = None


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The union, sorted and disjoint; touching intervals join."""
    union: list[Interval] = []
    for interval in sorted(intervals, key=lambda i: i.start):
        if union and interval.start <= union[-1].end:
            union[-1] = Interval(start=union[-1].start, end=max(union[-1].end, interval.end))
        else:
            union.append(interval)
    return tuple(union)
