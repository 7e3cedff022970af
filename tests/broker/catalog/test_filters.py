"""Each filter of a search keeps what it names; bad parameters are refused in the one shape."""

from datetime import timedelta

import pytest

from adapters.contract.models import CameraKind, Interval, PlaceRecord, Position, Stream, View
from broker.agencies.models import Role
from tests.broker.catalog.catalogs import ids_found
from tests.world import NOW, SignedIn, TestBroker, camera

HERE = "lat=48.8809&lon=2.3553&radius_m=100"
STATION = Position(lat=48.8443, lon=2.3743, accuracy_m=120.0)


@pytest.fixture
async def officer(broker: TestBroker) -> SignedIn:
    broker.rail.places = [PlaceRecord(native_id="gdl", name="Gare de Lyon", position=STATION)]
    broker.rail.cameras += [
        camera("by-id", position=None, place="gdl", level="-2"),
        camera("by-name", position=None, place="GARE DE LYON", name="Quai Église"),
        camera("own", position=Position(lat=48.8450, lon=2.3743), place="gdl"),
        camera("nowhere", position=None, place="Somewhere else"),
        camera("dome", kind=CameraKind.DOME, name="Hall d’été"),
    ]
    await broker.synchronise()
    return await broker.officer("police", Role.INVESTIGATOR)


async def test_a_camera_with_a_place_and_no_coordinates_is_found_by_place_and_by_radius(
    officer: SignedIn,
) -> None:
    for query in (
        "place=rail-cctv:gdl&radius_m=50",
        "lat=48.8443&lon=2.3743&radius_m=50",
        "bbox=2.374,48.844,2.375,48.8445",
    ):
        assert await ids_found(officer, query) == ["rail-cctv:by-id", "rail-cctv:by-name"]
    body = (await officer.get("/v1/cameras?place=rail-cctv:gdl&radius_m=200")).json()
    shown = {f["id"]: f for f in body["features"]}
    assert list(shown) == ["rail-cctv:by-id", "rail-cctv:by-name", "rail-cctv:own"]
    below = shown["rail-cctv:by-id"]
    assert below["geometry"] is None
    facts = below["properties"]
    assert (facts["place"], facts["place_name"], facts["level"]) == ("rail-cctv:gdl", "Gare de Lyon", "-2")
    assert facts["position_accuracy_m"] == 120.0
    assert shown["rail-cctv:own"]["geometry"] == {"type": "Point", "coordinates": [2.3743, 48.845]}


async def test_a_camera_that_nobody_can_locate_is_in_no_area_but_found_by_its_name(officer: SignedIn) -> None:
    assert "rail-cctv:nowhere" not in await ids_found(officer, "bbox=-180,-90,180,90")
    assert await ids_found(officer, "q=somewhere") == ["rail-cctv:nowhere"]
    (feature,) = (await officer.get("/v1/cameras?q=nowhere")).json()["features"]
    assert feature["geometry"] is None
    assert (feature["properties"]["place"], feature["properties"]["place_name"]) == (None, "Somewhere else")
    assert feature["properties"]["distance_m"] is feature["properties"]["bearing_deg"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=eglise", ["rail-cctv:by-name"]),
        ("q=QUAI lyon", ["rail-cctv:by-name"]),
        ("q=ETE", ["rail-cctv:dome"]),
        ("q=rail-cctv:own", ["rail-cctv:own"]),
        ("q=no such camera", []),
        ("level=-2", ["rail-cctv:by-id"]),
        ("kind=dome", ["rail-cctv:dome"]),
        (f"{HERE}&agency=metro", ["metro-cctv:m1"]),
        (f"{HERE}&network=police-list", ["police-list:p1"]),
        (f"{HERE}&agency=nobody", []),
        (f"{HERE}&status=up", ["metro-cctv:m1", "rail-cctv:r1", "rail-cctv:r2"]),
        (f"{HERE}&status=down", []),
    ],
)
async def test_a_filter_keeps_what_it_names(officer: SignedIn, query: str, found: list[str]) -> None:
    assert await ids_found(officer, query) == found


async def test_places_are_found_by_the_words_of_their_name_without_accents_and_case(
    broker: TestBroker, officer: SignedIn
) -> None:
    broker.metro.places = [PlaceRecord(native_id="e", name="Église de Pantin", position=STATION)]
    await broker.synchronise()
    answer = await officer.get("/v1/places?q=PANTIN eglise")
    assert answer.json() == {
        "links": [],
        "places": [
            {
                "id": "metro-cctv:e",
                "name": "Église de Pantin",
                "lat": 48.8443,
                "lon": 2.3743,
                "position_accuracy_m": 120.0,
            }
        ],
    }
    names = [place["name"] for place in (await officer.get("/v1/places")).json()["places"]]
    assert names == ["Église de Pantin", "Gare de Lyon"]


