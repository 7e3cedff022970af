"""`/v1/cameras` and `/v1/places`: parses questions and renders answers."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from adapters.contract.models import CameraKind, CameraStatus, Interval
from broker.agencies.models import Action
from broker.catalog.disclosure import FOOTAGE_ACTIONS
from broker.catalog.models import Box, PageKey, Place, Question, Radius, Sort
from broker.catalog.views import (
    CameraCollection,
    CameraFeature,
    FootageList,
    LinkView,
    PlaceList,
    camera_feature,
    footage_list,
    place_view,
)
from broker.errors import Problem
from broker.http.calls import CurrentCaller, IntervalText, parse_interval
from broker.http.paging import decode_cursor, encode_cursor
from broker.http.services import CurrentServices

router = APIRouter(prefix="/v1", tags=["cameras"])

LONGEST_RADIUS_M = 20_100_000
PAGE_KEY_LENGTHS = {Sort.DISTANCE: 2, Sort.RANK: 6}


class SearchParameters(BaseModel):
    """The query of `GET /v1/cameras`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None
    radius_m: Annotated[float, Field(gt=0, le=LONGEST_RADIUS_M, allow_inf_nan=False)] | None = None
    place: Annotated[str, Field(max_length=300)] | None = None
    bbox: (
        Annotated[
            str,
            Field(
                max_length=200, description="minlon,minlat,maxlon,maxlat", examples=["2.35,48.87,2.36,48.89"]
            ),
        ]
        | None
    ) = None
    sees: bool = False
    interval: IntervalText | None = None
    agency: Annotated[str, Field(max_length=64)] | None = None
    network: Annotated[str, Field(max_length=64)] | None = None
    kind: CameraKind | None = None
    status: CameraStatus | None = None
    q: Annotated[str, Field(max_length=200)] | None = None
    level: Annotated[str, Field(max_length=64)] | None = None
    sort: Sort = Sort.DISTANCE
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None


