"""`entrevue agency`, `officer` and `agreement`: host commands on the ledger."""

import tomllib
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from broker.agencies.models import Agreement, NewOfficer
from broker.agencies.officers import roles_of
from broker.agencies.terms import terms_of
from broker.agencies.views import (
    AgreementList,
    IssuedView,
    OfficerList,
    OfficerView,
    agreement_view,
    officer_view,
)
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
from broker.settings import AgreementSettings

AGREEMENTS = TypeAdapter(tuple[AgreementSettings, ...])
AgreementArgument = Annotated[str, typer.Argument(help="Id of the agreement.")]


def add_to(app: typer.Typer) -> None:
    agency = command_group("Agencies that take part.")
    agency.command("list", help="List agencies.")(list_agencies)
    app.add_typer(agency, name="agency")
    officer = command_group("People who sign in.")
    officer.command("add", help="Designate a person; prints their token once.")(add_officer)
    officer.command("list", help="List officers.")(list_officers)
    officer.command("revoke", help="Revoke all tokens of an officer.")(revoke)
    app.add_typer(officer, name="officer")
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
def add_officer(
    options: HostOptions,
    agency: Annotated[str, typer.Option(help="Id of their agency.")],
    name: Annotated[str, typer.Option(help="Surname and first name.")],
    service: Annotated[str, typer.Option(help="Their service.")],
    number: Annotated[str, typer.Option(help="Personnel number.")],
    role: Annotated[str, typer.Option(help="ROLE[,ROLE]")],
    until: Annotated[str | None, typer.Option(help="Last day or instant of the designation.")] = None,
) -> None:
    async def work(office: Office) -> IssuedView:
        new = NewOfficer(
            agency=agency,
            name=name,
            service=service,
            personnel_number=number,
            roles=roles_of(role),
            designated_by="host",
            until=None if until is None else _until(until),
        )
        officer, issued = await office.officers.add_officer(new)
        return IssuedView(id=officer.id, token=issued.token)

    print_json(with_office(options, work).model_dump(mode="json"))


def _until(text: str) -> datetime:
    """A date is its end in UTC; an instant needs a zone."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(f"--until {text!r} is neither a date nor an instant", USAGE) from error
    if len(text) == len("2026-01-01"):
        return datetime.combine(instant.date(), time.max, UTC)
    if instant.tzinfo is None:
        raise Failure(f"--until {text!r} has no zone: write it with Z", USAGE)
    return instant


@host_command
def list_officers(options: HostOptions) -> None:
    async def work(office: Office) -> list[OfficerView]:
        return [officer_view(officer) for officer in await office.officers.list_officers()]

    found = with_office(options, work)
    if options.as_json:
        print_json(OfficerList(officers=found, links=[]).model_dump(mode="json"))
    else:
        print_table(
            ("officer", "agency", "name", "roles", "until"),
            ((o.id, o.agency, o.name, ",".join(o.roles), o.designated_until) for o in found),
        )


@host_command
def revoke(
    options: HostOptions, officer_id: Annotated[str, typer.Argument(help="Id of the officer.")]
) -> None:
    async def work(office: Office) -> int:
        return await office.officers.revoke_tokens(officer_id)

    revoked = with_office(options, work)
    if options.as_json:
        print_json({"revoked": revoked})
    else:
        print_table(("officer", "revoked tokens"), [(officer_id, revoked)])


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
