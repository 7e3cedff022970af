"""Every route of the application, found by listing them: closed without a token, blind without a designation."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from broker.agencies.models import Role
from broker.ledger.tables import designations
from tests.broker.http.all_routes import BODIES, CLOSED, OPEN, QUERIES, ROUTES
from tests.servers.ledgers import refuse_entries
from tests.world import NOW, SignedIn, TestBroker

ABOUT_ONESELF = {("GET", "/v1/me"), ("PUT", "/v1/me/purpose")}
OF_HASHES_ALONE = {
    *(("GET", f"/v1/audit/{name}") for name in ("checkpoint", "proof", "consistency")),
    ("POST", "/v1/audit/cosignatures"),
}
"""The log's tree: without purpose, and not logged, as each entry about it would be one more for it."""
PER_CAMERA = [f"/v1/cameras/rail-cctv:r1{part}" for part in ("", "/snapshot", "/footage")]


@dataclass(frozen=True)
class Furnished:
    """A broker with something behind every route, and an officer of the owner with every role."""

    broker: TestBroker
    officer: SignedIn
    short: SignedIn
    parts: dict[str, str]

    async def call(self, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        address = path.format(**self.parts) + QUERIES.get((method, path), "")
        body = BODIES.get((method, path))
        return await self.broker.http.request(method, address, headers=headers, json=body)


@pytest.fixture
async def furnished(broker: TestBroker) -> AsyncIterator[Furnished]:
    officer = await broker.officer("rail", *Role)
    short = await broker.officer("rail", *Role)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    request = await short.post("/v1/requests", BODIES["POST", "/v1/requests"])
    hold = await short.post("/v1/holds", BODIES["POST", "/v1/holds"])
    police = await broker.officer("police", Role.OPERATOR)
    emergency = await police.post("/v1/emergencies", {"reason": "A person on the tracks", "agency": "rail"})
    await broker.work()
    await custodian.post(f"/v1/requests/{request.json()['id']}/approve", {"reason": "Checked"})
    await broker.work()
    await broker.broker.sequencer.catch_up()
    parts = {
        "camera_id": "rail-cctv:r1",
        "request_id": request.json()["id"],
        "hold_id": hold.json()["holds"][0]["id"],
        "officer_id": custodian.id,
        "token_id": "tok_000000",
        "designation_id": "des_000000",
        "message_id": "msg_000000",
        "substitution_id": "sub_000000",
        "agreement_id": "rail-police",
        "network_id": "rail-cctv",
        "emergency_id": emergency.json()["id"],
        "sha256": "0" * 64,
        "item": "1",
        "part": "1",
    }
    yield Furnished(broker, officer, short, parts)


def test_the_open_routes_are_the_published_ones() -> None:
    assert {path for _, path in ROUTES} >= OPEN
    assert all(path.startswith("/v1/") for _, path in CLOSED)
    assert len(CLOSED) > 25


async def test_every_route_is_closed_without_a_good_token(furnished: Furnished) -> None:
    wrong = {
        "none": {},
        "empty": {"Authorization": "Bearer "},
        "unknown": {"Authorization": "Bearer ent_unknown"},
        "other scheme": {"Authorization": f"Basic {furnished.officer.token}"},
        "bare": {"Authorization": furnished.officer.token},
    }
    for method, path in CLOSED:
        for sort, headers in wrong.items():
            answer = await furnished.call(method, path, headers)
            told = f"{method} {path}, {sort}: {answer.text}"
            assert answer.status_code == 401, told
            assert answer.headers["content-type"] == "application/problem+json", told
            assert answer.headers["www-authenticate"] == "Bearer", told
            assert answer.json()["code"] in ("token_missing", "token_invalid"), told
            assert furnished.officer.token not in answer.text, told


async def test_no_route_shows_anything_to_who_is_not_designated_any_more(furnished: Furnished) -> None:
    at = furnished.broker.clock.now() - timedelta(microseconds=1)
    end = update(designations).where(designations.c.officer_id == furnished.short.id)
    ledger = furnished.broker.broker.ledger
    await ledger.write(lambda c: c.execute(end.values(valid_from=at, valid_until=at)))
    furnished.broker.clock.advance(seconds=1)
    for method, path in CLOSED:
        answer = await furnished.call(method, path, furnished.short.headers())
        told = f"{method} {path}: {answer.text}"
        if (method, path) in ABOUT_ONESELF:
            assert answer.status_code == 200, told
            assert answer.json()["designated"] is False, told
        else:
            assert answer.status_code in (403, 404), told
            assert answer.json()["code"] in ("not_designated", "not_found", "role_denied"), told


async def test_every_route_needs_a_purpose_but_those_about_oneself_and_of_a_request(
    furnished: Furnished,
) -> None:
    for method, path in CLOSED:
        if (method, path) in ABOUT_ONESELF | OF_HASHES_ALONE or path.startswith("/v1/requests/"):
            continue
        if (method, path) == ("POST", "/v1/requests"):  # says it in its body
            continue
        answer = await furnished.call(method, path, furnished.officer.headers(None))
        told = f"{method} {path}: {answer.text}"
        assert (answer.status_code, answer.json().get("code")) == (403, "purpose_missing"), told


async def test_no_route_answers_what_the_log_cannot_record(furnished: Furnished) -> None:
    await furnished.broker.broker.ledger.write(refuse_entries)
    for method, path in CLOSED:
        answer = await furnished.call(method, path, furnished.short.headers())
        told = f"{method} {path}: {answer.text[:200]}"
        if (method, path) in ABOUT_ONESELF | OF_HASHES_ALONE and method == "GET":
            assert answer.status_code == 200, told
        else:
            assert not answer.is_success, told
            assert answer.headers["content-type"] == "application/problem+json", told
            assert "refused" not in answer.text, told


async def test_whatever_is_shown_changed_or_forbidden_was_logged_before(furnished: Furnished) -> None:
    log = furnished.broker.broker.services.audit

    async def count() -> int:
        return len((await log.page(None, None, 0, None, 10_000, None)).entries)

    succeeded = 0
    for method, path in sorted(
        CLOSED, key=lambda route: (route[0] == "DELETE", route[1].endswith("end"), route)
    ):
        before = await count()
        answer = await furnished.call(method, path, furnished.short.headers())
        unlogged = ABOUT_ONESELF | OF_HASHES_ALONE
        if (answer.is_success or answer.status_code == 403) and (method, path) not in unlogged:
            assert await count() > before, f"{method} {path}: {answer.status_code}"
        succeeded += answer.is_success
    assert succeeded > 18


@pytest.mark.parametrize("purpose", [None, "curiosity"])
@pytest.mark.parametrize("path", ["/v1/cameras", *PER_CAMERA, "/v1/places", "/v1/holds", "/v1/requests"])
async def test_what_shows_cameras_needs_a_known_purpose(
    broker: TestBroker, path: str, purpose: str | None
) -> None:
    officer = await broker.officer("rail", Role.OPERATOR, Role.INVESTIGATOR)
    answer = await officer.get(path, purpose)
    expected = (403, "purpose_missing") if purpose is None else (422, "purpose_unknown")
    assert (answer.status_code, answer.json()["code"]) == expected
    headers = officer.headers(None)
    set_once = await broker.http.put(
        "/v1/me/purpose", headers=headers, json={"purpose": "accident", "case_ref": "PV-2"}
    )
    assert set_once.json()["purpose"] == "accident"
    assert (await broker.http.get(path, headers=headers)).status_code == 200
    refused = await broker.http.put("/v1/me/purpose", headers=headers, json={"purpose": "curiosity"})
    assert (refused.status_code, refused.json()["code"]) == (422, "purpose_unknown")


async def test_expired_and_revoked_tokens_are_refused_alike(broker: TestBroker) -> None:
    expired = await broker.officer("rail", Role.OPERATOR, until=NOW + timedelta(seconds=1))
    revoked = await broker.officer("rail", Role.OPERATOR)
    administrator = await broker.officer("rail", Role.ADMINISTRATOR)
    gone = await broker.http.delete(f"/v1/officers/{revoked.id}/tokens", headers=administrator.headers())
    assert gone.status_code == 204
    broker.clock.advance(seconds=1)
    unknown = await broker.http.get("/v1/me", headers={"Authorization": "Bearer ent_unknown"})
    for officer in (expired, revoked):
        answer = await officer.get("/v1/me")
        assert (answer.status_code, answer.json()) == (401, unknown.json())
