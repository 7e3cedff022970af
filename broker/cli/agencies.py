"""`entrevue agency` and `agreement`: host commands on the ledger."""

import tomllib
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from broker.agencies.models import Agreement
from broker.agencies.terms import terms_of
from broker.agencies.views import AgreementList, agreement_view
from broker.app import Office
from broker.cli.configured import settings_of
from broker.cli.failures import USAGE, Failure
from broker.cli.hosting import caller_of, with_office
from broker.cli.options import (
    DecisionOptions,
    HostOptions,
    agreement_group,
    command_group,
    decision_command,
    host_command,
)
from broker.cli.output import print_json, print_table
from broker.settings.sections import AgreementSettings

AGREEMENTS = TypeAdapter(tuple[AgreementSettings, ...])
AgreementArgument = Annotated[str, typer.Argument(help="Id of the agreement.")]


def add_to(app: typer.Typer) -> None:
    agency = command_group("Agencies that take part.")
    agency.command("list", help="List agencies.")(list_agencies)
    app.add_typer(agency, name="agency")
    agreement = agreement_group(app)
    agreement.command("apply", help="Propose the agreements of a file.")(apply)
    agreement.command("activate", help="Put the latest proposal in force (an owner's custodian).")(activate)
    agreement.command("list", help="List agreements.")(list_agreements)
    agreement.command("end", help="End an agreement (a custodian of either side).")(end)


@host_command
def list_agencies(options: HostOptions) -> None:
    async def work(office: Office) -> list[dict[str, str]]:
        return [agency.model_dump() for agency in await office.officers.list_agencies()]

    agencies = with_office(options, work)
    if options.as_json:
        print_json({"agencies": agencies})
    else:
        print_table(("id", "name"), ((agency["id"], agency["name"]) for agency in agencies))


@host_command
def apply(
    options: HostOptions, file: Annotated[Path, typer.Argument(help="TOML with [[agreement]] tables.")]
) -> None:
    try:
        raw = tomllib.loads(file.read_text())
        wanted = AGREEMENTS.validate_python(raw.get("agreement", ()))
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}", USAGE) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failure(f"{file} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Failure(f"{file}: agreement.{where}: {first['msg']}") from error
    if not wanted:
        raise Failure(f"{file} has no [[agreement]]")
    try:
        settings_of(options).check_agreements(wanted)
    except ValueError as error:
        raise Failure(f"{file}: {error}") from error

    async def work(office: Office) -> list[Agreement]:
        proposals = {a.id: terms_of(a, file.resolve().parent) for a in wanted}
        return await office.agreements.propose_all(proposals)

    _print(options, with_office(options, work))


@decision_command
def activate(options: DecisionOptions, agreement_id: AgreementArgument) -> None:
    async def work(office: Office) -> Agreement:
        return await office.agreements.activate(agreement_id, await caller_of(office, options))

    _print_one(options, with_office(options, work))


@host_command
def list_agreements(options: HostOptions) -> None:
    async def work(office: Office) -> list[Agreement]:
        return await office.agreements.list_agreements()

    _print(options, with_office(options, work))


@decision_command
def end(options: DecisionOptions, agreement_id: AgreementArgument) -> None:
    async def work(office: Office) -> Agreement:
        return await office.agreements.end(agreement_id, await caller_of(office, options))

    _print_one(options, with_office(options, work))


def _print_one(options: HostOptions, agreement: Agreement) -> None:
    if options.as_json:
        print_json(agreement_view(agreement).model_dump(mode="json"))
    else:
        _print(options, [agreement])


def _print(options: HostOptions, agreements: list[Agreement]) -> None:
    if options.as_json:
        views = [agreement_view(agreement) for agreement in agreements]
        print_json(AgreementList(agreements=views, links=[]).model_dump(mode="json"))
        return
    print_table(
        ("agreement", "version", "state", "owner", "partners", "actions", "valid"),
        (
            (
                a.id,
                a.version,
                a.state.value,
                a.terms.owner,
                " ".join(a.terms.partners),
                " ".join(a.terms.actions),
                a.terms.valid,
            )
            for a in agreements
        ),
    )