def parse_box(text: str) -> Box:
    """`minlon,minlat,maxlon,maxlat`; minlon > maxlon crosses the antimeridian."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Problem("invalid", "bbox is four numbers: minlon,minlat,maxlon,maxlat") from error
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise Problem("invalid", "bbox: longitudes lie in ±180, latitudes in ±90, south before north")
    return Box(west, south, east, north)


def area_of(parameters: SearchParameters, place: Place | None) -> Radius | Box | None:
    """The one area that is asked for; `Problem` for half a one or two."""
    point = (parameters.lat, parameters.lon)
    given = [point != (None, None), parameters.place is not None, parameters.bbox is not None]
    if sum(given) > 1:
        raise Problem("invalid", "give one of lat and lon, place, or bbox")
    if parameters.bbox is not None:
        if parameters.radius_m is not None:
            raise Problem("invalid", "radius_m goes with lat and lon, or with place")
        return parse_box(parameters.bbox)
    if not any(given):
        if parameters.radius_m is not None or parameters.sees:
            raise Problem("invalid", "radius_m and sees need a point: give lat and lon, or place")
        return None
    if parameters.radius_m is None:
        raise Problem("invalid", "radius_m is missing: how far around the point?")
    if place is not None:
        return Radius(place.position.lat, place.position.lon, parameters.radius_m)
    if parameters.lat is None or parameters.lon is None:
        raise Problem("invalid", "lat and lon go together")
    return Radius(parameters.lat, parameters.lon, parameters.radius_m)


def _continued(identity: dict[str, Any], cursor: str, sort: Sort, now: datetime) -> tuple[datetime, PageKey]:
    """The time and the end of the page that the cursor follows."""
    position = decode_cursor(identity, cursor)
    try:
        as_of, after = datetime.fromisoformat(position["t"]), tuple(position["k"])
    except (KeyError, TypeError, ValueError) as error:
        raise Problem("cursor_invalid", "the cursor is damaged: start without one") from error
    well_formed = (
        as_of.tzinfo is not None
        and len(after) == PAGE_KEY_LENGTHS[sort]
        and isinstance(after[-1], str)
        and all(isinstance(part, int | float) for part in after[:-1])
    )
    if not well_formed or as_of > now + timedelta(minutes=5):
        raise Problem("cursor_invalid", "the cursor is damaged: start without one")
    return as_of, after


@router.get("/cameras", response_model=CameraCollection, summary="Search cameras")
async def search_cameras(
    request: Request,
    caller: CurrentCaller,
    services: CurrentServices,
    parameters: Annotated[SearchParameters, Query()],
) -> CameraCollection:
    """Cameras near a point or place, or in a box, nearest first, as far as the caller may know of them."""
    await services.authority.require_purpose(caller)
    place = None if parameters.place is None else await services.catalog.place(caller, parameters.place)
    area = area_of(parameters, place)
    interval: Interval | None = None if parameters.interval is None else parse_interval(parameters.interval)
    identity = parameters.model_dump(mode="json", exclude={"cursor", "limit"})
    now, after = services.clock.now(), None
    as_of = now
    if parameters.cursor is not None:
        as_of, after = _continued(identity, parameters.cursor, parameters.sort, now)
    answer = await services.catalog.search(
        caller,
        Question(
            area=area,
            as_of=as_of,
            limit=parameters.limit,
            sees=parameters.sees,
            interval=interval,
            agency=parameters.agency,
            network=parameters.network,
            kind=parameters.kind,
            status=parameters.status,
            text=parameters.q,
            level=parameters.level,
            sort=parameters.sort,
            after=after,
        ),
    )
    links = []
    if answer.next_after is not None:
        cursor = encode_cursor(identity, {"t": as_of.isoformat(), "k": list(answer.next_after)})
        query = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        links.append(LinkView(rel="next", href=f"/v1/cameras?{urlencode([*query, ('cursor', cursor)])}"))
    features = [camera_feature(hit, as_of, interval) for hit in answer.hits]
    return CameraCollection(features=features, links=links, as_of=as_of)


@router.get("/places", response_model=PlaceList, summary="Find places by name")
async def find_places(
    caller: CurrentCaller, services: CurrentServices, q: Annotated[str | None, Query(max_length=200)] = None
) -> PlaceList:
    places = await services.catalog.find_places(caller, q)
    return PlaceList(places=[place_view(place) for place in places])


@router.get(
    "/cameras/{camera_id}/snapshot",
    summary="Latest snapshot",
    responses={200: {"content": {"image/jpeg": {}}}},
)
async def show_snapshot(camera_id: str, caller: CurrentCaller, services: CurrentServices) -> Response:
    """The latest picture as JPEG; `Entrevue-Captured-At` says how old it is."""
    data, reference = await services.snapshots.latest(caller, camera_id)
    headers = {"Cache-Control": "private, no-store"}
    if reference.captured_at is not None:
        headers["Entrevue-Captured-At"] = reference.captured_at.isoformat().replace("+00:00", "Z")
    return Response(data, media_type="image/jpeg", headers=headers)


@router.get("/cameras/{camera_id}/footage", response_model=FootageList, summary="Spans and gaps")
async def show_footage(
    camera_id: str,
    caller: CurrentCaller,
    services: CurrentServices,
    interval: Annotated[IntervalText | None, Query()] = None,
) -> FootageList:
    """What the recorder holds inside the interval, and when it will be overwritten; all of it without one."""
    hit = await services.catalog.show(caller, camera_id, FOOTAGE_ACTIONS, "view_footage")
    spans = hit.camera.spans
    if interval is not None:
        asked = parse_interval(interval)
    elif spans:
        asked = Interval(start=spans[0].interval.start, end=spans[-1].interval.end)
    else:
        now = services.clock.now()
        asked = Interval(start=now - timedelta(days=1), end=now)
    return footage_list(hit, asked)


@router.get("/cameras/{camera_id}", response_model=CameraFeature, summary="One camera")
async def show_camera(camera_id: str, caller: CurrentCaller, services: CurrentServices) -> CameraFeature:
    hit = await services.catalog.show(caller, camera_id, {Action.LOCATE}, "show_camera")
    return camera_feature(hit, services.clock.now())
