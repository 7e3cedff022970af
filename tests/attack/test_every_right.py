"""Every route, for everybody, at every state of an agreement: the broker allows what the published tables allow."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from tests.attack.oracle import OPEN, RULES, Situation
from tests.attack.situations import CAMERA, RESERVED, STATES, Person, Scene, open_scene
from tests.broker.http.all_routes import BODIES, QUERIES, ROUTES

MOVING = {"approve", "deny", "cancel", "activate", "end"}
"""Decisions: sent for a version that never was, so that who may decide is told so and nothing changes."""

STATEFUL = frozenset({"state_conflict", "version_conflict", "not_ready"})
"""What somebody who may do it can still be told."""

OTHER_PURPOSE = "accident"
NO_NETWORK_OFFERS = frozenset({"view_live"})
"""No network of these tests has live pictures, so that no camera shows it as possible."""


def _calls() -> list[tuple[str, str]]:
    """Who sets a purpose has it from then on, so that comes last."""
    return sorted(RULES, key=lambda route: (route[0] == "PUT", route))


def _purposes(person: Person) -> Iterator[str | None]:
    yield "judicial_inquiry"
    if len(person.roles) > 2:
        yield from (None, OTHER_PURPOSE)


async def _answer(
    scene: Scene, person: Person, purpose: str | None, route: tuple[str, str]
) -> httpx.Response:
    method, path = route
    requested = scene.requested.get(person.agency, scene.requested["rail"])
    address = path.format(**scene.parts, **requested)
    headers = person.signed_in.headers(purpose)
    if path.rsplit("/", 1)[-1] in MOVING:
        headers["If-Match"] = '"never"'
    body = BODIES.get((method, path.replace("{reserved_id}", "{camera_id}")))
    params = QUERIES.get(route)
    return await scene.broker.http.request(method, address, headers=headers, json=body, params=params)


def _told(answer: httpx.Response) -> str | None:
    if answer.is_success:
        return None
    code = str(answer.json()["code"])
    return None if code in STATEFUL else code


def test_the_oracle_has_a_rule_for_every_route_and_no_other() -> None:
    published = {(method, path.replace("{reserved_id}", "{camera_id}")) for method, path in RULES}
    assert published == {(method, path) for method, path in ROUTES if path not in OPEN}


@pytest.mark.parametrize("state", STATES)
async def test_everybody_is_allowed_exactly_what_the_tables_allow(
    state: str, tmp_path: Path, redis: Redis
) -> None:
    wrong, seen = [], set()
    async with open_scene(tmp_path / "data", redis, state) as scene:
        for person in scene.people:
            for route in _calls():
                for purpose in _purposes(person):
                    situation = person.situation(scene.agreed, purpose)
                    expected = RULES[route](situation)
                    told = _told(await _answer(scene, person, purpose, route))
                    seen.add((route, expected))
                    if told != expected:
                        wrong.append(
                            f"{' '.join(route)} by {person.told} for {purpose}: {told}, not {expected}"
                        )
    assert not wrong, f"{len(wrong)} of them:\n" + "\n".join(wrong[:: 1 + len(wrong) // 40])
    undecided = {route for route in RULES if len({what for which, what in seen if which == route}) < 2}
    assert undecided <= {("GET", "/v1/me"), ("PUT", "/v1/me/purpose")}


@pytest.mark.parametrize("state", STATES)
async def test_a_search_shows_the_cameras_and_actions_that_the_tables_allow(
    state: str, tmp_path: Path, redis: Redis
) -> None:
    async with open_scene(tmp_path / "data", redis, state) as scene:
        for person in scene.people:
            for purpose in ("judicial_inquiry", OTHER_PURPOSE):
                situation = person.situation(scene.agreed, purpose)
                if RULES["GET", "/v1/cameras"](situation) is not None:
                    continue
                params = {"lat": "48.8809", "lon": "2.3553", "radius_m": "100", "network": "rail-cctv"}
                answer = await person.signed_in.get("/v1/cameras", purpose, params=params)
                shown = {
                    feature["id"]: frozenset(feature["properties"]["actions"])
                    for feature in answer.json()["features"]
                }
                assert shown == _visible(situation), situation


def _visible(situation: Situation) -> dict[str, frozenset[str]]:
    of = {CAMERA: False, "rail-cctv:r2": False, RESERVED: True}
    allowed = {camera: situation.actions(reserved) for camera, reserved in of.items()}
    return {camera: actions - NO_NETWORK_OFFERS for camera, actions in allowed.items() if actions}
