"""A broker in which everything exists, at one state of the agreement between its owner and a partner.

The partner's request and hold were made while an earlier agreement allowed them; that one has ended since,
but in one of the states.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from redis.asyncio import Redis
from sqlalchemy import update

from broker.agencies.models import Role, Terms
from broker.agencies.terms import terms_of
from broker.ledger.tables import designations
from broker.settings.sections import AgreementSettings
from tests.attack.oracle import OPERATING, Agreed, Situation
from tests.world import LAST_MINUTES, NOW, SignedIn, TestBroker, open_test_broker, settings, submission

OWNER, PARTNER, STRANGER = "rail", "police", "town"
AGREEMENT, EARLIER = "now", "before-rail-police"
EVERYTHING = OPERATING | {"request_clip"}
PURPOSES = frozenset({"public_safety", "judicial_inquiry"})
CAMERA, RESERVED = "rail-cctv:r1", "rail-cctv:secret"

STATES: dict[str, frozenset[str]] = {
    "none": frozenset(),
    "proposed": frozenset(),
    "active": EVERYTHING,
    "since the request": EVERYTHING,
    "places only": frozenset({"locate"}),
    "without clips": frozenset({"locate", "view_snapshot", "hold"}),
    "ended": frozenset(),
    "not yet": frozenset(),
    "over": frozenset(),
}
"""What each state of the agreement lets the partner do."""

WINDOWS = {"not yet": (1, 200), "over": (-100, -1)}

ROLE_SETS: tuple[tuple[Role, ...], ...] = (
    *((role,) for role in Role),
    (Role.INVESTIGATOR, Role.CUSTODIAN),
    (Role.AUDITOR, Role.ADMINISTRATOR),
    tuple(Role),
)


@dataclass(frozen=True)
class Person:
    """An officer, what they are to the request and the hold, and whether their designation still runs."""

    signed_in: SignedIn
    agency: str
    roles: tuple[Role, ...]
    designated: bool = True
    requester: bool = False

    @property
    def told(self) -> str:
        """In a message of failure."""
        more = ("", " undesignated")[not self.designated] + ("", ", requester")[self.requester]
        return f"{self.agency} {'+'.join(self.roles)}{more}"

    def situation(self, agreed: Agreed, purpose: str | None) -> Situation:
        roles = frozenset(role.value for role in self.roles)
        return Situation(self.agency, roles, self.designated, purpose, agreed, self.requester)


@dataclass(frozen=True)
class Scene:
    """The broker, everybody in it, and what stands in the routes' paths. `requested` maps an agency to the request and
    hold that its `requester` made."""

    broker: TestBroker
    agreed: Agreed
    people: tuple[Person, ...]
    parts: dict[str, str]
    requested: dict[str, dict[str, str]]


def _terms(broker: TestBroker, actions: frozenset[str], days: tuple[int, int]) -> Terms:
    settings = broker.broker.services.settings
    first, last = (NOW + timedelta(days=count) for count in days)
    valid = f"{first.isoformat()}/{last.isoformat()}"
    written = settings.agreement[0].model_dump() | {"actions": sorted(actions), "valid": valid}
    return terms_of(AgreementSettings.model_validate(written), settings.base_dir)


async def _agree(broker: TestBroker, custodian: SignedIn, state: str) -> None:
    if state == "since the request":
        return
    over = await custodian.post(f"/v1/agreements/{EARLIER}/end", {})
    assert over.status_code == 200, over.text
    if state == "none":
        return
    terms = _terms(broker, STATES[state] or EVERYTHING, WINDOWS.get(state, (-100, 200)))
    agreements = broker.broker.services.agreements
    await agreements.propose_all({AGREEMENT: terms})
    if state == "proposed":
        return
    activated = await custodian.post(f"/v1/agreements/{AGREEMENT}/activate", {})
    assert activated.status_code == 200, activated.text
    if state == "ended":
        ended = await custodian.post(f"/v1/agreements/{AGREEMENT}/end", {})
        assert ended.status_code == 200, ended.text


async def _requested(broker: TestBroker, by: SignedIn, custodian: SignedIn) -> dict[str, str]:
    """A delivered request of one clip and a hold, both by this officer."""
    request = await by.post("/v1/requests", submission([CAMERA], LAST_MINUTES))
    body = {"camera_ids": [CAMERA], "interval": str(LAST_MINUTES), "reason": "Theft"}
    hold = await by.post("/v1/holds", body)
    request_id = request.json()["id"]
    document = {"name": "r.pdf", "content": "JVBERi0xLjcKJSVFT0YK"}
    attached = await by.post(f"/v1/requests/{request_id}/documents", document, None)
    approved = await custodian.post(f"/v1/requests/{request_id}/approve", {"reason": "Checked"})
    assert approved.status_code == 200, approved.text
    await broker.work()
    return {
        "request_id": request_id,
        "hold_id": hold.json()["holds"][0]["id"],
        "sha256": attached.json()["documents"][0]["sha256"],
    }


async def _ended(broker: TestBroker, person: Person) -> Person:
    at = broker.clock.now() - timedelta(microseconds=1)
    end = update(designations).where(designations.c.officer_id == person.signed_in.id)
    await broker.broker.ledger.write(lambda c: c.execute(end.values(valid_from=at, valid_until=at)))
    return person


async def _people(broker: TestBroker) -> list[Person]:
    people = []
    for agency in (OWNER, PARTNER, STRANGER):
        for roles in ROLE_SETS:
            people.append(Person(await broker.officer(agency, *roles), agency, roles))
        everything = await broker.officer(agency, *Role)
        people.append(await _ended(broker, Person(everything, agency, tuple(Role), designated=False)))
    return people


@asynccontextmanager
async def open_scene(folder: Path, redis: Redis, state: str) -> AsyncIterator[Scene]:
    """`state` is one of `STATES`."""
    configuration = settings(folder)
    before = [
        agreement.model_copy(update={"id": f"before-{agreement.id}"}) for agreement in configuration.agreement
    ]
    configured = configuration.model_copy(update={"agreement": before})
    async with open_test_broker(folder, redis, configuration=configured) as broker:
        await broker.synchronise()
        custodian = await broker.officer(OWNER, Role.CUSTODIAN)
        requested, requesters = {}, []
        for agency in (OWNER, PARTNER):
            roles = (Role.OPERATOR, Role.INVESTIGATOR, Role.CUSTODIAN)
            by = await broker.officer(agency, *roles)
            requested[agency] = await _requested(broker, by, custodian)
            requesters.append(Person(by, agency, roles, requester=True))
        in_danger = await broker.officer(PARTNER, Role.OPERATOR)
        danger = {"reason": "A person on the tracks", "agency": OWNER}
        emergency = await in_danger.post("/v1/emergencies", danger)
        await _agree(broker, custodian, state)
        unbroken = state == "since the request"
        target = await broker.officer(OWNER, Role.OPERATOR)
        parts = {
            "camera_id": CAMERA,
            "reserved_id": RESERVED,
            "officer_id": target.id,
            "token_id": "tok_000000",
            "designation_id": "des_000000",
            "message_id": "msg_000000",
            "substitution_id": "sub_000000",
            "agreement_id": EARLIER if unbroken else AGREEMENT,
            "network_id": "rail-cctv",
            "emergency_id": emergency.json()["id"],
            "item": "1",
            "part": "1",
        }
        agreed = Agreed(OWNER, PARTNER, STATES[state], PURPOSES, state != "none", unbroken)
        people = (*await _people(broker), *requesters)
        broker.clock.advance(seconds=1)
        await broker.broker.sequencer.catch_up()
        yield Scene(broker, agreed, people, parts, requested)
