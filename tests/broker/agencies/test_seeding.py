"""Agreements of the configuration are put in force at the first start alone: later ones need a custodian."""

import asyncio
from pathlib import Path

from broker.agencies.models import Agency, AgreementState
from broker.agencies.store import put_agencies
from broker.settings import Settings
from tests.broker.agencies.office import Office, open_office
from tests.world import NumberedIdentifiers, StandingClock, settings


async def seeded(office: Office) -> list[str]:
    return [entry.objects[0] for entry in await office.log() if entry.action == "seed_agreement"]


def with_another(configured: Settings) -> Settings:
    """The configuration with an agreement that was written into it later."""
    late = configured.agreement[0].model_copy(update={"id": "rail-town", "partners": ("town",)})
    return configured.model_copy(update={"agreement": (*configured.agreement, late)})


async def test_the_first_start_puts_the_configured_agreements_in_force_and_logs_it(office: Office) -> None:
    agreements = await office.agreements.list_agreements()
    assert {(a.id, a.version, a.state) for a in agreements} == {
        ("rail-police", 1, AgreementState.ACTIVE),
        ("metro-police", 1, AgreementState.ACTIVE),
    }
    assert await seeded(office) == ["rail-police@1", "metro-police@1"]


async def test_an_agreement_that_is_written_into_the_file_later_is_not_even_proposed(
    office: Office, tmp_path: Path
) -> None:
    await office.agreements.seed(with_another(settings(tmp_path)))
    assert {a.id for a in await office.agreements.list_agreements()} == {"rail-police", "metro-police"}


async def test_a_ledger_that_knows_an_agency_takes_no_agreement_from_the_file(
    tmp_path: Path, clock: StandingClock, identifiers: NumberedIdentifiers
) -> None:
    with open_office(tmp_path / "ledger.sqlite", clock, identifiers) as office:
        await office.ledger.write(lambda c: put_agencies(c, [Agency(id="rail", name="Railway")]))
        await office.agreements.seed(settings(tmp_path))
        assert await office.agreements.list_agreements() == []
        assert {agency.id for agency in await office.officers.list_agencies()} == {
            "rail",
            "metro",
            "police",
            "town",
        }


async def test_of_two_processes_that_start_at_once_one_seeds(
    tmp_path: Path, clock: StandingClock, identifiers: NumberedIdentifiers
) -> None:
    file = tmp_path / "ledger.sqlite"
    with open_office(file, clock, identifiers) as first, open_office(file, clock, identifiers) as second:
        both_have_looked = asyncio.Barrier(2)
        for office in (first, second):
            real = office.ledger.read

            async def read(work: object, real: object = real) -> object:
                found = await real(work)  # type: ignore[operator]  # the ledger's own
                await both_have_looked.wait()
                return found

            office.ledger.read = read  # type: ignore[method-assign]  # both look before either writes
        await asyncio.gather(*(office.agreements.seed(settings(tmp_path)) for office in (first, second)))
        del first.ledger.read
        assert await seeded(first) == ["rail-police@1", "metro-police@1"]
