"""Reads searches from HTTP: the query of a GET, the body of a POST, and the cursor of both."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
import shapely
from pydantic import BaseModel, ConfigDict, Field, model_validator

from adapters.contract.models import CameraKind, CameraStatus
from broker.catalog import examples
from broker.catalog.geometry import distance_m
from broker.catalog.models import Place
from broker.catalog.questions import Along, Area, Box, PageKey, Question, Radius, Sort, Within
from broker.errors import Problem
from broker.http.calls import IntervalText, parse_interval
from broker.http.paging import decode_cursor, encode_cursor

LONGEST_RADIUS_M: Final = 20_100_000
LONGEST_LINE_M: Final = 1_000_000
WIDEST_BUFFER_M: Final = 50_000
MOST_POINTS: Final = 10_000

LonLat = Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=2, max_length=3)]
Ring = Annotated[list[LonLat], Field(min_length=4, max_length=MOST_POINTS)]
Rings = Annotated[list[Ring], Field(min_length=1, max_length=1000)]


class Filters(BaseModel):
    """What narrows, orders and pages a search, whatever its area."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sees: Annotated[bool, Field(examples=[True], description="leave out what surely does not see it")] = False
    interval: IntervalText | None = None
    agency: Annotated[str, Field(max_length=64, examples=["sncf"])] | None = None
    network: Annotated[str, Field(max_length=64, examples=["sncf-gares"])] | None = None
    kind: Annotated[CameraKind | None, Field(examples=["fixed"])] = None
    status: Annotated[CameraStatus | None, Field(examples=["up"])] = None
    q: Annotated[str, Field(max_length=200, examples=["quai nord"], description="words")] | None = None
    level: Annotated[str, Field(max_length=64, examples=["-2"])] | None = None
    sort: Annotated[Sort, Field(examples=["rank"])] = Sort.DISTANCE
    limit: Annotated[int, Field(ge=1, le=1000, examples=[50])] = 50
    cursor: Annotated[str, Field(max_length=2000, examples=[examples.CURSOR])] | None = None


class SearchParameters(Filters):
    """The query of `GET /v1/cameras`."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, examples=[48.8809])] | None = None
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, examples=[2.3553])] | None = None
    radius_m: (
        Annotated[float, Field(gt=0, le=LONGEST_RADIUS_M, allow_inf_nan=False, examples=[300])] | None
    ) = None
    place: Annotated[str, Field(max_length=300, examples=[examples.PLACE_ID])] | None = None
    bbox: (
        Annotated[
            str,
            Field(
                max_length=200, description="minlon,minlat,maxlon,maxlat", examples=["2.35,48.87,2.36,48.89"]
            ),
        ]
        | None
    ) = None

    def area(self, place: Place | None) -> Radius | Box | None:
        """The one area that is asked for; `Problem` for half a one or two."""
        given = [(self.lat, self.lon) != (None, None), self.place is not None, self.bbox is not None]
        if sum(given) > 1:
            raise Problem("invalid", "give one of lat and lon, place, or bbox")
        if self.bbox is not None:
            if self.radius_m is not None:
                raise Problem("invalid", "radius_m goes with lat and lon, or with place")
            return parse_box(self.bbox)
        if not any(given):
            if self.radius_m is not None or self.sees:
                raise Problem("invalid", "radius_m and sees need a point: give lat and lon, or place")
            return None
        if self.radius_m is None:
            raise Problem("invalid", "radius_m is missing: how far around the point?")
        if place is not None:
            return Radius(place.position.lat, place.position.lon, self.radius_m)
        if self.lat is None or self.lon is None:
            raise Problem("invalid", "lat and lon go together")
        return Radius(self.lat, self.lon, self.radius_m)


class PolygonBody(BaseModel):
    """A GeoJSON polygon: an outer ring and holes, each closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: Literal["Polygon"]
    coordinates: Rings


class MultiPolygonBody(BaseModel):
    """GeoJSON polygons. What crosses the antimeridian is cut there, as RFC 7946 asks (section 3.1.9)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[Rings], Field(min_length=1, max_length=1000)]


class LineBody(BaseModel):
    """A GeoJSON line; between two points it takes the shorter way round."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: Literal["LineString"]
    coordinates: Annotated[list[LonLat], Field(min_length=2, max_length=MOST_POINTS)]


