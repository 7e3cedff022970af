"""`entrevue emergency`: danger to life, told of at once and reviewed afterwards."""

from typing import Annotated, Any

import typer

from broker.cli.answers import Emergency, EmergencyList
from broker.cli.client import Answered, BrokerClient
from broker.cli.failures import USAGE, Failure
from broker.cli.options import ClientOptions, client_command, command_group
from broker.cli.output import note_more, print_json, print_table
from broker.cli.paths import emergency_path

EmergencyId = Annotated[str, typer.Argument(help="Id of the emergency.")]


def add_to(app: typer.Typer) -> None:
    group = command_group("Seeing beyond the agreements while life is in danger.")
    group.command("start", help="Start an emergency (an operator).")(start)
    group.command("end", help="End an emergency before its time.")(end)
    group.command("list", help="List the emergencies that you may know of.")(list_emergencies)
    group.command("review", help="Review an emergency that is over (an owner's custodian).")(review)
    app.add_typer(group, name="emergency")


@client_command
def start(
    options: ClientOptions,
    reason: Annotated[str, typer.Option(help="What the danger is, for the owners and the log.")],
    agency: Annotated[str | None, typer.Option(help="Only this owner's cameras.")] = None,
    lat: Annotated[float | None, typer.Option(help="Latitude of an area.")] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude of an area.")] = None,
    radius_m: Annotated[float | None, typer.Option("--radius-m", help="Its radius in metres.")] = None,
) -> None:
    area = {"lat": lat, "lon": lon, "radius_m": radius_m}
    given = [value is not None for value in area.values()]
    if any(given) and not all(given):
        raise Failure("an area is --lat, --lon and --radius-m together", USAGE)
    if agency is None and not any(given):
        raise Failure("say where: --agency, or --lat, --lon and --radius-m", USAGE)
    body: dict[str, Any] = {"reason": reason, "agency": agency, "area": area if all(given) else None}
    _print_one(options, BrokerClient(options).call("POST", "/v1/emergencies", Emergency, body=body))


@client_command
def end(options: ClientOptions, emergency_id: EmergencyId) -> None:
    path = emergency_path(emergency_id, "end")
    _print_one(options, BrokerClient(options).call("POST", path, Emergency))


@client_command
def review(
    options: ClientOptions,
    emergency_id: EmergencyId,
    verdict: Annotated[str, typer.Argument(help="justified or unjustified")],
    reason: Annotated[str, typer.Option(help="Why, for both sides and the log.")],
) -> None:
    body = {"verdict": verdict, "reason": reason}
    path = emergency_path(emergency_id, "review")
    _print_one(options, BrokerClient(options).call("POST", path, Emergency, body=body))


@client_command
def list_emergencies(
    options: ClientOptions, limit: Annotated[int, typer.Option(help="At most so many.")] = 50
) -> None:
    answered = BrokerClient(options).call("GET", "/v1/emergencies", EmergencyList, query={"limit": limit})
    if options.as_json:
        print_json(answered.body)
        return
    _table(answered.read.emergencies)
    note_more(answered.read.links)


def _print_one(options: ClientOptions, answered: Answered[Emergency]) -> None:
    if options.as_json:
        print_json(answered.body)
    else:
        _table((answered.read,))


def _table(emergencies: tuple[Emergency, ...]) -> None:
    print_table(
        ("emergency", "agency", "state", "owners", "started", "ends", "review due from"),
        (
            (e.id, e.agency, e.state, " ".join(e.owners), e.started_at, e.ends_at, " ".join(e.unreviewed))
            for e in emergencies
        ),
    )
