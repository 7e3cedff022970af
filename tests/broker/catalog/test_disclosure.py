"""A caller knows of a camera what their actions uncover; of a hidden camera they know nothing at all."""

from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from adapters.contract.models import Position, Stream, View
from broker.agencies.models import Action, Role
from tests.broker.catalog.catalogs import broker_granting, ids_found
from tests.world import FakeRecorder, SignedIn, TestBroker, camera, default_recorders

HERE = "lat=48.8809&lon=2.3553&radius_m=500"
INTERVAL = "2026-06-15T11:50:00Z/2026-06-15T12:00:00Z"
MORE = [Action.VIEW_SNAPSHOT, Action.VIEW_LIVE, Action.HOLD, Action.REQUEST_CLIP]
GRANTS = [frozenset({Action.LOCATE, *some}) for n in range(5) for some in combinations(MORE, n)]


def world() -> dict[str, FakeRecorder]:
    """One rail camera looks at the point, one looks away; both have footage, streams and tags."""
    recorders = default_recorders()
    films = recorders["rail-cctv"].footage["r1"]
    west = Position(lat=48.8809, lon=2.3550)
    recorders["rail-cctv"].cameras = [
        camera(
            name,
            position=west,
            views=(View(heading_deg=heading, fov_deg=90.0, range_m=100.0),),
            streams=(Stream(codec="h264", width=1920, height=1080, fps=25.0),),
            tags=("hall",),
            level="0",
        )
        for name, heading in (("looks", 90.0), ("turned", 270.0))
    ]
    recorders["rail-cctv"].footage = {"looks": films, "turned": films}
    return recorders


async def police(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.OPERATOR, Role.INVESTIGATOR)


@pytest.mark.parametrize("granted", GRANTS, ids=lambda granted: "+".join(sorted(granted)))
async def test_what_no_action_uncovers_is_null(
    granted: frozenset[Action], tmp_path: Path, redis: Redis
) -> None:
    async with broker_granting(granted, tmp_path, redis, world()) as broker:
        officer = await police(broker)
        query = f"{HERE}&agency=rail"
        found = {
            f["id"]: f["properties"] for f in (await officer.get(f"/v1/cameras?{query}")).json()["features"]
        }
        shown = (await officer.get("/v1/cameras/rail-cctv:looks")).json()
        assert set(found) == {"rail-cctv:looks", "rail-cctv:turned"}
        any_view = granted != {Action.LOCATE}
        any_footage = not granted.isdisjoint({Action.HOLD, Action.REQUEST_CLIP})
        for facts in (found["rail-cctv:looks"], shown["properties"]):
            assert (facts["name"], facts["agency"], facts["network"]) == ("Camera looks", "rail", "rail-cctv")
            assert (facts["kind"], facts["status"], facts["level"]) == ("fixed", "up", "0")
            assert facts["basis"] == ["rail-police"]
            assert facts["actions"] == [a for a in Action if a in granted - {Action.VIEW_LIVE}]
            assert (facts["views"] is not None) == any_view
            assert (facts["streams"] is not None) == any_view
            assert facts["tags"] == (["hall"] if any_view else None)
            assert (facts["snapshot"] is not None) == (Action.VIEW_SNAPSHOT in granted)
            assert (facts["footage"] is not None) == any_footage
        assert shown["geometry"]["coordinates"] == [2.355, 48.8809]
        sees = {name: facts["sees"] for name, facts in found.items()}
        assert list(sees.values()) == ([True, False] if any_view else [None, None])

        kept = {"rail-cctv:looks"} if any_view else set(found)
        assert set(await ids_found(officer, f"{query}&sees=true")) == kept
        assert set(await ids_found(officer, f"{query}&interval={INTERVAL}")) == (
            set(found) if any_footage else set()
        )
        assert await ids_found(officer, f"{query}&q=hall") == []
        picture = await officer.get("/v1/cameras/rail-cctv:looks/snapshot")
        footage = await officer.get("/v1/cameras/rail-cctv:looks/footage")
        assert picture.status_code == (200 if Action.VIEW_SNAPSHOT in granted else 403)
        assert footage.status_code == (200 if any_footage else 403)


async def test_nothing_that_is_not_uncovered_orders_the_answer(tmp_path: Path, redis: Redis) -> None:
    recorders = world()
    recorders["rail-cctv"].cameras.append(
        camera("a-plain", position=Position(lat=48.8809, lon=2.3550), views=())
    )
    recorders["rail-cctv"].footage["a-plain"] = recorders["rail-cctv"].footage["looks"]
    query = f"{HERE}&agency=rail&sort=rank"
    async with broker_granting({Action.LOCATE}, tmp_path / "less", redis, recorders) as broker:
        officer = await police(broker)
        assert await ids_found(officer, query) == ["rail-cctv:a-plain", "rail-cctv:looks", "rail-cctv:turned"]
    await redis.flushall()
    async with broker_granting(Action, tmp_path / "more", redis, recorders) as broker:
        officer = await police(broker)
        assert await ids_found(officer, query) == ["rail-cctv:looks", "rail-cctv:a-plain", "rail-cctv:turned"]


