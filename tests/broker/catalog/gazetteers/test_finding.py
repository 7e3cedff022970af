"""Public places are found by every officer who may search, and tell nothing of networks that are hidden."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from redis.asyncio import Redis

from adapters.contract.models import PlaceRecord, Position
from broker.agencies.models import Role
from tests.broker.catalog.catalogs import broker_granting, ids_found
from tests.broker.catalog.gazetteers.gazetteers import STATIONS, import_gares, import_rows
from tests.broker.http.test_lists import pages
from tests.world import SignedIn, TestBroker, camera, open_test_broker

HALL = Position(lat=48.8800, lon=2.3550, accuracy_m=120.0)


@pytest.fixture
async def furnished(broker: TestBroker, tmp_path: Path) -> TestBroker:
    """A place of the railway's own beside the gazetteer's, with names that sort between each other."""
    broker.rail.places = [PlaceRecord(native_id="hall", name="Gare de l’Est", position=HALL)]
    await broker.synchronise()
    await import_rows(broker, tmp_path, *STATIONS, "z;gare de Bercy;48.84;2.38;")
    return broker


async def found(officer: SignedIn, text: str) -> list[str]:
    answer = await officer.get(f"/v1/places?q={quote(text)}")
    assert answer.status_code == 200, answer.text
    return [place["id"] for place in answer.json()["places"]]


async def test_gazetteers_and_networks_are_one_list_by_name(furnished: TestBroker) -> None:
    officer = await furnished.officer("rail", Role.OPERATOR)
    assert await found(officer, "gare") == ["gares:z", "rail-cctv:hall", "gares:gdn"]
    assert await found(officer, "GARE est") == ["rail-cctv:hall"]
    assert await found(officer, "chatelet") == ["gares:chatelet"]
    paged = await pages(officer, "/v1/places?limit=1", "places")
    assert [p["id"] for page in paged for p in page] == [
        "gares:chatelet",
        "gares:z",
        "rail-cctv:hall",
        "gares:gdn",
    ]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.INVESTIGATOR, Role.CUSTODIAN])
async def test_whoever_may_search_finds_public_places_and_no_hidden_networks(
    furnished: TestBroker, role: Role
) -> None:
    officer = await furnished.officer("town", role)
    assert await found(officer, "gare") == ["gares:z", "gares:gdn"]
    near = await officer.get("/v1/cameras?place=gares:gdn&radius_m=500")
    assert (near.status_code, near.json()["features"]) == (200, [])


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.DPO, Role.ADMINISTRATOR])
@pytest.mark.parametrize("address", ["/v1/places?q=gare", "/v1/cameras?place=gares:gdn&radius_m=500"])
async def test_whoever_may_not_search_finds_no_place(furnished: TestBroker, role: Role, address: str) -> None:
    officer = await furnished.officer("rail", role)
    answer = await officer.get(address)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_denied")
    unpurposed = await (await furnished.officer("rail", Role.OPERATOR)).get(address, None)
    assert (unpurposed.status_code, unpurposed.json()["code"]) == (403, "purpose_missing")


async def test_a_hidden_networks_place_answers_as_one_that_is_not_there(furnished: TestBroker) -> None:
    officer = await furnished.officer("town", Role.OPERATOR)
    answers = []
    for name in ("rail-cctv:hall", "rail-cctv:none", "nowhere:none", "gares:none"):
        answer = await officer.get(f"/v1/cameras?place={name}&radius_m=500")
        body = answer.json() | {"detail": answer.json()["detail"].replace(name, "?")}
        answers.append((answer.status_code, body))
    assert answers[0][0] == 404
    assert all(answer == answers[0] for answer in answers)


async def logged(broker: TestBroker, agency: str, officer_id: str) -> list[dict[str, Any]]:
    auditor = await broker.officer(agency, Role.AUDITOR)
    entries = (await auditor.get("/v1/audit/entries?limit=1000")).json()["entries"]
    return [entry for entry in entries if entry["officer_id"] == officer_id]


async def test_every_look_at_a_place_and_every_refusal_is_logged(furnished: TestBroker) -> None:
    police = await furnished.officer("police", Role.INVESTIGATOR)
    await found(police, "gare")
    await ids_found(police, "place=gares:gdn&radius_m=5")
    await ids_found(police, "place=rail-cctv:hall&radius_m=5")
    town = await furnished.officer("town", Role.OPERATOR)
    await town.get("/v1/cameras?place=rail-cctv:hall&radius_m=5")
    await town.get("/v1/cameras?place=rail-cctv:none&radius_m=5")

    own = [(e["action"], e["decision"], e["objects"]) for e in await logged(furnished, "police", police.id)]
    assert own[0] == ("find_places", "allowed", ["gares:z", "rail-cctv:hall", "gares:gdn"])
    assert ("show_place", "allowed", ["gares:gdn"]) in own
    assert ("show_place", "allowed", ["rail-cctv:hall"]) in own
    refused = [
        (e["action"], e["decision"], e["objects"], e["owners"])
        for e in await logged(furnished, "town", town.id)
    ]
    assert refused == [
        ("show_place", "denied", ["rail-cctv:hall"], []),
        ("show_place", "denied", ["rail-cctv:none"], []),
    ], "of their own officer they read what was asked for, and not whether it exists"

    seen = [(e["action"], e["decision"], e["objects"]) for e in await logged(furnished, "rail", police.id)]
    assert ("find_places", "allowed", ["rail-cctv:hall"]) in seen, "the owner is told of its own place only"
    attempts = await logged(furnished, "rail", town.id)
    assert [(e["action"], e["decision"], e["objects"]) for e in attempts] == [
        ("show_place", "denied", ["rail-cctv:hall"])
    ]


async def test_a_right_that_ended_hides_a_networks_place_at_the_next_look(furnished: TestBroker) -> None:
    police = await furnished.officer("police", Role.OPERATOR)
    assert await ids_found(police, "place=rail-cctv:hall&radius_m=500") != []
    custodian = await furnished.officer("rail", Role.CUSTODIAN)
    ended = await custodian.post("/v1/agreements/rail-police/end", {})
    assert ended.status_code == 200, ended.text
    answer = await police.get("/v1/cameras?place=rail-cctv:hall&radius_m=500")
    assert answer.status_code == 404
    assert await found(police, "gare") == ["gares:z", "gares:gdn"]


async def test_without_any_agreement_public_places_still_are(tmp_path: Path, redis: Redis) -> None:
    async with broker_granting((), tmp_path / "data", redis) as broker:
        await import_rows(broker, tmp_path, *STATIONS)
        assert await found(await broker.officer("town", Role.OPERATOR), "nord") == ["gares:gdn"]


async def test_places_outlive_a_restart_and_the_loss_of_the_catalog(tmp_path: Path, redis: Redis) -> None:
    async with open_test_broker(tmp_path / "data", redis) as broker:
        await broker.synchronise()
        await import_rows(broker, tmp_path, *STATIONS)
        officer = await broker.officer("town", Role.OPERATOR)
    async with open_test_broker(tmp_path / "data", redis) as broker:
        assert await found(replace(officer, http=broker.http), "nord") == ["gares:gdn"]
    await redis.flushall()
    async with open_test_broker(tmp_path / "data", redis) as broker:
        assert await found(replace(officer, http=broker.http), "nord") == ["gares:gdn"]


@pytest.fixture
async def region(broker: TestBroker) -> AsyncIterator[TestBroker]:
    """Every station of a region, and cameras of the railway that only name theirs."""
    await import_gares(broker)
    broker.rail.cameras = [
        camera("below", position=None, place="CHATELET", level="-2"),
        camera("halls", position=None, place="Châtelet - Les Halles", level="-4"),
        camera("north", position=None, place="idf-gares:71410", level="-1"),
        camera("which", position=None, place="Gare du Nord"),
    ]
    await broker.synchronise()
    yield broker


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("chatelet", ["Châtelet", "Châtelet les Halles"]),
        ("Chatelet-Les Halles", ["Châtelet les Halles"]),
        ("GARE DU NORD", ["Gare du Nord", "Gare du Nord"]),
        (
            "saint denis STADE",
            ["La Plaine Stade de France - Saint-Denis - Aubervilliers", "Stade de France Saint-Denis"],
        ),
        ("no such station", []),
    ],
)
async def test_the_stations_of_a_region_are_found_as_people_type_them(
    region: TestBroker, text: str, names: list[str]
) -> None:
    officer = await region.officer("town", Role.OPERATOR)
    answer = await officer.get(f"/v1/places?q={text}")
    assert [place["name"] for place in answer.json()["places"]][:2] == names


async def test_pages_hold_every_station_once(region: TestBroker) -> None:
    paged = await pages(await region.officer("town", Role.OPERATOR), "/v1/places?limit=300", "places")
    ids = [place["id"] for page in paged for place in page]
    assert [len(page) for page in paged] == [300, 300, 300, 92]
    assert len(set(ids)) == 992


async def test_an_underground_camera_is_found_by_its_station_by_level_and_by_radius_with_its_uncertainty(
    region: TestBroker,
) -> None:
    officer = await region.officer("police", Role.INVESTIGATOR)
    for query in (
        "place=idf-gares:71264&radius_m=1",
        "lat=48.8586&lon=2.3470&radius_m=20",
        "lat=48.8604&lon=2.3470&radius_m=1",  # 200 m away: the station reaches that far
        "bbox=2.346,48.858,2.348,48.859",
    ):
        assert "rail-cctv:below" in await ids_found(officer, f"{query}&level=-2"), query
    assert await ids_found(officer, "lat=48.8640&lon=2.3470&radius_m=1&level=-2") == [], "600 m away"
    assert await ids_found(officer, "level=-2") == ["rail-cctv:below"]
    body = (await officer.get("/v1/cameras?place=idf-gares:71264&radius_m=1&level=-2")).json()
    (feature,) = body["features"]
    facts = feature["properties"]
    assert feature["geometry"] is None
    assert facts["sees"] is None
    assert (facts["place"], facts["place_name"], facts["level"]) == ("idf-gares:71264", "Châtelet", "-2")
    assert facts["position_accuracy_m"] == pytest.approx(254.6, abs=0.1)
    assert await ids_found(officer, "place=idf-gares:474151&radius_m=1&level=-4") == ["rail-cctv:halls"]
    assert "rail-cctv:north" in await ids_found(officer, "place=idf-gares:71410&radius_m=1")
    where = "rail-cctv:which"
    assert await ids_found(officer, "q=gare du nord") == ["rail-cctv:north", where]
    assert where not in await ids_found(officer, "bbox=-180,-90,180,90")


async def test_an_import_while_serving_shows_at_the_next_call_and_locates_at_the_next_round(
    broker: TestBroker, tmp_path: Path
) -> None:
    officer = await broker.officer("police", Role.OPERATOR)
    broker.rail.cameras = [camera("below", position=None, place="gare du nord")]
    await broker.synchronise()
    assert await found(officer, "nord") == []
    await import_rows(broker, tmp_path, *STATIONS)
    assert await found(officer, "nord") == ["gares:gdn"]
    query = "place=gares:gdn&radius_m=1&network=rail-cctv"
    assert await ids_found(officer, query) == []
    await broker.synchronise()
    assert await ids_found(officer, query) == ["rail-cctv:below"]