async def test_an_interval_keeps_cameras_with_any_footage_in_it_and_says_how_much(
    broker: TestBroker, officer: SignedIn
) -> None:
    broker.rail.footage["r2"] = [NOW - timedelta(minutes=3)]
    await broker.synchronise()
    asked = Interval(start=NOW - timedelta(minutes=4), end=NOW)
    body = (await officer.get(f"/v1/cameras?{HERE}&interval={asked}")).json()
    covers = {f["id"]: f["properties"]["footage"]["covers"] for f in body["features"]}
    assert covers == {
        "metro-cctv:m1": {"seconds": 240.0, "share": 1.0},
        "rail-cctv:r1": {"seconds": 240.0, "share": 1.0},
        "rail-cctv:r2": {"seconds": 60.0, "share": 0.25},
    }
    before = Interval(start=NOW - timedelta(hours=2), end=NOW - timedelta(minutes=10))
    assert await ids_found(officer, f"{HERE}&interval={before}") == []


async def test_footage_says_its_ends_its_overwrite_and_whether_the_clock_is_known(
    broker: TestBroker, officer: SignedIn
) -> None:
    def footage(feature: dict[str, dict[str, dict[str, object]]]) -> dict[str, object]:
        return feature["properties"]["footage"]

    shown = (await officer.get("/v1/cameras/rail-cctv:r1")).json()
    assert footage(shown) == {
        "from": "2026-06-15T11:50:00Z",
        "until": "2026-06-15T12:00:00Z",
        "overwrite_at": "2026-06-16T11:51:00Z",
        "covers": None,
        "clock_offset_ms": 0.0,
    }
    broker.rail.clock_offset_ms = None
    await broker.synchronise()
    shown = (await officer.get("/v1/cameras/rail-cctv:r1")).json()
    assert footage(shown)["clock_offset_ms"] is None
    assert shown["properties"]["snapshot"]["clock_offset_ms"] is None
    listed = (await officer.get("/v1/cameras/rail-cctv:r1/footage")).json()
    assert (listed["clock_offset_ms"], listed["clock_offset_known"]) == (None, False)


async def test_footage_of_an_interval_is_its_spans_and_the_gaps_between(
    broker: TestBroker, officer: SignedIn
) -> None:
    broker.rail.footage["r1"] = [NOW - timedelta(minutes=5), NOW - timedelta(minutes=2)]
    await broker.synchronise()
    asked = Interval(start=NOW - timedelta(minutes=6), end=NOW - timedelta(minutes=1, seconds=30))
    listed = (await officer.get(f"/v1/cameras/rail-cctv:r1/footage?interval={asked}")).json()
    assert [span["interval"] for span in listed["spans"]] == [
        "2026-06-15T11:55:00Z/2026-06-15T11:56:00Z",
        "2026-06-15T11:58:00Z/2026-06-15T11:58:30Z",
    ]
    assert [span["overwrite_at"] for span in listed["spans"]] == [
        "2026-06-16T11:56:00Z",
        "2026-06-16T11:59:00Z",
    ]
    assert listed["gaps"] == [
        "2026-06-15T11:54:00Z/2026-06-15T11:55:00Z",
        "2026-06-15T11:56:00Z/2026-06-15T11:58:00Z",
    ]


@pytest.mark.parametrize(
    ("rates_fps", "gaps"), [((), 1), ((25.0,), 1), ((None,), 1), ((0.1,), 1), ((25.0, 0.01), 0)]
)
async def test_what_lacks_for_less_than_two_frame_periods_is_no_gap(
    broker: TestBroker, officer: SignedIn, rates_fps: tuple[float | None, ...], gaps: int
) -> None:
    streams = tuple(Stream(role=f"stream {n}", fps=fps) for n, fps in enumerate(rates_fps))
    broker.rail.cameras[0] = camera("r1", streams=streams)
    broker.rail.footage["r1"] = [NOW - timedelta(minutes=5), NOW - timedelta(minutes=2)]
    await broker.synchronise()
    asked = Interval(start=NOW - timedelta(minutes=5), end=NOW - timedelta(minutes=1))
    listed = (await officer.get(f"/v1/cameras/rail-cctv:r1/footage?interval={asked}")).json()
    lacking = Interval(start=NOW - timedelta(minutes=4), end=NOW - timedelta(minutes=2))
    assert listed["gaps"] == [str(lacking)] * gaps
    assert len(listed["spans"]) == 2


