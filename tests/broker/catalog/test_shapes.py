"""`POST /v1/cameras/search`: areas and lines over HTTP, with the filters and pages of every search."""

from typing import Any

import pytest

from adapters.contract.models import Position
from broker.agencies.models import Role
from tests.world import SignedIn, TestBroker, camera

ADDRESS = "/v1/cameras/search"
WHERE = {"west": 2.350, "middle": 2.355, "east": 2.360}
SQUARE = [[2.352, 47.87], [2.37, 47.87], [2.37, 47.89], [2.352, 47.89], [2.352, 47.87]]
HOLE = [[2.354, 47.88], [2.356, 47.88], [2.356, 47.882], [2.354, 47.882], [2.354, 47.88]]
IN_HOLE = [[2.3545, 47.8805], [2.3555, 47.8805], [2.3555, 47.8815], [2.3545, 47.8815], [2.3545, 47.8805]]
LINE = {"type": "LineString", "coordinates": [[2.362, 47.8809], [2.348, 47.8809]]}


@pytest.fixture
async def operator(broker: TestBroker) -> SignedIn:
    """Three cameras on a west-east line, of which the middle one is reserved no more than the others."""
    broker.rail.cameras = [
        camera(name, position=Position(lat=47.8809, lon=lon)) for name, lon in WHERE.items()
    ]
    broker.rail.footage = dict.fromkeys(WHERE, broker.metro.footage["m1"])
    await broker.synchronise()
    return await broker.officer("rail", Role.OPERATOR, Role.INVESTIGATOR)


async def names(officer: SignedIn, **body: Any) -> list[str]:
    answer = await officer.post(ADDRESS, body)
    assert answer.status_code == 200, answer.text
    return [feature["properties"]["name"].partition(" ")[2] for feature in answer.json()["features"]]


async def test_an_area_with_a_hole_holds_what_is_inside(operator: SignedIn) -> None:
    whole = {"type": "Polygon", "coordinates": [SQUARE]}
    assert set(await names(operator, within=whole)) == {"middle", "east"}
    assert await names(operator, within={"type": "Polygon", "coordinates": [SQUARE, HOLE]}) == ["east"]
    several = {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [IN_HOLE]]}
    assert set(await names(operator, within=several)) == {"middle", "east"}


async def test_a_line_is_answered_in_its_direction_with_how_far_along(operator: SignedIn) -> None:
    answer = (await operator.post(ADDRESS, {"along": LINE, "buffer_m": 20})).json()
    facts = [feature["properties"] for feature in answer["features"]]
    assert [f["name"] for f in facts] == ["Camera east", "Camera middle", "Camera west"]
    along = [f["along_m"] for f in facts]
    assert along == sorted(along)
    assert along[0] == pytest.approx(149.6, abs=0.1)
    assert all(f["distance_m"] < 1 for f in facts)


async def test_filters_and_pages_are_those_of_every_search(operator: SignedIn) -> None:
    assert await names(operator, along=LINE, buffer_m=20, q="MIDDLE") == ["middle"]
    body: dict[str, Any] = {"along": LINE, "buffer_m": 20, "limit": 1}
    seen = []
    while True:
        answer = (await operator.post(ADDRESS, body)).json()
        seen += [feature["id"] for feature in answer["features"]]
        if not answer["links"]:
            break
        (link,) = answer["links"]
        assert (link["rel"], link["href"], link["method"], link["merge"]) == ("next", ADDRESS, "POST", True)
        body |= link["body"]
    assert seen == ["rail-cctv:east", "rail-cctv:middle", "rail-cctv:west"]
    other = await operator.post(ADDRESS, {"along": LINE, "buffer_m": 30, "cursor": body["cursor"]})
    assert (other.status_code, other.json()["code"]) == (422, "cursor_invalid")


async def test_what_may_not_be_located_is_in_no_area(operator: SignedIn, broker: TestBroker) -> None:
    stranger = await broker.officer("town", Role.OPERATOR)
    assert await names(stranger, within={"type": "Polygon", "coordinates": [SQUARE]}) == []
    answer = await broker.http.post(
        ADDRESS, json={"along": LINE, "buffer_m": 20}, headers=operator.headers(None)
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "purpose_missing")


BOW_TIE = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "either within or along"),
        ({"within": {"type": "Polygon", "coordinates": [SQUARE]}, "along": LINE, "buffer_m": 1}, "either"),
        ({"along": LINE}, "along and buffer_m go together"),
        ({"along": LINE, "buffer_m": 0}, "buffer_m"),
        ({"along": LINE, "buffer_m": 1e6}, "buffer_m"),
        ({"along": {"type": "LineString", "coordinates": [[2, 48]]}, "buffer_m": 5}, "coordinates"),
        ({"along": {"type": "LineString", "coordinates": [[2, 48], [20, 48]]}, "buffer_m": 5}, "km long"),
        ({"along": {"type": "LineString", "coordinates": [[48, 200], [48, 2]]}, "buffer_m": 5}, "longitude"),
        ({"within": {"type": "Polygon", "coordinates": [SQUARE[:-1]]}}, "does not end where it begins"),
        ({"within": {"type": "Polygon", "coordinates": [BOW_TIE]}}, "Self-intersection"),
        ({"within": {"type": "Point", "coordinates": [2, 48]}}, "within"),
        ({"within": {"type": "Polygon", "coordinates": [[[0, 0]] * 10_001]}}, "coordinates"),
        ({"along": LINE, "buffer_m": 5, "radius_m": 3}, "radius_m"),
    ],
)
async def test_an_area_that_is_none_is_refused_in_words(
    operator: SignedIn, body: dict[str, Any], said: str
) -> None:
    answer = await operator.post(ADDRESS, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert said in answer.json()["detail"]
