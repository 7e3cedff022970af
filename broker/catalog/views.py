"""Cameras and places as GeoJSON. What the caller's actions do not let them know is null here."""

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field

from adapters.contract.models import Interval, Span
from broker.catalog.disclosure import FOOTAGE_ACTIONS, PICTURE_ACTIONS, VIEW_ACTIONS
from broker.catalog.models import Camera, Hit, Place
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

    since: Annotated[InstantView, Field(serialization_alias="from")]
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
    sees: bool | None
    actions: list[str]
    basis: list[str]


class CameraFeature(View):
    """`geometry` is null where only a place is known."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: PointView | None
    properties: CameraProperties


class LinkView(View):
    rel: str
    href: str
    type: str = "application/geo+json"


class CameraCollection(View):
    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[CameraFeature]
    links: list[LinkView]
    as_of: InstantView


class PlaceView(View):
    id: str
    name: str
    lat: float
    lon: float
    position_accuracy_m: float | None


class PlaceList(View):
    places: list[PlaceView]


class SpanView(View):
    interval: str
    overwrite_at: InstantView | None


class FootageList(View):
    """What the recorder held at the last synchronisation, inside the interval."""

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


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _geometry(camera: Camera) -> PointView | None:
    position = camera.position
    if position is None:
        return None
    lonlat = (position.lon, position.lat)
    return PointView(coordinates=lonlat if position.elevation_m is None else (*lonlat, position.elevation_m))


def _snapshot(camera: Camera, at: datetime) -> SnapshotView | None:
    reference = camera.snapshot
    if reference is None:
        return None
    taken = reference.captured_at
    return SnapshotView(
        captured_at=taken,
        age_s=None if taken is None else round((at - taken).total_seconds(), 3),
        href=f"/v1/cameras/{quote(camera.id, safe=':')}/snapshot",
        quality=reference.quality,
        clock_offset_ms=camera.clock_offset_ms,
    )


def _footage(hit: Hit, asked: Interval | None) -> FootageView | None:
    spans = hit.camera.spans
    if not spans:
        return None
    covers = None
    if asked is not None and hit.covered_s is not None:
        share = hit.covered_s / asked.duration.total_seconds()
        covers = CoverView(seconds=round(hit.covered_s, 3), share=round(share, 4))
    return FootageView(
        since=spans[0].interval.start,
        until=spans[-1].interval.end,
        overwrite_at=hit.camera.overwrite_at(asked),
        covers=covers,
        clock_offset_ms=hit.camera.clock_offset_ms,
    )


def camera_feature(hit: Hit, at: datetime, asked: Interval | None = None) -> CameraFeature:
    """One camera as the caller may know it."""
    camera = hit.camera
    sees_pictures = not PICTURE_ACTIONS.isdisjoint(hit.rights)
    sees_views = not VIEW_ACTIONS.isdisjoint(hit.rights)
    sees_footage = not FOOTAGE_ACTIONS.isdisjoint(hit.rights)
    located = camera.located
    properties = CameraProperties(
        name=camera.name,
        agency=camera.agency,
        network=camera.network,
        kind=camera.kind.value if camera.kind else None,
        place=camera.place,
        place_name=camera.place_name,
        level=camera.level,
        position_accuracy_m=located.accuracy_m if located else None,
        status=hit.status.value,
        status_since=camera.status_since,
        vanished_at=camera.vanished_at,
        streams=[StreamView(**s.model_dump()) for s in camera.streams] if sees_views else None,
        views=[SectorView(**v.model_dump()) for v in camera.views] if sees_views else None,
        tags=list(camera.tags) if sees_views else None,
        snapshot=_snapshot(camera, at) if sees_pictures else None,
        footage=_footage(hit, asked) if sees_footage else None,
        distance_m=_rounded(hit.distance_m, 2),
        bearing_deg=None if hit.bearing_deg is None else round(hit.bearing_deg, 1) % 360,
        sees=hit.sees,
        actions=list(hit.actions),
        basis=list(hit.basis),
    )
    return CameraFeature(id=camera.id, geometry=_geometry(camera), properties=properties)


def footage_list(hit: Hit, asked: Interval) -> FootageList:
    inside: list[Span] = []
    for span in hit.camera.spans:
        part = span.interval.intersect(asked)
        if part is not None:
            inside.append(span.model_copy(update={"interval": part}))
    offset = hit.camera.clock_offset_ms
    return FootageList(
        camera_id=hit.camera.id,
        interval=str(asked),
        spans=[SpanView(interval=str(s.interval), overwrite_at=s.overwrite_at) for s in inside],
        gaps=[str(gap) for gap in asked.subtract([span.interval for span in inside])],
        clock_offset_ms=offset,
        clock_offset_known=offset is not None,
    )
