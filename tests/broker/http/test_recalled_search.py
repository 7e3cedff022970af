"""`GET /v1/cameras` again and again by one officer: each answer is what another process made of their rights."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from broker.agencies.models import NewOfficer, RecalledCaller, Role
from tests.broker.agencies.office import Office, open_office
from tests.servers.ledgers import accept_entries, refuse_entries
from tests.world import NumberedIdentifiers, SignedIn, TestBroker

SEARCH = "/v1/cameras?lat=48.8809&lon=2.3553&radius_m=300"
OWN = "police-list:p1"
CAMERAS = ["metro-cctv:m1", OWN, "rail-cctv:r1", "rail-cctv:r2"]


@pytest.fixture
def other(broker: TestBroker) -> Iterator[Office]:
    """Another process on the broker's ledger."""

    class Apart(NumberedIdentifiers):
        def new(self, prefix: str) -> str:
            return super().new(f"{prefix}_apart")

    with open_office(broker.broker.ledger.place, broker.clock, Apart()) as opened:
        yield opened


@pytest.fixture
async def officer(broker: TestBroker) -> SignedIn:
    """Known to the broker, and recalled from now on."""
    await broker.synchronise()
    added = await broker.officer("police", Role.OPERATOR)
    assert await told(added) == CAMERAS
    recalled = await broker.broker.services.authority.recall(added.token, "judicial_inquiry", None)
    assert isinstance(recalled, RecalledCaller)
    return added


async def told(officer: SignedIn, purpose: str | None = "judicial_inquiry") -> list[str] | str:
    """The cameras that are shown, or why none is."""
    answer = await officer.get(SEARCH, purpose)
    body = answer.json()
    if answer.status_code == 200:
        return sorted(feature["id"] for feature in body["features"])
    assert "features" not in body
    return str(body["code"])


async def test_a_revoked_token_shows_nothing_more(officer: SignedIn, other: Office) -> None:
    await other.officers.revoke_tokens(officer.id)
    assert await told(officer) == "token_invalid"


async def test_a_token_that_expires_shows_nothing_more(broker: TestBroker, officer: SignedIn) -> None:
    brief = await broker.officer("police", Role.OPERATOR, until=broker.clock.now() + timedelta(minutes=1))
    assert await told(brief) == CAMERAS
    broker.clock.advance(minutes=1)
    assert await told(brief) == "token_invalid"
    assert await told(officer) == CAMERAS


async def test_an_agreement_that_ends_hides_its_cameras_at_once(officer: SignedIn, other: Office) -> None:
    rail = await other.sign_in("rail", Role.CUSTODIAN)
    await other.agreements.end("rail-police", rail)
    assert await told(officer) == ["metro-cctv:m1", OWN]
    terms = next(a for a in await other.agreements.list_agreements() if a.id == "rail-police").terms
    await other.agreements.propose("rail-police", terms, rail)
    assert await told(officer) == ["metro-cctv:m1", OWN]
    await other.agreements.activate("rail-police", rail)
    assert await told(officer) == CAMERAS


async def test_an_agreement_that_runs_out_hides_its_cameras_by_time_alone(
    broker: TestBroker, officer: SignedIn
) -> None:
    broker.clock.advance(days=250)  # to 2027
    assert await told(officer) == [OWN]


async def test_a_search_is_logged_once_with_what_it_showed(officer: SignedIn, other: Office) -> None:
    before = len(await other.log())
    await told(officer)
    await told(officer, "public_safety")
    await other.officers.add_officer(await _new(other))  # the policy moves on
    await told(officer)
    entries = [entry for entry in (await other.log())[before:] if entry.action == "search"]
    assert [sorted(entry.objects) for entry in entries] == [CAMERAS] * 3
    assert [entry.purpose for entry in entries] == ["judicial_inquiry", "public_safety", "judicial_inquiry"]
    assert {entry.owners for entry in entries} == {("metro", "police", "rail")}


async def _new(office: Office) -> NewOfficer:
    caller = (await office.officers.list_officers())[0]
    return NewOfficer(
        agency=caller.agency,
        name="Test",
        service="Tests",
        personnel_number="T-apart",
        roles=frozenset({Role.OPERATOR}),
        designated_by="tests",
    )


async def test_without_a_purpose_nothing_is_shown_and_the_attempt_is_recorded(
    officer: SignedIn, other: Office
) -> None:
    before = len(await other.log())
    assert await told(officer, None) == "purpose_missing"
    assert await told(officer, "curiosity") == "purpose_unknown"
    entries = (await other.log())[before:]
    assert [(e.action, e.decision.value) for e in entries] == [("call_without_purpose", "denied")]


async def test_the_sessions_own_purpose_counts_where_a_call_has_none(
    broker: TestBroker, officer: SignedIn, other: Office
) -> None:
    for purpose, cameras in (("public_safety", CAMERAS), ("accident", [OWN])):
        body = {"purpose": purpose, "case_ref": "PV-7"}
        assert (await broker.http.put("/v1/me/purpose", json=body, headers=officer.headers(None))).is_success
        assert await told(officer, None) == cameras
        entry = (await other.log())[-1]
        assert (entry.action, entry.purpose, entry.case_ref) == ("search", purpose, "PV-7")


async def test_a_search_whose_entry_cannot_be_committed_shows_nothing(
    officer: SignedIn, other: Office
) -> None:
    await other.ledger.write(refuse_entries)
    assert [await told(officer) for _ in range(2)] == ["internal"] * 2
    await other.ledger.write(accept_entries)
    assert await told(officer) == CAMERAS