@pytest.mark.parametrize(("fps", "first"), [(None, "r2"), (25.0, "r2"), (0.01, "r1")])
async def test_by_rank_who_lacks_less_than_a_gap_has_the_footage(
    broker: TestBroker, officer: SignedIn, fps: float | None, first: str
) -> None:
    broker.rail.cameras[:] = [camera("r1", streams=(Stream(fps=fps),)), camera("r2")]
    broker.rail.footage["r1"] = [NOW - timedelta(minutes=5), NOW - timedelta(minutes=2)]
    broker.rail.footage["r2"] = [NOW - timedelta(minutes=n) for n in (5, 4, 3, 2)]
    await broker.synchronise()
    asked = Interval(start=NOW - timedelta(minutes=5), end=NOW - timedelta(minutes=1))
    found = await ids_found(officer, f"{HERE}&network=rail-cctv&sort=rank&interval={asked}")
    assert found[0] == f"rail-cctv:{first}"


async def test_sees_as_a_filter_drops_only_what_surely_does_not_see(
    broker: TestBroker, officer: SignedIn
) -> None:
    south = Position(lat=48.8808, lon=2.3553)
    north, away = View(heading_deg=0.0, fov_deg=60.0, range_m=50.0), View(heading_deg=180.0, fov_deg=60.0)
    broker.metro.cameras += [
        camera("sees", position=south, views=(north,)),
        camera("not", position=south, views=(away,)),
        camera("unknown", position=south, views=()),
        camera("ptz", position=south, views=(away,), kind=CameraKind.PTZ),
    ]
    await broker.synchronise()
    query = f"{HERE}&network=metro-cctv"
    body = (await officer.get(f"/v1/cameras?{query}")).json()
    assert {f["id"]: f["properties"]["sees"] for f in body["features"]} == {
        "metro-cctv:m1": None,  # stands at the point itself, and where is known to 2 m only
        "metro-cctv:sees": True,
        "metro-cctv:not": False,
        "metro-cctv:unknown": None,
        "metro-cctv:ptz": None,
    }
    kept = await ids_found(officer, f"{query}&sees=true")
    assert set(kept) == {f"metro-cctv:{name}" for name in ("m1", "sees", "unknown", "ptz")}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("lat=91&lon=2&radius_m=5", "invalid"),
        ("lat=48&lon=181&radius_m=5", "invalid"),
        ("lat=48&lon=2", "invalid"),
        ("lat=48&radius_m=5", "invalid"),
        ("lat=nan&lon=2&radius_m=5", "invalid"),
        ("lat=48&lon=2&radius_m=0", "invalid"),
        ("lat=48&lon=2&radius_m=inf", "invalid"),
        ("radius_m=5", "invalid"),
        ("sees=true", "invalid"),
        ("bbox=1,2,3", "invalid"),
        ("bbox=1,2,3,nan", "invalid"),
        ("bbox=1,3,2,2", "invalid"),
        ("bbox=1,2,3,4&lat=1&lon=1&radius_m=5", "invalid"),
        ("bbox=1,2,3,4&radius_m=5", "invalid"),
        ("place=rail-cctv:gdl", "invalid"),
        ("kind=drone", "invalid"),
        ("status=fine", "invalid"),
        ("sort=name", "invalid"),
        ("limit=0", "invalid"),
        ("limit=1001", "invalid"),
        ("surprise=1", "invalid"),
        ("interval=yesterday", "interval_invalid"),
        ("interval=2026-06-15T12:00:00Z/2026-06-15T11:00:00Z", "interval_invalid"),
        ("interval=2026-06-15T12:00:00/2026-06-15T13:00:00", "interval_invalid"),
        ("cursor=nonsense", "cursor_invalid"),
    ],
)
async def test_a_bad_parameter_is_refused_with_its_reason(officer: SignedIn, query: str, code: str) -> None:
    answer = await officer.get(f"/v1/cameras?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unknown_place_is_not_found(officer: SignedIn) -> None:
    answer = await officer.get("/v1/cameras?place=rail-cctv:nowhere&radius_m=50")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.DPO])
@pytest.mark.parametrize(
    "address",
    [
        "/v1/cameras?q=a",
        "/v1/places?q=a",
        "/v1/cameras?place=rail-cctv:gdl&radius_m=9",
        "/v1/cameras?place=x&radius_m=9",
    ],
)
async def test_whoever_may_not_search_learns_of_no_place_and_no_camera(
    broker: TestBroker, officer: SignedIn, role: Role, address: str
) -> None:
    other = await broker.officer("police", role)
    answer = await other.get(address)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_denied")


@pytest.mark.parametrize("address", ["/v1/cameras?q=a", "/v1/places?q=a", "/v1/cameras/rail-cctv:r1"])
async def test_without_a_purpose_nothing_is_shown(officer: SignedIn, address: str) -> None:
    answer = await officer.get(address, None)
    assert (answer.status_code, answer.json()["code"]) == (403, "purpose_missing")
