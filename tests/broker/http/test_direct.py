"""A route that reads its call itself is read, refused and described as one that FastAPI reads."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from broker.agencies.models import Role
from broker.catalog.routes import GeoJson, router, search_cameras
from broker.catalog.views import CameraCollection
from broker.http import problem_details
from broker.http.direct import DirectRoute
from broker.http.services import Services
from tests.world import TestBroker

POINT = "lat=48.8809&lon=2.3553&radius_m=300"
QUERIES = (
    POINT,
    "",
    "?",
    "&&",
    "lat=48.8809&lon=2.3553",
    "lat=48.8809&radius_m=300",
    "radius_m=300",
    "lat=&lon=&radius_m=",
    *(
        f"{POINT.replace(given, '')}&{given.partition('=')[0]}={value}"
        for given in POINT.split("&")
        for value in (
            "north",
            "91e3",
            "-91e3",
            "nan",
            "inf",
            "-inf",
            "",
            "%00",
            "1_0",
            "+5",
            "0x10",
            "1,5",
            "😀",
        )
    ),
    "lat=90&lon=180&radius_m=20100000",
    "lat=-90&lon=-180&radius_m=20100001",
    "lat=90.0000001&lon=0&radius_m=1",
    "lat=0&lon=180.0000001&radius_m=0",
    f"{POINT}&lat=1",
    f"lat=wrong&{POINT}",
    f"{POINT}&lat=wrong",
    f"{POINT}&limit=2&limit=1",
    *(
        f"{POINT}&limit={value}"
        for value in ("0", "-1", "1", "1000", "1001", "1.0", "1.5", "", "ten", "9" * 5000)
    ),
    *(f"{POINT}&sees={value}" for value in ("true", "1", "on", "no", "TRUE", "", "maybe", "2")),
    f"{POINT}&sees=true&sees=false",
    *(
        f"{POINT}&{name}={value}"
        for name in ("kind", "status", "sort")
        for value in ("", "fixed", "up", "rank", "UP")
    ),
    *(
        f"{POINT}&{name}={value}"
        for name, longest in (("agency", 64), ("network", 64), ("level", 64), ("q", 200))
        for value in ("", "rail", "%00", "%20", "%F0%9F%98%80", "%ff%fe", "x" * longest, "x" * (longest + 1))
    ),
    *(
        f"{POINT}&interval={value}"
        for value in (
            "2026-06-15T11:00:00Z/2026-06-15T12:00:00Z",
            "2026-06-15T11:00:00%2B00:00/2026-06-15T12:00:00Z",
            "2026-06-15T11:00:00+00:00/2026-06-15T12:00:00Z",
            "2026-06-15T12:00:00Z/2026-06-15T11:00:00Z",
            "yesterday",
            "",
        )
    ),
    f"{POINT}&interval=yesterday&limit=0",
    f"{POINT}&limit=0&interval=yesterday&lat=x",
    f"{POINT}&cursor=",
    f"{POINT}&cursor=damaged",
    f"{POINT}&cursor={'x' * 2001}",
    *(
        f"bbox={value}"
        for value in ("2,48,3,49", "2,48,3", "a,b,c,d", "3,49,2,48", "", "nan,0,1,1", "1" * 201)
    ),
    f"{POINT}&bbox=2,48,3,49",
    "bbox=2,48,3,49&radius_m=5",
    "bbox=2,48,3,49&sees=true",
    "place=rail-cctv:nowhere&radius_m=5",
    "place=&radius_m=5",
    f"place={'x' * 301}&radius_m=5",
    f"{POINT}&bogus=1",
    f"{POINT}&bogus=1&bogus=2",
    f"{POINT}&bogus",
    f"{POINT}&bogus=1&other=2&limit=0",
    f"{POINT}&LIMIT=1",
    f"{POINT}&limit[]=1",
    f"{POINT};limit=1",
    "sees=true",
)
GOOD: tuple[bytes, bytes] = (b"entrevue-purpose", b"public_safety")
HEADERS: dict[str, list[tuple[bytes, bytes]]] = {
    "no purpose": [],
    "an empty purpose": [(b"entrevue-purpose", b"")],
    "an unknown purpose": [(b"entrevue-purpose", b"curiosity")],
    "a purpose in capitals": [(b"ENTREVUE-PURPOSE", b"Public_Safety")],
    "a purpose with blanks": [(b"entrevue-purpose", b" public_safety ")],
    "the longest purpose": [(b"entrevue-purpose", b"x" * 64)],
    "a purpose too long": [(b"entrevue-purpose", b"x" * 65)],
    "a purpose as long as its letters": [(b"entrevue-purpose", ("é" * 64).encode())],
    "a purpose of too many letters": [(b"entrevue-purpose", ("é" * 65).encode())],
    "a purpose in Latin-1": [(b"entrevue-purpose", "é".encode("latin-1") * 65)],
    "two purposes": [GOOD, (b"entrevue-purpose", b"curiosity")],
    "two purposes, the first unknown": [(b"entrevue-purpose", b"curiosity"), GOOD],
    "a purpose with underscores": [(b"entrevue_purpose", b"public_safety")],
    "a case": [GOOD, (b"entrevue-case", "Procédure nº 5".encode())],
    "an empty case": [GOOD, (b"entrevue-case", b"")],
    "a case with control characters": [GOOD, (b"entrevue-case", b"a\x00b\x7f\x1b\t\r\n")],
    "a case of wrong UTF-8": [GOOD, (b"entrevue-case", b"\xff\xfe\xc3")],
    "the longest case": [GOOD, (b"entrevue-case", ("é" * 200).encode())],
    "a case too long": [GOOD, (b"entrevue-case", b"x" * 201)],
    "both too long": [(b"entrevue-purpose", b"x" * 65), (b"entrevue-case", b"x" * 201)],
    "two cases": [GOOD, (b"entrevue-case", b"PV-1"), (b"entrevue-case", b"x" * 201)],
}
TOKENS = (
    None,
    "",
    "{token}",
    "Bearer",
    "Bearer ",
    "Bearer  ",
    "Bearer {token}",
    "bearer {token}",
    "BEARER {token}",
    "Bearer  {token}",
    "Bearer\t{token}",
    " Bearer {token}",
    "Bearer {token} ",
    "Bearer {token} {token}",
    "Bearer {token}x",
    "Bearer\u00e9 {token}",
    "Bearer t\u00f6k\u00e9n\x00",
    "Basic {token}",
    "Token {token}",
    "Bearer:{token}",
    f"Bearer {'x' * 10_000}",
)


def plain_app(services: Services, route_class: type[APIRoute] = APIRoute) -> FastAPI:
    """The same endpoint, read by FastAPI unless told otherwise."""
    app, routes = FastAPI(), APIRouter(prefix="/v1", tags=["cameras"])
    app.state.services = services
    problem_details.install(app)
    routes.add_api_route(
        "/cameras",
        search_cameras,
        response_model=CameraCollection,
        response_class=GeoJson,
        summary="Search cameras",
        route_class_override=route_class,
    )
    app.include_router(routes)
    return app


class Both:
    """The broker itself, and the same behind FastAPI's own reading."""

    def __init__(self, broker: TestBroker, token: str) -> None:
        self._broker = broker
        self.token = token

    async def get(
        self, query: str, headers: list[tuple[bytes, bytes]], authorization: str | None = "Bearer {token}"
    ) -> int:
        """Asks both; they say the same. Their status."""
        sent = list(headers)
        if authorization is not None:
            sent.append((b"authorization", authorization.format(token=self.token).encode("latin-1")))
        transport = httpx.ASGITransport(plain_app(self._broker.broker.services), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as plain:
            told = await plain.get(f"/v1/cameras?{query}", headers=sent)
        for _ in range(2):  # known and recalled
            found = await self._broker.http.get(f"/v1/cameras?{query}", headers=sent)
            assert (found.status_code, found.json()) == (told.status_code, told.json())
            for name in ("content-type", "www-authenticate"):
                assert found.headers.get(name) == told.headers.get(name)
        return told.status_code


@pytest.fixture
async def both(broker: TestBroker) -> Both:
    await broker.synchronise()
    return Both(broker, (await broker.officer("rail", Role.OPERATOR)).token)


async def test_every_query_is_read_and_refused_alike(both: Both) -> None:
    statuses = [await both.get(query, [GOOD]) for query in QUERIES]
    assert set(statuses) == {200, 404, 422}
    assert min(statuses.count(200), statuses.count(422)) > 30


async def test_headers_are_read_and_refused_alike(both: Both) -> None:
    statuses = {about: await both.get(POINT, headers) for about, headers in HEADERS.items()}
    assert set(statuses.values()) == {200, 403, 422}
    assert (statuses["a case"], statuses["no purpose"], statuses["a case too long"]) == (200, 403, 422)


async def test_a_token_is_read_and_refused_alike(both: Both) -> None:
    statuses = [await both.get(POINT, [GOOD], authorization) for authorization in TOKENS]
    assert set(statuses) == {200, 401}


@pytest.mark.parametrize("query", ["limit=0", "bogus=1", "lat=x&interval=yesterday", "sees=true"])
async def test_of_several_mistakes_the_same_are_told(both: Both, query: str) -> None:
    for headers in HEADERS.values():
        assert await both.get(query, headers) in (403, 422)
    for authorization in TOKENS:
        assert await both.get(query, [GOOD], authorization) in (401, 422)
        assert await both.get(query, HEADERS["both too long"], authorization) == 422


def test_it_is_described_as_without_the_class(broker: TestBroker) -> None:
    services = broker.broker.services
    plain, direct = plain_app(services), plain_app(services, DirectRoute)
    assert direct.openapi() == plain.openapi()
    assert plain.openapi()["paths"]["/v1/cameras"]["get"]["parameters"]


def test_the_search_is_read_directly() -> None:
    (route,) = (route for route in router.routes if getattr(route, "name", "") == "search_cameras")
    assert isinstance(route, DirectRoute)
