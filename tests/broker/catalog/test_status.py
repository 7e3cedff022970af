"""A status is what was proven, when; ranking puts what can be used first."""

from datetime import timedelta

from adapters.contract.capabilities import Capability
from adapters.contract.errors import Unreachable
from adapters.contract.models import CameraStatus, Position, View
from broker.agencies.models import Role
from tests.broker.catalog.catalogs import ids_found
from tests.world import ALL_CAPABILITIES, NOW, TestBroker, camera, recorded_minutes

HERE = "lat=48.8809&lon=2.3553&radius_m=500"


async def status(broker: TestBroker, identifier: str) -> tuple[str, str]:
    officer = await broker.officer("police", Role.INVESTIGATOR)
    facts = (await officer.get(f"/v1/cameras/{identifier}")).json()["properties"]
    return facts["status"], facts["status_since"]


async def test_a_camera_of_which_nothing_is_known_is_not_up(broker: TestBroker) -> None:
    assert await status(broker, "police-list:p1") == ("unknown", "2026-06-15T12:00:00Z")


async def test_recent_footage_proves_that_a_camera_is_up(broker: TestBroker) -> None:
    assert (await status(broker, "rail-cctv:r1"))[0] == "up"


async def test_footage_that_stopped_proves_that_a_camera_is_down_since_it_was_noticed(
    broker: TestBroker,
) -> None:
    broker.clock.advance(minutes=1, seconds=59)
    await broker.synchronise()
    assert await status(broker, "rail-cctv:r1") == ("up", "2026-06-15T12:00:00Z")
    broker.clock.advance(seconds=10)
    await broker.synchronise()
    assert await status(broker, "rail-cctv:r1") == ("down", "2026-06-15T12:02:09Z")
    broker.clock.advance(minutes=5)
    await broker.synchronise()
    assert await status(broker, "rail-cctv:r1") == ("down", "2026-06-15T12:02:09Z")
    broker.rail.footage["r1"] = recorded_minutes(NOW, 7)
    await broker.synchronise()
    assert await status(broker, "rail-cctv:r1") == ("up", "2026-06-15T12:07:09Z")


async def test_up_becomes_stale_after_twice_the_refresh_without_a_proof(broker: TestBroker) -> None:
    broker.rail.failing["list_cameras"] = Unreachable("no route")
    broker.clock.advance(seconds=120)
    await broker.synchronise()
    assert (await status(broker, "rail-cctv:r1"))[0] == "up"
    broker.clock.advance(seconds=1)
    assert (await status(broker, "rail-cctv:r1"))[0] == "stale"
    broker.rail.failing.clear()
    broker.rail.footage["r1"] = recorded_minutes(NOW, 2)
    await broker.synchronise()
    assert (await status(broker, "rail-cctv:r1"))[0] == "up"


async def test_a_recorder_that_tells_the_status_without_footage_is_believed(broker: TestBroker) -> None:
    broker.metro.capabilities = ALL_CAPABILITIES - {Capability.SPANS, Capability.SNAPSHOT}
    for told in CameraStatus:
        broker.metro.cameras = [camera("m1", status=told)]
        await broker.synchronise()
        assert (await status(broker, "metro-cctv:m1"))[0] == told.value


async def test_a_vanished_camera_says_since_when_and_its_status_is_unknown(broker: TestBroker) -> None:
    broker.rail.cameras = [camera("r1")]
    broker.clock.advance(seconds=30)
    await broker.synchronise()
    officer = await broker.officer("police", Role.INVESTIGATOR)
    facts = (await officer.get("/v1/cameras/rail-cctv:r2")).json()["properties"]
    assert (facts["status"], facts["vanished_at"]) == ("unknown", "2026-06-15T12:00:30Z")


async def test_rank_puts_what_sees_works_has_the_footage_and_is_fresh_first(broker: TestBroker) -> None:
    at = Position(lat=48.8806, lon=2.3553)
    near = Position(lat=48.8808, lon=2.3553)
    north, south = View(heading_deg=0.0, fov_deg=90.0, range_m=400.0), View(heading_deg=180.0, fov_deg=90.0)
    films, old = recorded_minutes(NOW - timedelta(minutes=10), 10), [NOW - timedelta(minutes=10)]
    recent = [NOW - timedelta(minutes=1)]
    broker.metro.cameras = [
        camera("away", position=near, views=(south,)),
        camera("unsure", position=near, views=()),
        camera("broken", position=near, views=(north,)),
        camera("half", position=near, views=(north,)),
        camera("whole", position=at, views=(north,)),
        camera("whole-nearer", position=near, views=(north,)),
        camera("m1", position=near, views=(south,)),
    ]
    broker.metro.footage = dict.fromkeys(("away", "unsure", "whole", "whole-nearer", "m1"), films)
    broker.metro.footage |= {"broken": old, "half": recent}
    await broker.synchronise()
    officer = await broker.officer("metro", Role.INVESTIGATOR)
    interval = "2026-06-15T11:50:00Z/2026-06-15T12:00:00Z"
    found = await ids_found(officer, f"{HERE}&network=metro-cctv&sort=rank&interval={interval}")
    assert [name.partition(":")[2] for name in found] == [
        "whole-nearer",
        "whole",
        "half",
        "broken",
        "unsure",
        "away",
        "m1",
    ]
    nearest = await ids_found(officer, f"{HERE}&network=metro-cctv&limit=6")
    assert nearest == sorted(nearest)
    assert "metro-cctv:whole" not in nearest


async def test_rank_prefers_a_fresh_snapshot_to_a_nearer_camera(broker: TestBroker) -> None:
    further = Position(lat=48.8815, lon=2.3553)
    broker.metro.cameras = [camera("m1", views=()), camera("far", position=further, views=())]
    broker.metro.capabilities = frozenset({Capability.SNAPSHOT})
    broker.metro.footage = {"m1": [NOW - timedelta(minutes=11)], "far": [NOW - timedelta(minutes=9)]}
    await broker.synchronise()
    officer = await broker.officer("metro", Role.INVESTIGATOR)
    query = f"{HERE}&network=metro-cctv"
    assert await ids_found(officer, query) == ["metro-cctv:m1", "metro-cctv:far"]
    assert await ids_found(officer, f"{query}&sort=rank") == ["metro-cctv:far", "metro-cctv:m1"]