class SearchBody(Filters):
    """The body of `POST /v1/cameras/search`: either `within`, or `along` with `buffer_m`."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.WITHIN, examples.ALONG]})

    within: Annotated[PolygonBody | MultiPolygonBody, Field(discriminator="type")] | None = None
    along: LineBody | None = None
    buffer_m: Annotated[float, Field(gt=0, le=WIDEST_BUFFER_M, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _one_area(self) -> Self:
        if (self.within is None) == (self.along is None):
            raise ValueError("give either within or along")
        if (self.along is None) != (self.buffer_m is None):
            raise ValueError("along and buffer_m go together")
        return self

    def area(self) -> Within | Along:
        """The shape that is asked for; `Problem` where it is none."""
        if self.within is not None:
            return _within(self.within)
        if self.along is None or self.buffer_m is None:  # the validator refuses this
            raise Problem("invalid", "give either within or along")
        points = _checked_points(self.along.coordinates)
        corners = np.array(points)
        lons, lats = np.unwrap(corners[:, 0], period=360), corners[:, 1]
        length_m = float(distance_m(lats[:-1], lons[:-1], lats[1:], lons[1:]).sum())
        if length_m > LONGEST_LINE_M:
            raise Problem(
                "invalid", f"along: the line is {length_m / 1000:.0f} km long, over the limit of 1000 km"
            )
        return Along(points, self.buffer_m)


def _within(body: PolygonBody | MultiPolygonBody) -> Within:
    polygons = [body.coordinates] if isinstance(body, PolygonBody) else body.coordinates
    if sum(len(ring) for rings in polygons for ring in rings) > MOST_POINTS:
        raise Problem("invalid", f"within: more than {MOST_POINTS} points")
    parts = []
    for rings in polygons:
        checked = [_checked_points(ring) for ring in rings]
        if any(ring[0] != ring[-1] for ring in checked):
            raise Problem("invalid", "within: a ring does not end where it begins")
        parts.append(shapely.Polygon(checked[0], checked[1:]))
    shape = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    if not shape.is_valid:
        raise Problem("invalid", f"within: the area is not valid: {shapely.is_valid_reason(shape)}")
    return Within(shape)


def _checked_points(positions: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    points = tuple((position[0], position[1]) for position in positions)
    if any(abs(lon) > 180 or abs(lat) > 90 for lon, lat in points):
        raise Problem(
            "invalid", "positions are longitude, latitude: longitudes lie in ±180, latitudes in ±90"
        )
    return points


def parse_box(text: str) -> Box:
    """`minlon,minlat,maxlon,maxlat`; minlon > maxlon crosses the antimeridian."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Problem("invalid", "bbox is four numbers: minlon,minlat,maxlon,maxlat") from error
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise Problem("invalid", "bbox: longitudes lie in ±180, latitudes in ±90, south before north")
    return Box(west, south, east, north)


class Asked:
    """One search as it was asked for: the question, and the cursors that go with it."""

    def __init__(self, filters: Filters, area: Area | None, now: datetime) -> None:
        self._identity: dict[str, Any] = filters.model_dump(mode="json", exclude={"cursor", "limit"})
        as_of, after = now, None
        if filters.cursor is not None:
            as_of, after = _continued(self._identity, filters.cursor, now)
        self.question = Question(
            area=area,
            as_of=as_of,
            limit=filters.limit,
            sees=filters.sees,
            interval=None if filters.interval is None else parse_interval(filters.interval),
            agency=filters.agency,
            network=filters.network,
            kind=filters.kind,
            status=filters.status,
            text=filters.q,
            level=filters.level,
            sort=filters.sort,
            after=after,
        )

    def cursor(self, after: PageKey) -> str:
        """Names the page that follows."""
        # an infinite measure, where nothing is measured, has no JSON
        measure = None if math.isinf(after.measure_m) else after.measure_m
        position = {"t": self.question.as_of.isoformat(), "k": [after.band, measure, after.camera_id]}
        return encode_cursor(self._identity, position)


def _continued(identity: dict[str, Any], cursor: str, now: datetime) -> tuple[datetime, PageKey]:
    """The time and the end of the page that the cursor follows."""
    position = decode_cursor(identity, cursor)
    try:
        as_of, (band, measure, camera_id) = datetime.fromisoformat(position["t"]), position["k"]
        after = PageKey(band, math.inf if measure is None else measure, camera_id)
    except (KeyError, TypeError, ValueError) as error:
        raise Problem("cursor_invalid", "the cursor is damaged: start without one") from error
    well_formed = (
        as_of.tzinfo is not None
        and isinstance(after.band, int)
        and isinstance(after.measure_m, int | float)
        and isinstance(after.camera_id, str)
    )
    if not well_formed or as_of > now + timedelta(minutes=5):
        raise Problem("cursor_invalid", "the cursor is damaged: start without one")
    return as_of, after
