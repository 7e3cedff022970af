"""Lists come in pages that hold everything once; what creates or decides may be repeated, and says when it is late."""

from typing import Any

import pytest

from adapters.contract.models import PlaceRecord, Position
from broker.agencies.models import Role
from broker.http.paging import encode_cursor
from tests.world import LAST_MINUTES, SignedIn, TestBroker, settings

LISTS = {
    "/v1/holds": "holds",
    "/v1/places": "places",
    "/v1/officers": "officers",
    "/v1/agreements": "agreements",
    "/v1/networks": "networks",
}
OFFICER = {
    "agency": "rail",
    "name": "Test rail",
    "service": "Tests",
    "personnel_number": "T-1",
    "roles": ["operator"],
}


@pytest.fixture
async def everyone(broker: TestBroker) -> SignedIn:
    """An officer of the railway who may list everything, with several rows in each list."""
    at = Position(lat=48.88, lon=2.35)
    broker.rail.places = [PlaceRecord(native_id=f"p{n}", name="Gare", position=at) for n in range(5)]
    await broker.synchronise()
    officer = await broker.officer("rail", *Role)
    for _ in range(3):
        order = {"camera_ids": ["rail-cctv:r1"], "interval": str(LAST_MINUTES), "reason": "Theft"}
        assert (await officer.post("/v1/holds", order)).status_code == 201
        await broker.officer("rail", Role.OPERATOR)
    return officer


async def pages(officer: SignedIn, address: str, name: str) -> list[list[Any]]:
    """Every page of a list, by its links."""
    found: list[list[Any]] = []
    asked = set[str]()
    while address:
        assert address not in asked, "the pages do not end"
        asked.add(address)
        answer = await officer.get(address)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found.append(body[name])
        address = body["links"][0]["href"] if body["links"] else ""
    return found


@pytest.mark.parametrize(("address", "name"), LISTS.items())
async def test_pages_hold_every_row_once_in_the_order_of_the_whole(
    everyone: SignedIn, address: str, name: str
) -> None:
    (whole,) = await pages(everyone, f"{address}?limit=1000", name)
    assert len(whole) > 1
    paged = await pages(everyone, f"{address}?limit=1", name)
    assert [row for page in paged for row in page] == whole
    assert all(len(page) == 1 for page in paged)


async def test_a_cursor_goes_with_its_own_list_and_filter(everyone: SignedIn) -> None:
    link = (await everyone.get("/v1/places?q=gare&limit=2")).json()["links"][0]["href"]
    assert "q=gare" in link
    cursor = link.rpartition("cursor=")[2]
    for address in (f"/v1/places?cursor={cursor}", f"/v1/officers?cursor={cursor}", "/v1/holds?cursor=x"):
        answer = await everyone.get(address)
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid"), address


async def test_a_cursor_of_another_list_is_refused(everyone: SignedIn) -> None:
    link = (await everyone.get("/v1/officers?limit=1")).json()["links"][0]["href"]
    answer = await everyone.get(f"/v1/agreements?cursor={link.rpartition('cursor=')[2]}")
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


@pytest.mark.parametrize("address", [address for address in LISTS if address != "/v1/places"])
@pytest.mark.parametrize("position", [{}, {"after": 5}, {"after": None}, {"after": ["a"]}])
async def test_a_cursor_that_somebody_made_up_is_refused(
    everyone: SignedIn, address: str, position: dict[str, Any]
) -> None:
    answer = await everyone.get(f"{address}?cursor={encode_cursor([address, []], position)}")
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


@pytest.mark.parametrize("address", [*LISTS, "/v1/audit/entries", "/v1/agreements/rail-police"])
async def test_a_list_without_a_purpose_is_refused(everyone: SignedIn, address: str) -> None:
    answer = await everyone.get(address, None)
    assert (answer.status_code, answer.json()["code"]) == (403, "purpose_missing")