@pytest.mark.parametrize("tag", ["reserved", "Reserved", " RESERVED "])
async def test_a_reserved_camera_is_its_custodians_alone(tag: str, broker: TestBroker) -> None:
    broker.rail.cameras = [camera("secret", tags=(tag, "vip")), camera("r1")]
    await broker.synchronise()
    for agency, role, seen in (
        ("rail", Role.CUSTODIAN, True),
        ("rail", Role.OPERATOR, False),
        ("rail", Role.INVESTIGATOR, False),
        ("police", Role.CUSTODIAN, False),
        ("police", Role.INVESTIGATOR, False),
    ):
        officer = await broker.officer(agency, role)
        assert ("rail-cctv:secret" in await ids_found(officer, HERE)) is seen, (agency, role)
        answer = await officer.get("/v1/cameras/rail-cctv:secret/snapshot")
        assert answer.status_code == (200 if seen else 404), (agency, role)


def unnamed(answer: httpx.Response, identifier: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    """The whole answer, with the camera's id taken out."""
    assert identifier.encode() in answer.content
    headers = [(k, v) for k, v in answer.headers.multi_items() if k != "content-length"]
    return answer.status_code, answer.content.replace(identifier.encode(), b"?"), headers


@pytest.mark.parametrize("address", ["", "/snapshot", "/footage", f"/footage?interval={INTERVAL}"])
@pytest.mark.parametrize("hidden", ["rail-cctv:secret", "police-list:p1"])
async def test_a_hidden_camera_answers_as_one_that_is_not_there(
    broker: TestBroker, address: str, hidden: str
) -> None:
    officer = await broker.officer("police" if hidden.startswith("rail") else "town", Role.INVESTIGATOR)
    network = hidden.partition(":")[0]
    answers = [
        unnamed(await officer.get(f"/v1/cameras/{name}{address}"), name)
        for name in (hidden, f"{network}:unknown", "no-network:unknown")
    ]
    assert answers[0][0] == 404
    assert answers[0] == answers[1] == answers[2]


async def test_hidden_cameras_are_in_no_result_count_page_or_cursor(tmp_path: Path, redis: Redis) -> None:
    """With and without hidden cameras between the others, every byte of every page is the same."""

    async def whole(recorders: dict[str, FakeRecorder], data: Path) -> list[Any]:
        await redis.flushall()
        async with broker_granting(Action, data, redis, recorders) as broker:
            officer = await broker.officer("police", Role.INVESTIGATOR)
            bodies = []
            for query in (
                f"{HERE}&limit=1",
                f"{HERE}&limit=1&sort=rank",
                "q=camera&limit=1",
                "bbox=2,48,3,49&limit=2",
            ):
                address = f"/v1/cameras?{query}"
                while address:
                    answer = await officer.get(address)
                    bodies.append(answer.content)
                    links = answer.json()["links"]
                    address = links[0]["href"] if links else ""
            return bodies

    plain, crowded = default_recorders(), default_recorders()
    plain["rail-cctv"].cameras = [c for c in plain["rail-cctv"].cameras if "secret" not in str(c)]
    for n in range(5):
        crowded["rail-cctv"].cameras.insert(n, camera(f"a{n}", tags=("reserved",)))
        crowded["rail-cctv"].footage[f"a{n}"] = crowded["rail-cctv"].footage["r1"]
    assert await whole(plain, tmp_path / "plain") == await whole(crowded, tmp_path / "crowded")


async def test_without_an_agreement_only_ones_own_cameras_are_there(tmp_path: Path, redis: Redis) -> None:
    async with broker_granting((), tmp_path, redis) as broker:
        for agency, found in (
            ("police", ["police-list:p1"]),
            ("rail", ["rail-cctv:r1", "rail-cctv:r2"]),
            ("town", []),
        ):
            officer = await broker.officer(agency, Role.OPERATOR)
            assert await ids_found(officer, HERE) == found


async def test_a_list_shows_its_views_to_whom_they_were_granted_though_it_has_no_pictures(
    broker: TestBroker,
) -> None:
    own = await broker.officer("police", Role.OPERATOR)
    facts = (await own.get("/v1/cameras/police-list:p1")).json()["properties"]
    assert facts["actions"] == ["locate"]
    assert facts["views"] == [{"heading_deg": 90.0, "fov_deg": 90.0, "range_m": 50.0}]
    assert facts["footage"] is facts["snapshot"] is None


async def test_every_look_and_every_refusal_is_logged(broker: TestBroker) -> None:
    officer = await broker.officer("police", Role.INVESTIGATOR)
    await ids_found(officer, f"{HERE}&agency=metro&q=camera")
    await officer.get("/v1/cameras/rail-cctv:r1/snapshot")
    await officer.get("/v1/cameras/rail-cctv:secret")
    auditor = await broker.officer("police", Role.AUDITOR)
    entries = (await auditor.get("/v1/audit/entries")).json()["entries"]
    told = [(e["action"], e["decision"], e["objects"]) for e in entries if e["officer_id"] == officer.id]
    assert told == [
        ("search", "allowed", ["metro-cctv:m1"]),
        ("view_snapshot", "allowed", ["rail-cctv:r1"]),
        ("show_camera", "denied", ["rail-cctv:secret"]),
    ]
    search = next(e for e in entries if e["action"] == "search")
    assert (search["query"]["radius_m"], search["query"]["text"]) == (500.0, "camera")
    assert (search["purpose"], search["basis"]) == ("judicial_inquiry", ["metro-police"])
