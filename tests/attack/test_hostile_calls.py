"""Calls that are made to get past a check, at every route that there is: each is refused, in the one shape."""

import base64
import json
from urllib.parse import quote

import httpx
import pytest
from structlog.testing import capture_logs

from broker.agencies.models import Role
from tests.broker.http.all_routes import BODIES, CLOSED, ROUTES
from tests.world import SignedIn, TestBroker

PROBLEM = "application/problem+json"
IDS = (
    "camera_id",
    "request_id",
    "hold_id",
    "officer_id",
    "agreement_id",
    "network_id",
    "token_id",
    "designation_id",
    "message_id",
    "substitution_id",
    "provider",
    "emergency_id",
)
HOSTILE_IDS = (
    "../../../etc/passwd",
    "..\\..\\windows",
    "rail-cctv:../r1",
    "rail-cctv:r1\x00",
    "rail-cctv:r1\r\nX-Injected: 1",
    "rail\uff0dcctv\uff1ar1",
    "%2e%2e%2f",
    "a" * 3_000,
    "' OR 1=1 --",
    "{{7*7}}",
    "*",
)
HOSTILE_BODIES = (
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"NaN",
    b'{"items": Infinity}',
    b'{"a": 1e400}',
    b"1" * 10_000,
    b'"\\ud800"',
    b"\xff\xfe{}",
    b"",
    b"null",
    b"<?xml version='1.0'?><a/>",
)


async def everything(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", *Role)


def filled(path: str, value: str) -> str:
    """The path with every id of it replaced."""
    known = {"item": "1", "part": "1", "sha256": "0" * 64}
    return path.format(**known, **dict.fromkeys(IDS, quote(value, safe="")))


def check_refused(answer: httpx.Response, told: str) -> None:
    assert 400 <= answer.status_code < 500, told
    assert answer.headers["content-type"] == PROBLEM, told
    assert "x-injected" not in answer.headers, told
    assert "Traceback" not in answer.text, told


async def test_an_id_that_is_made_to_lead_elsewhere_names_nothing(broker: TestBroker) -> None:
    officer = await everything(broker)
    tried = 0
    for method, path in CLOSED:
        if "_id}" not in path:
            continue
        for value in HOSTILE_IDS:
            answer = await broker.http.request(
                method, filled(path, value), headers=officer.headers(), json=BODIES.get((method, path))
            )
            told = f"{method} {path} with {value[:40]!r}: {answer.status_code} {answer.text[:200]}"
            check_refused(answer, told)
            tried += 1
    assert tried > 150


@pytest.mark.parametrize("route", sorted(BODIES), ids=" ".join)
async def test_a_body_that_is_none_is_refused(broker: TestBroker, route: tuple[str, str]) -> None:
    officer = await everything(broker)
    headers = officer.headers() | {"Content-Type": "application/json"}
    for body in HOSTILE_BODIES:
        answer = await broker.http.request(
            route[0], filled(route[1], "rail-cctv"), headers=headers, content=body
        )
        check_refused(answer, f"{body[:30]!r}: {answer.status_code} {answer.text[:200]}")


@pytest.mark.parametrize("route", sorted(BODIES), ids=" ".join)
async def test_a_member_that_a_call_does_not_have_is_refused(
    broker: TestBroker, route: tuple[str, str]
) -> None:
    """Nobody sets by a call what is not theirs to set: a state, an owner, who designated whom."""
    officer = await everything(broker)
    known = BODIES[route]
    assert isinstance(known, dict)
    members = {
        "id": "x",
        "state": "approved",
        "owner": "rail",
        "designated_by": "x",
        "__proto__": {},
        "by": [],
    }
    for name, value in members.items():
        if name in known:
            continue
        body = known | {name: value}
        answer = await broker.http.request(
            route[0], filled(route[1], "rail-cctv"), headers=officer.headers(), json=body
        )
        told = f"{name}: {answer.status_code} {answer.text[:200]}"
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), told
        assert name in answer.json()["detail"], told


async def test_a_token_in_the_address_counts_for_nothing_and_is_not_logged(broker: TestBroker) -> None:
    officer = await everything(broker)
    with capture_logs() as logged:
        for name in ("token", "access_token", "authorization", "api_key"):
            answer = await broker.http.get("/v1/me", params={name: officer.token})
            assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")
            assert officer.token not in answer.text
    assert officer.token not in json.dumps(logged, default=str)


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def test_a_token_that_vouches_for_itself_is_as_unknown_as_any(broker: TestBroker) -> None:
    officer = await everything(broker)
    claims = _part({"sub": officer.id, "roles": ["administrator"], "exp": 4_102_444_800})
    for algorithm in ("none", "HS256"):
        forged = f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{claims}."
        answer = await broker.http.get("/v1/me", headers={"Authorization": f"Bearer {forged}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


async def test_two_authorizations_in_one_call_are_refused_in_any_order(broker: TestBroker) -> None:
    """Whatever stands between could have read the one, and the broker the other."""
    officer = await broker.officer("rail", Role.OPERATOR)
    good, bad = ("Authorization", f"Bearer {officer.token}"), ("Authorization", "Bearer nobody's")
    for headers in ([good, bad], [bad, good], [good, good]):
        answer = await broker.http.get("/v1/me", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert (await broker.http.get("/v1/me", headers=[good])).status_code == 200


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "GETX", "PATCH"])
async def test_a_method_that_an_address_does_not_take_is_told_so(broker: TestBroker, method: str) -> None:
    officer = await everything(broker)
    for _, path in ROUTES:
        answer = await broker.http.request(method, filled(path, "x"), headers=officer.headers())
        assert answer.status_code == 405, f"{method} {path}: {answer.text[:100]}"
        assert officer.token not in answer.text


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e400", "-1e400", "0x10", "٣", "9" * 500, ""])
@pytest.mark.parametrize("name", ["lat", "lon", "radius_m", "limit"])
async def test_a_number_that_is_none_is_refused(broker: TestBroker, name: str, number: str) -> None:
    officer = await everything(broker)
    good = {"lat": "48.88", "lon": "2.35", "radius_m": "50", "limit": "5"}
    answer = await officer.get("/v1/cameras", params=good | {name: number})
    check_refused(answer, f"{name}={number[:20]}: {answer.status_code} {answer.text[:200]}")
