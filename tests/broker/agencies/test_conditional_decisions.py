"""A decision on an agreement is about what its decider read: one that comes late or twice changes nothing."""

import asyncio
from collections.abc import Callable

import pytest

from broker.agencies.agreements import Agreements
from broker.agencies.models import Agreement, AgreementState, Caller, Role, Terms
from broker.errors import Problem
from broker.pages import Page
from tests.broker.agencies.office import Office
from tests.broker.agencies.rights import agreement
from tests.world import TestBroker

LATE = {"version_conflict", "state_conflict"}


def terms(*partners: str) -> Terms:
    return agreement(owner="rail", partners=partners).terms


async def refusal(attempt: object) -> str | None:
    try:
        await attempt  # type: ignore[misc]  # a coroutine of any of the services
    except Problem as problem:
        return problem.code
    return None


async def states(office: Office) -> list[str]:
    return [a.state.value for a in await office.agreements.list_agreements() if a.id == "rail-police"]


Decision = Callable[[Agreements], Callable[[str, Caller, str | None], object]]


@pytest.mark.parametrize("decide", [lambda a: a.activate, lambda a: a.end], ids=["activate", "end"])
@pytest.mark.parametrize("told", [True, False], ids=["with the word", "without it"])
async def test_of_two_decisions_at_once_in_two_processes_the_last_loses(
    office: Office, other: Office, decide: Decision, told: bool
) -> None:
    custodian = await office.sign_in("rail", Role.CUSTODIAN)
    if decide(office.agreements) == office.agreements.activate:
        await office.agreements.propose("rail-police", terms("police", "town"), None)
    word = (await office.agreements.show("rail-police", custodian)).word if told else None
    version = await office.policy_version()
    outcomes = await asyncio.gather(
        *(refusal(decide(place.agreements)("rail-police", custodian, word)) for place in (office, other))
    )
    lost = [code for code in outcomes if code is not None]
    assert len(lost) == 1
    assert lost[0] in LATE
    assert await office.policy_version() == version + 1


async def test_activating_puts_exactly_the_version_in_force_that_was_read(office: Office) -> None:
    custodian = await office.sign_in("rail", Role.CUSTODIAN)
    await office.agreements.propose("rail-police", terms("town"), None)
    read = await office.agreements.show("rail-police", custodian)
    await office.agreements.propose("rail-police", terms("metro"), None)
    before, version = len(await office.log()), await office.policy_version()
    assert await refusal(office.agreements.activate("rail-police", custodian, read.word)) == (
        "version_conflict"
    )
    assert (len(await office.log()), await office.policy_version()) == (before, version)
    assert await states(office) == ["active", "proposed", "proposed"]
    read = await office.agreements.show("rail-police", custodian)
    activated = await office.agreements.activate("rail-police", custodian, read.word)
    assert (activated.version, activated.terms.partners) == (3, ("metro",))


async def test_a_partner_ends_what_it_read_whatever_is_proposed_to_others(office: Office) -> None:
    police, town = (
        await office.sign_in("police", Role.CUSTODIAN),
        await office.sign_in("town", Role.CUSTODIAN),
    )
    read = await office.agreements.show("rail-police", police)
    await office.agreements.propose("rail-police", terms("town"), None)
    assert await office.agreements.show("rail-police", police) == read
    assert (await office.agreements.show("rail-police", town)).version == 2
    ended = await office.agreements.end("rail-police", police, read.word)
    assert (ended.version, ended.state) == (1, AgreementState.ENDED)


async def test_a_word_that_was_read_before_the_other_side_ended_it_is_late(office: Office) -> None:
    police, rail = (
        await office.sign_in("police", Role.CUSTODIAN),
        await office.sign_in("rail", Role.CUSTODIAN),
    )
    read = await office.agreements.show("rail-police", police)
    await office.agreements.end("rail-police", rail)
    assert await refusal(office.agreements.end("rail-police", police, read.word)) == "version_conflict"


async def test_a_stranger_learns_nothing_from_a_word(office: Office) -> None:
    metro = await office.sign_in("metro", Role.CUSTODIAN)
    for name in ("rail-police", "nothing-at-all"):
        for word in (None, "1-active", "9-ended"):
            assert await refusal(office.agreements.activate(name, metro, word)) == "not_found"
            assert await refusal(office.agreements.end(name, metro, word)) == "not_found"


async def test_reading_one_agreement_is_logged_and_so_is_its_refusal(office: Office) -> None:
    await office.agreements.show("rail-police", await office.sign_in("police", Role.AUDITOR))
    stranger = await office.sign_in("town", Role.CUSTODIAN)
    for name in ("rail-police", "nothing-at-all"):
        assert await refusal(office.agreements.show(name, stranger)) == "not_found"
    told = [(e.decision.value, e.objects) for e in await office.log() if e.action == "show_agreement"]
    assert told == [
        ("allowed", ("rail-police@1",)),
        ("denied", ("rail-police",)),
        ("denied", ("nothing-at-all",)),
    ]


async def test_the_list_of_agreements_holds_every_version_once_across_pages(office: Office) -> None:
    custodian = await office.sign_in("rail", Role.CUSTODIAN)
    for _ in range(11):
        await office.agreements.propose("rail-police", terms("police"), None)
    found: list[Agreement] = []
    page = Page(5)
    for _ in range(3):
        cut = await office.agreements.find_agreements(custodian, page)
        found += cut.rows
        page = Page(5, cut.last)
    assert page.after is None
    assert [a.version for a in found] == list(range(1, 13))


@pytest.mark.parametrize("decision", ["activate", "end"])
async def test_over_http_a_decision_without_a_purpose_is_refused_and_decides_nothing(
    broker: TestBroker, decision: str
) -> None:
    agreements = broker.broker.services.agreements
    await agreements.propose("rail-police", terms("police"), None)
    before = await agreements.list_agreements()
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    answer = await custodian.post(f"/v1/agreements/rail-police/{decision}", {}, None)
    assert (answer.status_code, answer.json()["code"]) == (403, "purpose_missing")
    assert await agreements.list_agreements() == before
    assert (await custodian.post(f"/v1/agreements/rail-police/{decision}", {})).status_code == 200
