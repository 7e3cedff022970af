"""A scope takes away and never gives: of every right, and of every route."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import pytest

from broker.agencies.models import Action, AgencyAction, Officer, Role, Scope
from broker.agencies.policy import action_masks, may, useful_scopes
from broker.agencies.scopes import in_scope
from tests.broker.agencies.office import RAIL_CAMERA
from tests.broker.agencies.rights import columns
from tests.broker.identity.browsers import actions
from tests.world import LAST_MINUTES, NOW, SignedIn, TestBroker, submission

EVERY: Final = frozenset(Scope)
CAMERA: Final = "/v1/cameras/rail-cctv:r1"
ROUTES: Final[dict[tuple[str, str], set[str]]] = {
    ("GET", "/v1/cameras"): {"search", "snapshots"},
    ("GET", CAMERA): {"search", "snapshots", "requests"},
    ("GET", f"{CAMERA}/snapshot"): {"snapshots"},
    ("GET", f"{CAMERA}/footage"): {"requests"},
    ("GET", "/v1/places?q=gare"): {"search", "snapshots"},
    ("GET", "/v1/holds"): {"requests"},
    ("POST", "/v1/holds"): {"requests"},
    ("GET", "/v1/requests"): {"requests", "decide"},
    ("POST", "/v1/requests"): {"requests"},
    ("GET", "/v1/audit/entries"): {"audit"},
    ("GET", "/v1/officers"): {"admin"},
    ("GET", "/v1/networks"): {"admin", "decide"},
    ("GET", "/v1/networks/rail-cctv/quarantine"): {"admin", "decide"},
    ("GET", "/v1/requests/req_none"): {"requests", "decide"},
    ("GET", "/v1/holds/hld_none"): {"requests", "decide"},
    ("GET", "/v1/agreements"): {"decide", "audit", "admin"},
    ("POST", "/v1/agreements/rail-police/end"): {"decide"},
    ("GET", "/v1/officers/{id}/tokens"): {"admin"},
    ("GET", "/v1/officers/{id}/designations"): {"admin"},
    ("POST", "/v1/officers/{id}/account"): {"admin"},
}
"""Which scopes a route is good for, written down apart from the code's own tables."""
BODIES: Final[dict[tuple[str, str], object]] = {
    ("POST", "/v1/holds"): {"camera_ids": ["rail-cctv:r1"], "interval": str(LAST_MINUTES), "reason": "Theft"},
    ("POST", "/v1/requests"): submission(["rail-cctv:r1"], LAST_MINUTES),
    ("POST", "/v1/officers/{id}/account"): {"username": "test"},
}


def officer(roles: frozenset[Role], scopes: frozenset[Scope] | None) -> Officer:
    return Officer.model_validate(
        {
            "id": "off_1",
            "agency": "rail",
            "name": "Test",
            "service": "Tests",
            "personnel_number": "T",
            "roles": roles,
            "designations": [{"designated_by": "tests", "valid_from": NOW, "valid_until": None}],
            "scopes": scopes,
        }
    )


def allowed(roles: frozenset[Role], scopes: frozenset[Scope] | None) -> set[Action | AgencyAction]:
    """Everything that is allowed with them, on an own camera and within the agency."""
    who = officer(roles, scopes)
    masks = action_masks(who, "test", columns([RAIL_CAMERA]), (), NOW)
    on_camera: set[Action | AgencyAction] = {action for action in Action if masks.allows(action, 0)}
    return on_camera | {action for action in AgencyAction if may(who, action, NOW)}


@pytest.mark.parametrize("count", range(len(Scope) + 1))
@pytest.mark.parametrize("role", Role)
def test_scopes_only_ever_take_away_and_more_of_them_take_away_less(role: Role, count: int) -> None:
    whole = allowed(frozenset({role}), None)
    for chosen in combinations(Scope, count):
        left = allowed(frozenset({role}), frozenset(chosen))
        assert left <= whole
        parts = [allowed(frozenset({role}), frozenset({scope})) for scope in chosen]
        assert left == set().union(*parts)


def test_all_scopes_together_take_nothing_away() -> None:
    assert allowed(frozenset(Role), EVERY) == allowed(frozenset(Role), None)
    assert all(in_scope(EVERY, action) for action in (*Action, *AgencyAction))


def test_no_scope_leaves_nothing() -> None:
    assert allowed(frozenset(Role), frozenset()) == set()


@pytest.mark.parametrize(
    ("role", "useful"),
    [
        (Role.OPERATOR, {"search", "snapshots", "requests"}),
        (Role.INVESTIGATOR, {"search", "snapshots", "requests"}),
        (Role.CUSTODIAN, {"search", "snapshots", "requests", "decide"}),
        (Role.AUDITOR, {"audit"}),
        (Role.DPO, {"audit"}),
        (Role.ADMINISTRATOR, {"admin"}),
    ],
)
def test_a_scope_is_useful_to_whose_roles_it_leaves_something(role: Role, useful: set[str]) -> None:
    assert {scope.value for scope in useful_scopes(frozenset({role}))} == useful


@dataclass(frozen=True)
class Scoped:
    """An officer with every role, and a token of theirs for each scope."""

    broker: TestBroker
    tokens: dict[str, SignedIn]
    other: str


@pytest.fixture
async def scoped(broker: TestBroker) -> AsyncIterator[Scoped]:
    whole = await broker.officer("rail", *Role)
    tokens = {}
    for scope in Scope:
        answer = await whole.post("/v1/me/tokens", {"scopes": [scope.value]})
        tokens[scope.value] = SignedIn(whole.id, answer.json()["token"], broker.http)
    yield Scoped(broker, tokens, (await broker.officer("rail", Role.OPERATOR)).id)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
async def test_a_route_is_refused_to_every_scope_but_its_own_and_that_is_recorded(
    scoped: Scoped, route: tuple[str, str]
) -> None:
    method, path = route
    for scope in sorted(set(scoped.tokens) - ROUTES[route]) + sorted(ROUTES[route]):
        token, before = scoped.tokens[scope], len(await actions(scoped.broker))
        answer = await token.http.request(
            method, path.format(id=scoped.other), headers=token.headers(), json=BODIES.get(route)
        )
        if scope in ROUTES[route]:
            assert answer.is_success or answer.status_code in (404, 409), (scope, answer.text)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), (scope, answer.text)
            assert [v for _, v in (await actions(scoped.broker))[before:]] == ["denied"], scope


async def test_a_camera_in_an_answer_shows_only_what_the_token_may_do(scoped: Scoped) -> None:
    shown = {}
    for scope in ("search", "snapshots"):
        features = (await scoped.tokens[scope].get("/v1/cameras")).json()["features"]
        shown[scope] = {tuple(feature["properties"]["actions"]) for feature in features}
    assert shown == {"search": {("locate",)}, "snapshots": {("locate", "view_snapshot")}}


async def test_a_role_that_is_missing_is_told_as_before(broker: TestBroker) -> None:
    operator = await broker.officer("rail", Role.OPERATOR)
    answer = await operator.post("/v1/me/tokens", {"scopes": ["search"]})
    narrow = SignedIn(operator.id, answer.json()["token"], broker.http)
    assert (await narrow.get("/v1/cameras")).status_code == 200
    assert (await operator.get("/v1/audit/entries")).json()["code"] == "role_denied"
    assert (await narrow.get("/v1/audit/entries")).json()["code"] == "scope_missing"
