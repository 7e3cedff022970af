"""`entrevue officer`: who signs in, as host commands on the ledger."""

from typing import Annotated

import typer

from broker.agencies.models import NewOfficer, Role
from broker.agencies.officers import roles_of
from broker.agencies.views import IssuedView, OfficerList, OfficerView, officer_view
from broker.app import Office
from broker.cli import credentials
from broker.cli.credentials import OfficerArgument
from broker.cli.hosting import with_office
from broker.cli.options import HostOptions, command_group, host_command
from broker.cli.output import print_json, print_table
from broker.cli.periods import end_of, start_of
from broker.identity.views import DesignationList, DesignationView, designation_view

AgencyOption = Annotated[str, typer.Option(help="Id of their agency.")]
NameOption = Annotated[str, typer.Option(help="Surname and first name.")]
ServiceOption = Annotated[str, typer.Option(help="Their service.")]
NumberOption = Annotated[str, typer.Option(help="Personnel number.")]
UntilOption = Annotated[str | None, typer.Option(help="Last day or instant of the designation.")]
DesignationArgument = Annotated[str, typer.Argument(help="Id of the designation.")]


def add_to(app: typer.Typer) -> None:
    officer = command_group("People who sign in.")
    officer.command("first", help="Designate the first administrator; prints their token once.")(add_first)
    officer.command("add", help="Designate a person; prints their token once.")(add_officer)
    officer.command("list", help="List officers.")(list_officers)
    officer.command("revoke", help="Revoke all tokens of an officer and end their sessions.")(revoke)
    designation = command_group("From when until when an officer is designated, and by whom.")
    designation.command("add", help="Designate an officer again.")(add_designation)
    designation.command("list", help="List an officer's designations.")(list_designations)
    designation.command("end", help="End a designation now.")(end_designation)
    officer.add_typer(designation, name="designation")
    credentials.add_to(officer)
    app.add_typer(officer, name="officer")


@host_command
def add_first(
    options: HostOptions,
    agency: AgencyOption,
    name: NameOption,
    service: ServiceOption,
    number: NumberOption,
    until: UntilOption = None,
) -> None:
    async def work(office: Office) -> IssuedView:
        new = _new(agency, name, service, number, frozenset({Role.ADMINISTRATOR}), until)
        officer, issued = await office.officers.add_first_administrator(new)
        return IssuedView(id=officer.id, token=issued.token)

    print_json(with_office(options, work).model_dump(mode="json"))


@host_command
def add_officer(
    options: HostOptions,
    agency: AgencyOption,
    name: NameOption,
    service: ServiceOption,
    number: NumberOption,
    role: Annotated[str, typer.Option(help="ROLE[,ROLE]")],
    until: UntilOption = None,
) -> None:
    async def work(office: Office) -> IssuedView:
        new = _new(agency, name, service, number, roles_of(role), until)
        officer, issued = await office.officers.add_officer(new)
        return IssuedView(id=officer.id, token=issued.token)

    print_json(with_office(options, work).model_dump(mode="json"))


def _new(
    agency: str, name: str, service: str, number: str, roles: frozenset[Role], until: str | None
) -> NewOfficer:
    return NewOfficer(
        agency=agency,
        name=name,
        service=service,
        personnel_number=number,
        roles=roles,
        designated_by="host",
        until=end_of(until, "--until"),
    )


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
def revoke(options: HostOptions, officer_id: OfficerArgument) -> None:
    async def work(office: Office) -> int:
        return await office.officers.revoke_tokens(officer_id)

    revoked = with_office(options, work)
    if options.as_json:
        print_json({"revoked": revoked})
    else:
        print_table(("officer", "revoked tokens"), [(officer_id, revoked)])


@host_command
def add_designation(
    options: HostOptions,
    officer_id: OfficerArgument,
    start: Annotated[str | None, typer.Option("--from", help="First day or instant; else now.")] = None,
    until: UntilOption = None,
) -> None:
    async def work(office: Office) -> DesignationView:
        begins, ends = start_of(start, "--from"), end_of(until, "--until")
        return designation_view(await office.identity.designations.add(officer_id, begins, ends, None))

    _print(options, with_office(options, work))


@host_command
def list_designations(options: HostOptions, officer_id: OfficerArgument) -> None:
    async def work(office: Office) -> list[DesignationView]:
        return [designation_view(each) for each in await office.identity.designations.list(officer_id, None)]

    found = with_office(options, work)
    if options.as_json:
        print_json(DesignationList(designations=found).model_dump(mode="json", by_alias=True))
    else:
        _table(found)


@host_command
def end_designation(
    options: HostOptions, officer_id: OfficerArgument, designation_id: DesignationArgument
) -> None:
    async def work(office: Office) -> DesignationView:
        return designation_view(await office.identity.designations.end(officer_id, designation_id, None))

    _print(options, with_office(options, work))


def _print(options: HostOptions, designation: DesignationView) -> None:
    if options.as_json:
        print_json(designation.model_dump(mode="json", by_alias=True))
    else:
        _table([designation])


def _table(designations: list[DesignationView]) -> None:
    print_table(
        ("designation", "by", "from", "until", "ended by"),
        ((d.id, d.designated_by, d.valid_from, d.valid_until, d.ended_by) for d in designations),
    )
