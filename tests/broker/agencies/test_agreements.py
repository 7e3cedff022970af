"""Agreements: proposed by a party, activated by the owner's custodian, ended by either side, never revived."""

from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.contract.models import Interval
from broker.agencies.models import Agreement, AgreementState, Caller, Role, Terms
from broker.errors import Problem
from broker.pages import Page
from broker.settings import Settings
from tests.broker.agencies.office import Office
from tests.broker.agencies.rights import agreement
from tests.world import NOW, settings


def terms(owner: str = "rail", partners: tuple[str, ...] = ("police",), **more: object) -> Terms:
    return agreement(owner=owner, partners=partners, **more).terms


async def refused(attempt: Awaitable[object]) -> str:
    with pytest.raises(Problem) as caught:
        await attempt
    return caught.value.code


async def in_force(office: Office) -> set[tuple[str, int]]:
    return {(a.id, a.version) for a in await office.agreements.list_agreements() if a.in_force(NOW)}


async def test_the_configuration_seeds_once_and_the_ledger_rules_afterwards(
    office: Office, tmp_path: Path
) -> None:
    await office.agreements.end("rail-police", await office.sign_in("rail", Role.CUSTODIAN))
    configured = settings(tmp_path)
    gone_file = configured.agreement[0].model_copy(update={"id": "late", "area": Path("gone.geojson")})
    await office.agreements.seed(
        configured.model_copy(update={"agreement": (*configured.agreement, gone_file)})
    )
    assert await in_force(office) == {("metro-police", 1)}


async def test_agencies_of_the_configuration_are_added_and_renamed_at_every_start(
    office: Office, tmp_path: Path
) -> None:
    raw = settings(tmp_path).model_dump()
    raw["agency"] = ({"id": "rail", "name": "Railways"}, *raw["agency"][1:], {"id": "port", "name": "Port"})
    await office.agreements.seed(Settings.model_validate(raw))
    names = {agency.id: agency.name for agency in await office.officers.list_agencies()}
    assert (names["rail"], names["port"], names["town"]) == ("Railways", "Port", "Town")


async def test_a_proposal_changes_nothing_until_the_owners_custodian_activates_it(office: Office) -> None:
    officer = await office.sign_in("town", Role.OPERATOR)
    proposed = await office.agreements.propose("rail-town", terms(partners=("town",)), None)
    assert (proposed.version, proposed.state) == (1, AgreementState.PROPOSED)
    assert not await office.locates(officer)
    activated = await office.agreements.activate("rail-town", await office.sign_in("rail", Role.CUSTODIAN))
    assert (activated.state, activated.activated_at) == (AgreementState.ACTIVE, NOW)
    assert await office.locates(officer)


async def test_what_is_in_force_stays_so_until_the_next_version_replaces_it(office: Office) -> None:
    officer = await office.sign_in("police", Role.OPERATOR)
    await office.agreements.propose("rail-police", terms(actions=("hold",)), None)
    assert await office.locates(officer)
    await office.agreements.activate("rail-police", await office.sign_in("rail", Role.CUSTODIAN))
    assert not await office.locates(officer)
    states = [a.state.value for a in await office.agreements.list_agreements() if a.id == "rail-police"]
    assert states == ["ended", "active"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CUSTODIAN])
async def test_only_custodians_change_agreements(office: Office, role: Role) -> None:
    caller = await office.sign_in("rail", role)
    assert await refused(office.agreements.activate("rail-police", caller)) == "role_denied"
    assert await refused(office.agreements.end("rail-police", caller)) == "role_denied"
    assert await refused(office.agreements.propose("new", terms(), caller)) == "role_denied"
    assert [entry for entry in await office.actions() if entry[1] == "denied"] == [
        ("activate_agreement", "denied"),
        ("end_agreement", "denied"),
        ("propose_agreement", "denied"),
    ]
    assert ("rail-police", 1) in await in_force(office)


async def test_a_partner_proposes_and_ends_but_does_not_activate(office: Office) -> None:
    police, rail = (
        await office.sign_in("police", Role.CUSTODIAN),
        await office.sign_in("rail", Role.CUSTODIAN),
    )
    await office.agreements.propose("rail-police-2", terms(), police)
    assert await refused(office.agreements.activate("rail-police-2", police)) == "action_denied"
    assert (await office.actions())[-1] == ("activate_agreement", "denied")
    await office.agreements.activate("rail-police-2", rail)
    assert (await office.agreements.end("rail-police-2", police)).state is AgreementState.ENDED


async def test_an_agreement_of_others_is_as_unknown_as_none(office: Office) -> None:
    metro = await office.sign_in("metro", Role.CUSTODIAN)
    for name in ("rail-police", "nothing-at-all"):
        for change in (office.agreements.activate, office.agreements.end):
            with pytest.raises(Problem) as caught:
                await change(name, metro)
            assert (caught.value.code, caught.value.detail) == ("not_found", f"there is no agreement {name}")
    assert await refused(office.agreements.propose("mine", terms(), metro)) == "action_denied"
    assert ("rail-police", 1) in await in_force(office)


