"""Questions put to the catalog, and what they find."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shapely import MultiPolygon, Polygon

from adapters.contract.models import CameraKind, CameraStatus, Interval, Span
from broker.agencies.models import Action
from broker.catalog.models import wrapped_deg


@dataclass(frozen=True)
class Radius:
    """Within `radius_m` of a point."""

    lat_deg: float
    lon_deg: float
    radius_m: float


@dataclass(frozen=True)
class Box:
    """Between meridians and parallels; west of the antimeridian to east of it where `west_deg > east_deg`."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float

    @property
    def width_deg(self) -> float:
        """From west to east, in [0, 360]."""
        width_deg = self.east_deg - self.west_deg
        return width_deg if width_deg >= 0 else width_deg + 360

    @property
    def centre_deg(self) -> tuple[float, float]:
        """Latitude and longitude of the middle."""
        return (self.south_deg + self.north_deg) / 2, wrapped_deg(self.west_deg + self.width_deg / 2)


@dataclass(frozen=True)
class Within:
    """Inside polygons in longitude and latitude, their edges straight there; holes are outside."""

    shape: Polygon | MultiPolygon


@dataclass(frozen=True)
class Along:
    """Within `buffer_m` of a line; `points_deg` are its corners as (longitude, latitude)."""

    points_deg: tuple[tuple[float, float], ...]
    buffer_m: float


@dataclass(frozen=True, order=True)
class PageKey:
    """Where a page ends: what its last camera is ordered by. `band` is 0 where the order has none."""

    band: int
    measure_m: float
    camera_id: str


Area = Radius | Box | Within | Along


class Sort(StrEnum):
    DISTANCE = "distance"
    RANK = "rank"


@dataclass(frozen=True)
class Question:
    """One search. None means no restriction. `as_of` is the time of the first page, `offering` keeps the
    cameras that the caller may do this with."""

    area: Area | None
    as_of: datetime
    limit: int
    sees: bool = False
    interval: Interval | None = None
    agency: str | None = None
    network: str | None = None
    kind: CameraKind | None = None
    status: CameraStatus | None = None
    text: str | None = None
    level: str | None = None
    offering: Action | None = None
    sort: Sort = Sort.DISTANCE
    after: PageKey | None = None


class Grant(NamedTuple):
    """What a caller may do with a camera that its network can carry out, and on what basis; `text` as JSON, sized
    (`broker.catalog.rendering`)."""

    actions: tuple[Action, ...]
    basis: tuple[str, ...]
    text: bytes


@dataclass(frozen=True)
class Answer:
    """Cameras in order, and their features as JSON; `owners` are their agencies and `basis` is what allows them, each
    sorted. `next_after` is the key of the last one where more follow. `stale_since` is when the catalog stopped
    answering, None while it does."""

    camera_ids: tuple[str, ...]
    owners: tuple[str, ...]
    basis: tuple[str, ...]
    features: bytes
    next_after: PageKey | None
    stale_since: datetime | None = None


@dataclass(frozen=True)
class Snapshot:
    """That there is a picture, and when it was taken, None where the recorder did not say."""

    captured_at: datetime | None


@dataclass(frozen=True)
class Shown:
    """One camera, its feature as JSON, with what its rights uncover of pictures and footage; nothing of either where
    they do not. More than `gap_over_s` without a frame is a gap."""

    camera_id: str
    feature: bytes
    basis: tuple[str, ...]
    snapshot: Snapshot | None
    spans: tuple[Span, ...]
    clock_offset_ms: float | None
    gap_over_s: float
