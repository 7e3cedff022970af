"""Pages of any size give every camera once, in one order, and a cursor belongs to its question."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adapters.contract.models import CameraStatus, Position, View
from broker.agencies.models import Role
from tests.broker.catalog.catalogs import ids_found
from tests.world import NOW, SignedIn, TestBroker, camera

HERE = "lat=48.8809&lon=2.3553&radius_m=500"
BOX = "bbox=2.35,48.87,2.36,48.89"


async def pages(officer: SignedIn, address: str) -> list[list[str]]:
    """The ids of each page, following `links[rel=next]`."""
    found = []
    next_address: str | None = address
    while next_address is not None:
        body = (await officer.get(next_address)).json()
        found.append([feature["id"] for feature in body["features"]])
        links = [link["href"] for link in body["links"] if link["rel"] == "next"]
        next_address = links[0] if links else None
    return found


@pytest.fixture
async def officer(broker: TestBroker) -> SignedIn:
    """Thirty cameras more: several at one point, some of unknown position, some that look away."""
    for n in range(30):
        position = None if n % 7 == 0 else Position(lat=48.8809 + (n % 5) * 1e-4, lon=2.3553)
        view = View(heading_deg=float(180 * (n % 2)), fov_deg=90.0, range_m=200.0)
        broker.rail.cameras.append(camera(f"n{n:02}", position=position, views=(view,)))
        if n % 3:
            broker.rail.footage[f"n{n:02}"] = broker.rail.footage["r1"]
    await broker.synchronise()
    return await broker.officer("police", Role.INVESTIGATOR)


@pytest.mark.parametrize("sort", ["distance", "rank"])
@pytest.mark.parametrize("area", [HERE, BOX, "q=camera"])
@pytest.mark.parametrize("limit", [1, 2, 7, 33, 1000])
async def test_pages_repeat_and_skip_nothing(officer: SignedIn, sort: str, area: str, limit: int) -> None:
    whole = await ids_found(officer, f"{area}&sort={sort}&limit=1000")
    assert len(whole) > 25
    found = await pages(officer, f"/v1/cameras?{area}&sort={sort}&limit={limit}")
    assert [name for page in found for name in page] == whole
    assert all(len(page) == limit for page in found[:-1])
    assert found[-1]


async def test_the_limit_may_change_between_pages(officer: SignedIn) -> None:
    first = (await officer.get(f"/v1/cameras?{HERE}&limit=5")).json()
    cursor = parse_qs(urlsplit(first["links"][0]["href"]).query)["cursor"][0]
    rest = await ids_found(officer, f"{HERE}&limit=1000&cursor={cursor}")
    assert [f["id"] for f in first["features"]] + rest == await ids_found(officer, f"{HERE}&limit=1000")


async def test_cameras_that_go_while_one_pages_do_not_make_others_be_skipped(
    broker: TestBroker, officer: SignedIn
) -> None:
    whole = await ids_found(officer, f"{HERE}&limit=1000")
    first = (await officer.get(f"/v1/cameras?{HERE}&limit=5")).json()
    broker.rail.cameras = [c for c in broker.rail.cameras if getattr(c, "native_id", "") != "n01"]
    await broker.synchronise()
    broker.clock.advance(days=40)
    await broker.synchronise()
    later = await pages(officer, first["links"][0]["href"])
    assert "rail-cctv:n01" in whole
    assert [n for page in later for n in page] == [n for n in whole[5:] if n != "rail-cctv:n01"]


async def test_a_page_is_of_the_time_of_the_first_one(broker: TestBroker, officer: SignedIn) -> None:
    broker.metro.cameras = [camera(f"m{n}", status=CameraStatus.UP) for n in range(6)]
    broker.metro.footage.clear()
    await broker.synchronise()
    address = f"/v1/cameras?{HERE}&network=metro-cctv&sort=rank&limit=2"
    first = (await officer.get(address)).json()
    broker.clock.advance(hours=2)
    second = (await officer.get(first["links"][0]["href"])).json()
    assert second["as_of"] == first["as_of"]
    statuses = {f["properties"]["status"] for body in (first, second) for f in body["features"]}
    assert statuses == {"up"}
    afresh = (await officer.get(address)).json()
    assert {f["properties"]["status"] for f in afresh["features"]} == {"stale"}


@pytest.mark.parametrize(
    "other",
    [
        HERE.replace("500", "501"),
        f"{HERE}&sort=rank",
        f"{HERE}&sees=true",
        f"{HERE}&q=camera",
        f"{HERE}&agency=rail",
        f"{HERE}&interval=2026-06-15T11:00:00Z/2026-06-15T12:00:00Z",
        BOX,
    ],
)
async def test_a_cursor_of_another_question_is_refused(officer: SignedIn, other: str) -> None:
    first = (await officer.get(f"/v1/cameras?{HERE}&limit=2")).json()
    cursor = parse_qs(urlsplit(first["links"][0]["href"]).query)["cursor"][0]
    answer = await officer.get(f"/v1/cameras?{other}&limit=2&cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
KEYS = JSON | st.lists(st.floats() | st.booleans() | st.text(max_size=3), min_size=1, max_size=7)
TIMES = JSON | st.just(NOW.isoformat()) | st.datetimes().map(lambda time: time.isoformat())


@pytest.mark.parametrize("sort", ["distance", "rank"])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=KEYS, time=TIMES)
@example(key=[0.0, "a"], time=NOW.isoformat())
@example(key=[0.0, 0.0, 0.0, 0.0, 0.0, "a"], time=NOW.isoformat())
async def test_no_forged_cursor_breaks_the_search(officer: SignedIn, sort: str, key: Any, time: Any) -> None:
    address = f"/v1/cameras?{HERE}&sort={sort}&limit=2"
    first = (await officer.get(address)).json()
    cursor = parse_qs(urlsplit(first["links"][0]["href"]).query)["cursor"][0]
    known = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    body = json.dumps({"q": known["q"], "k": key, "t": time})
    text = base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")
    answer = await officer.get(f"{address}&cursor={text}")
    assert answer.status_code in (200, 422), answer.text
