"""`/v1/cameras` and `/v1/places`: hands questions on and renders answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from adapters.contract.models import Interval
from broker.agencies.models import Action, Caller, RecalledCaller
from broker.catalog import examples
from broker.catalog.asking import Asked, SearchBody, SearchParameters
from broker.catalog.disclosure import FOOTAGE_ACTIONS
from broker.catalog.rendering import collection_json
from broker.catalog.views import (
    CameraCollection,
    CameraFeature,
    FootageList,
    PlaceList,
    footage_list,
    place_view,
)
from broker.http.calls import CurrentCaller, IntervalText, RecallableCaller, parse_interval
from broker.http.direct import DirectRoute
from broker.http.paging import CurrentList, next_href
from broker.http.services import CurrentServices, Services

router = APIRouter(prefix="/v1", tags=["cameras"])

CameraId = Annotated[str, Path(description="<network>:<native id>", examples=[examples.CAMERA_ID])]
CAPTURED_AT_HEADER: Final[dict[str, Any]] = {
    "Entrevue-Captured-At": {
        "description": "When the recorder took it; absent where the recorder does not say",
        "schema": {"type": "string", "format": "date-time", "examples": ["2026-06-15T20:11:48Z"]},
    }
}


class GeoJson(JSONResponse):
    """GeoJSON (RFC 7946) that is encoded already."""

    media_type = "application/geo+json"

    def render(self, content: Any) -> bytes:
        encoded: bytes = content
        return encoded


async def search_cameras(
    request: Request,
    caller: RecallableCaller,
    services: CurrentServices,
    parameters: Annotated[SearchParameters, Query()],
) -> Response:
    """Cameras near a point or place, or in a box, nearest first, as far as the caller may know of them."""
    place = None
    if parameters.place is not None:
        caller = await services.authority.confirm(caller)
        place = await services.catalog.place(caller, parameters.place)
    asked = Asked(parameters, parameters.area(place), services.clock.now())

    def following(cursor: str) -> dict[str, Any]:
        return {"href": next_href("/v1/cameras", request.scope["query_string"], cursor)}

    return await _found(services, caller, asked, following)


router.add_api_route(
    "/cameras",
    search_cameras,
    response_model=CameraCollection,
    response_class=GeoJson,
    summary="Search cameras",
    route_class_override=DirectRoute,
)


@router.post(
    "/cameras/search",
    response_model=CameraCollection,
    response_class=GeoJson,
    summary="Search cameras in an area or along a line",
)
async def search_shape(body: SearchBody, caller: CurrentCaller, services: CurrentServices) -> Response:
    """Cameras within polygons, nearest their middle first, or along a line in its direction. The next page is
    this body with the cursor of `links[rel=next]`."""
    asked = Asked(body, body.area(), services.clock.now())

    def following(cursor: str) -> dict[str, Any]:
        return {"href": "/v1/cameras/search", "method": "POST", "body": {"cursor": cursor}, "merge": True}

    return await _found(services, caller, asked, following)


async def _found(
    services: Services,
    caller: Caller | RecalledCaller,
    asked: Asked,
    following: Callable[[str], dict[str, Any]],
) -> Response:
    question = asked.question
    answer = await services.catalog.search(caller, question)
    links = []
    if answer.next_after is not None:
        link = {"rel": "next", "type": GeoJson.media_type}
        links.append(link | following(asked.cursor(answer.next_after)))
    return GeoJson(collection_json(answer.features, links, question.as_of, answer.stale_since))


@router.get("/places", response_model=PlaceList, summary="Find places by name")
async def find_places(
    asked: CurrentList,
    caller: CurrentCaller,
    services: CurrentServices,
    q: Annotated[str | None, Query(max_length=200, examples=["gare du nord"])] = None,
) -> PlaceList:
    """By name, then id; every word of `q` is in the name, accents and case folded."""
    cut = await services.catalog.find_places(caller, q, asked.page)
    return PlaceList(places=[place_view(place) for place in cut.rows], links=asked.links(cut.last))


@router.get(
    "/cameras/{camera_id}/snapshot",
    response_class=Response,
    summary="Latest snapshot",
    responses={200: {"content": {"image/jpeg": {}}, "headers": CAPTURED_AT_HEADER}},
)
async def show_snapshot(camera_id: CameraId, caller: CurrentCaller, services: CurrentServices) -> Response:
    """The latest picture as JPEG; `Entrevue-Captured-At` says how old it is."""
    data, snapshot = await services.snapshots.latest(caller, camera_id)
    headers = {"Cache-Control": "private, no-store"}
    if snapshot.captured_at is not None:
        headers["Entrevue-Captured-At"] = snapshot.captured_at.isoformat().replace("+00:00", "Z")
    return Response(data, media_type="image/jpeg", headers=headers)


@router.get("/cameras/{camera_id}/footage", response_model=FootageList, summary="Spans and gaps")
async def show_footage(
    camera_id: CameraId,
    caller: CurrentCaller,
    services: CurrentServices,
    interval: Annotated[IntervalText | None, Query()] = None,
) -> FootageList:
    """What the recorder holds inside the interval, and when it will be overwritten; all of it without one."""
    shown = await services.catalog.show(caller, camera_id, FOOTAGE_ACTIONS, "view_footage")
    spans = shown.spans
    if interval is not None:
        asked = parse_interval(interval)
    elif spans:
        asked = Interval(start=spans[0].interval.start, end=spans[-1].interval.end)
    else:
        now = services.clock.now()
        asked = Interval(start=now - timedelta(days=1), end=now)
    return footage_list(shown, asked)


@router.get(
    "/cameras/{camera_id}", response_model=CameraFeature, response_class=GeoJson, summary="One camera"
)
async def show_camera(camera_id: CameraId, caller: CurrentCaller, services: CurrentServices) -> Response:
    shown = await services.catalog.show(caller, camera_id, {Action.LOCATE}, "show_camera")
    return GeoJson(shown.feature)