async def test_designating_twice_with_one_key_makes_one_officer_and_shows_the_token_once(
    everyone: SignedIn, broker: TestBroker
) -> None:
    key = {"Idempotency-Key": "k"}
    first = (await everyone.post("/v1/officers", OFFICER, **key)).json()
    before = len(await broker.broker.services.officers.list_officers())
    again = await everyone.post("/v1/officers", OFFICER, **key)
    assert (again.status_code, again.json()) == (201, {"id": first["id"], "token": None})
    assert len(await broker.broker.services.officers.list_officers()) == before
    other = await everyone.post("/v1/officers", OFFICER | {"name": "Test other"}, **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    me = await broker.http.get("/v1/me", headers={"Authorization": f"Bearer {first['token']}"})
    assert me.json()["id"] == first["id"]


async def test_an_agreement_that_changed_since_it_was_read_is_not_decided_on(
    everyone: SignedIn, broker: TestBroker
) -> None:
    agreements = broker.broker.services.agreements
    (known,) = [a for a in await agreements.list_agreements() if a.id == "rail-police"]
    await agreements.propose("rail-police", known.terms, None)
    address = "/v1/agreements/rail-police"
    read = (await everyone.get(address)).headers["etag"]
    await agreements.propose("rail-police", known.terms.model_copy(update={"partners": ("town",)}), None)
    late = await everyone.post(f"{address}/activate", {}, **{"If-Match": read})
    assert (late.status_code, late.json()["code"]) == (412, "version_conflict")
    now = (await everyone.get(address)).headers["etag"]
    done = await everyone.post(f"{address}/activate", {}, **{"If-Match": now})
    assert (done.status_code, done.json()["version"]) == (200, 3)
    stale = await everyone.post(f"{address}/end", {}, **{"If-Match": now})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
    ended = await everyone.post(f"{address}/end", {}, **{"If-Match": done.headers["etag"]})
    assert (ended.status_code, ended.json()["state"]) == (200, "ended")


async def test_an_agreement_of_others_is_not_shown(broker: TestBroker) -> None:
    stranger = await broker.officer("town", Role.CUSTODIAN)
    assert (await stranger.get("/v1/agreements/rail-police")).status_code == 404
    assert (await stranger.get("/v1/agreements/nothing")).status_code == 404


async def test_proposals_are_taken_all_or_none(broker: TestBroker) -> None:
    agreements = broker.broker.services.agreements
    before = await agreements.list_agreements()
    (known,) = [a for a in before if a.id == "rail-police"]
    nobody = known.terms.model_copy(update={"partners": ("nobody",)})
    with pytest.raises(Exception, match="nobody"):
        await agreements.propose_all({"good": known.terms, "bad": nobody})
    assert await agreements.list_agreements() == before


def test_agreements_that_are_applied_are_checked_as_those_of_the_configuration(tmp_path: Any) -> None:
    configured = settings(tmp_path)
    (first, second) = configured.agreement
    for wrong, said in (
        ([first, first], "defined twice"),
        ([first.model_copy(update={"purposes": ("fun",)})], "'fun' is not configured"),
        ([first.model_copy(update={"networks": ("metro-cctv",)})], "no network of its owner"),
        ([second.model_copy(update={"partners": ("nobody",)})], "unknown agency"),
    ):
        with pytest.raises(ValueError, match=said):
            configured.check_agreements(wrong)


async def test_a_page_that_ends_at_the_longest_of_names_has_a_link_that_works(broker: TestBroker) -> None:
    at, name = Position(lat=48.88, lon=2.35), "Вокзал 🚉" * 500
    broker.rail.places = [PlaceRecord(native_id=f"p{n}", name=name, position=at) for n in range(3)]
    await broker.synchronise()
    paged = await pages(await broker.officer("rail", Role.OPERATOR), "/v1/places?limit=1", "places")
    assert [place["id"] for page in paged for place in page] == [f"rail-cctv:p{n}" for n in range(3)]