async def test_an_ended_agreement_never_revives(office: Office) -> None:
    rail = await office.sign_in("rail", Role.CUSTODIAN)
    ended = await office.agreements.end("rail-police", rail)
    assert (ended.state, ended.ended_at) == (AgreementState.ENDED, NOW)
    assert await refused(office.agreements.activate("rail-police", rail)) == "state_conflict"
    assert await refused(office.agreements.end("rail-police", rail)) == "state_conflict"
    again = await office.agreements.propose("rail-police", terms(), None)
    assert again.version == 2
    await office.agreements.activate("rail-police", rail)
    assert await in_force(office) == {("metro-police", 1), ("rail-police", 2)}


async def test_ending_ends_what_is_in_force_for_its_own_parties_whatever_is_proposed_since(
    office: Office,
) -> None:
    await office.agreements.propose("rail-police", terms(partners=("town",)), None)
    town, police = (
        await office.sign_in("town", Role.CUSTODIAN),
        await office.sign_in("police", Role.CUSTODIAN),
    )
    assert await refused(office.agreements.end("rail-police", town)) == "not_found"
    assert (await office.agreements.end("rail-police", police)).version == 1
    assert await in_force(office) == {("metro-police", 1)}


async def test_a_proposal_alone_cannot_be_ended(office: Office) -> None:
    rail = await office.sign_in("rail", Role.CUSTODIAN)
    await office.agreements.propose("new", terms(), rail)
    assert await refused(office.agreements.end("new", rail)) == "state_conflict"


async def test_an_id_stays_with_its_owner_and_agencies_must_exist(office: Office) -> None:
    metro = terms(owner="metro")
    assert await refused(office.agreements.propose("rail-police", metro, None)) == "state_conflict"
    assert await refused(office.agreements.propose("new", terms(partners=("nobody",)), None)) == "invalid"


async def test_an_ended_agreement_is_gone_at_the_next_call_also_in_another_process(
    office: Office, other: Office
) -> None:
    here, there = await office.sign_in("police", Role.OPERATOR), await other.sign_in("police", Role.OPERATOR)
    assert await office.locates(here)
    assert await other.locates(there)
    await other.agreements.end("rail-police", await other.sign_in("rail", Role.CUSTODIAN))
    assert not await office.locates(here)
    assert not await other.locates(there)


async def test_an_agreement_activated_by_another_process_is_there_at_the_next_call(
    office: Office, other: Office
) -> None:
    town = await office.sign_in("town", Role.OPERATOR)
    assert not await office.locates(town)
    await other.agreements.propose("rail-town", terms(partners=("town",)), None)
    await other.agreements.activate("rail-town", await other.sign_in("rail", Role.CUSTODIAN))
    assert await office.locates(town)


async def test_an_agreement_runs_out_by_its_own_date(office: Office) -> None:
    await office.agreements.propose(
        "rail-town",
        terms(partners=("town",), valid=Interval(start=NOW, end=NOW + timedelta(hours=1))),
        None,
    )
    await office.agreements.activate("rail-town", await office.sign_in("rail", Role.CUSTODIAN))
    town = await office.sign_in("town", Role.OPERATOR)
    assert await office.locates(town)
    office.clock.advance(hours=1)
    assert not await office.locates(town)


async def test_each_change_is_logged_for_every_party(office: Office) -> None:
    rail = await office.sign_in("rail", Role.CUSTODIAN)
    await office.agreements.propose("rail-town", terms(partners=("town", "police")), rail)
    await office.agreements.activate("rail-town", rail)
    await office.agreements.end("rail-town", rail)
    entries = (await office.log())[-3:]
    assert [entry.action for entry in entries] == ["propose_agreement", "activate_agreement", "end_agreement"]
    for entry in entries:
        assert (entry.owners, entry.objects) == (("rail", "town", "police"), ("rail-town@1",))
        assert (entry.officer_id, entry.operation.value) == (rail.officer.id, "alteration")


def shown(agreements: list[Agreement]) -> set[str]:
    return {agreement.id for agreement in agreements}


async def test_the_list_shows_an_agencys_own_agreements_and_all_to_an_administrator(office: Office) -> None:
    async def listed(caller: Caller) -> list[Agreement]:
        return (await office.agreements.find_agreements(caller, Page(10))).rows

    assert shown(await listed(await office.sign_in("rail", Role.AUDITOR))) == {"rail-police"}
    assert shown(await listed(await office.sign_in("town", Role.CUSTODIAN))) == set()
    assert shown(await listed(await office.sign_in("town", Role.ADMINISTRATOR))) == {
        "rail-police",
        "metro-police",
    }
    logged = [entry for entry in await office.log() if entry.action == "list_agreements"]
    assert [entry.objects for entry in logged] == [
        ("rail-police@1",),
        (),
        ("metro-police@1", "rail-police@1"),
    ]


async def test_the_list_is_closed_to_who_is_not_designated(office: Office) -> None:
    caller = await office.sign_in("rail", Role.CUSTODIAN, until=NOW + timedelta(hours=1))
    office.clock.advance(hours=2)
    assert await refused(office.agreements.find_agreements(caller, Page(10))) == "not_designated"
    assert (await office.actions())[-1] == ("list_agreements", "denied")
