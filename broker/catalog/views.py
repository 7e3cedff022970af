"""Cameras and places as they are shown. What the caller's actions do not let them know is null here.

Features are written by `broker.catalog.rendering` in this shape.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from adapters.contract.models import Interval, Span
from broker.catalog import examples
from broker.catalog.models import Place
from broker.catalog.questions import Shown
from broker.http.calls import InstantView, View


class PointView(View):
    type: Literal["Point"] = "Point"
    coordinates: tuple[float, ...]


class StreamView(View):
    role: str
    codec: str | None
    width: int | None
    height: int | None
    fps: float | None


class SectorView(View):
    heading_deg: float | None
    fov_deg: float | None
    range_m: float | None


class SnapshotView(View):
    """`age_s` counts from `captured_at`; both are null where the recorder does not say.

    `clock_offset_ms` null: the recorder's clock is not known, and was taken to be right.
    """

    captured_at: InstantView | None
    age_s: float | None
    href: str
    quality: str | None
    clock_offset_ms: float | None


class CoverView(View):
    """How much of the asked interval there is footage of."""

    seconds: float
    share: float


class FootageView(View):
    """`from` the oldest to `until` the newest; `covers` only where an interval was asked for.

    `clock_offset_ms` null: the recorder's clock is not known, and was taken to be right.
    """

    since: Annotated[InstantView, Field(alias="from")]
    until: InstantView
    overwrite_at: InstantView | None
    covers: CoverView | None
    clock_offset_ms: float | None


class CameraProperties(View):
    name: str
    agency: str
    network: str
    kind: str | None
    place: str | None
    place_name: str | None
    level: str | None
    position_accuracy_m: float | None
    status: str
    status_since: InstantView | None
    vanished_at: InstantView | None
    streams: list[StreamView] | None
    views: list[SectorView] | None
    tags: list[str] | None
    snapshot: SnapshotView | None
    footage: FootageView | None
    distance_m: float | None
    bearing_deg: float | None
    along_m: Annotated[float | None, Field(description="only along a line: how far along it")] = None
    sees: bool | None
    actions: list[str]
    basis: list[str]


class CameraFeature(View):
    """`geometry` is null where only a place is known."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CAMERA]})

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: PointView | None
    properties: CameraProperties


class LinkView(View):
    """Where the next page is: an address, and for a POST the member of the body that changes."""

    rel: str
    href: str
    type: str = "application/geo+json"
    method: Literal["POST"] | None = None
    body: dict[str, str] | None = None
    merge: bool | None = None


class CameraCollection(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.CAMERAS]})

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[CameraFeature]
    links: list[LinkView]
    as_of: InstantView
    stale_since: Annotated[
        InstantView | None,
        Field(description="since when the catalog does not answer: what was known then is shown"),
    ]


class PlaceView(View):
    id: str
    name: str
    lat: float
    lon: float
    position_accuracy_m: float | None


class PlaceList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.PLACES]})

    places: list[PlaceView]
    links: list[dict[str, str]]


class SpanView(View):
    interval: str
    overwrite_at: InstantView | None


class FootageList(View):
    """What the recorder held at the last synchronisation, inside the interval."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.FOOTAGE]})

    camera_id: str
    interval: str
    spans: list[SpanView]
    gaps: list[str]
    clock_offset_ms: float | None
    clock_offset_known: bool


def place_view(place: Place) -> PlaceView:
    position = place.position
    return PlaceView(
        id=place.id,
        name=place.name,
        lat=position.lat,
        lon=position.lon,
        position_accuracy_m=position.accuracy_m,
    )


def footage_list(shown: Shown, asked: Interval) -> FootageList:
    inside: list[Span] = []
    for span in shown.spans:
        part = span.interval.intersect(asked)
        if part is not None:
            inside.append(span.model_copy(update={"interval": part}))
    offset = shown.clock_offset_ms
    return FootageList(
        camera_id=shown.camera_id,
        interval=str(asked),
        spans=[SpanView(interval=str(s.interval), overwrite_at=s.overwrite_at) for s in inside],
        gaps=[str(gap) for gap in asked.gaps([span.interval for span in inside], shown.gap_over_s)],
        clock_offset_ms=offset,
        clock_offset_known=offset is not None,
    )
