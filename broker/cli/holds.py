"""`entrevue hold`, `stop` and `release`: urgent holds without a request."""

import time
from typing import Annotated, Any, Final

import typer

from broker.cli.answers import Hold, HoldList
from broker.cli.client import Answered, BrokerClient
from broker.cli.failures import USAGE, Failure
from broker.cli.options import ClientOptions, client_command
from broker.cli.output import print_json, print_table, waiting
from broker.cli.paths import hold_path

WAIT_POLL_S: Final = 0.5
MOST_HOLDS: Final = 1000
UNKNOWN_YET: Final = frozenset({"ordered", "placing"})


def add_to(app: typer.Typer) -> None:
    app.command("hold", help="Keep footage for a short time, without a request.")(hold)
    app.command("stop", help="End a hold that grows; what is kept stays kept.")(stop)
    app.command("release", help="Release a hold.")(release)


@client_command
def hold(
    options: ClientOptions,
    interval: Annotated[str, typer.Option(help="START/END, instants with Z; START/.. until you stop it.")],
    reason: Annotated[str, typer.Option(help="Why, for the log and the owner.")],
    camera: Annotated[list[str] | None, typer.Option(help="Id of a camera; repeatable.")] = None,
    lat: Annotated[float | None, typer.Option(help="Latitude, WGS 84, in place of cameras.")] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude, WGS 84.")] = None,
    radius_m: Annotated[float | None, typer.Option("--radius-m", help="How far around, in metres.")] = None,
    sees: Annotated[
        bool, typer.Option("--sees", help="Leave out cameras that do not see the point.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Return when it is known what is held.")] = False,
) -> None:
    body: dict[str, Any] = {"interval": interval, "reason": reason}
    if lat is None and lon is None and radius_m is None and camera:
        body["camera_ids"] = camera
    elif lat is not None and lon is not None and radius_m is not None and not camera:
        body["area"] = {"lat": lat, "lon": lon, "radius_m": radius_m, "sees": sees}
    else:
        raise Failure("give either --camera, or --lat, --lon and --radius-m", USAGE)
    client = BrokerClient(options)
    answered = client.call("POST", "/v1/holds", HoldList, body=body)
    if wait:
        answered = wait_until_known(client, answered)
    if options.as_json:
        print_json(answered.body)
    else:
        _table(answered.read.holds)


def wait_until_known(client: BrokerClient, ordered: Answered[HoldList]) -> Answered[HoldList]:
    """Asks until each hold of the order is placed or cannot be."""
    query = {"order": ordered.read.holds[0].order_id, "limit": MOST_HOLDS}
    with waiting(f"waiting for {len(ordered.read.holds)} holds"):
        answered = ordered
        while any(hold.held.state in UNKNOWN_YET for hold in answered.read.holds):
            time.sleep(WAIT_POLL_S)
            answered = client.call("GET", "/v1/holds", HoldList, query=query, tells=False)
    return answered


@client_command
def stop(options: ClientOptions, hold_id: Annotated[str, typer.Argument(help="Id of the hold.")]) -> None:
    answered = BrokerClient(options).call("POST", f"{hold_path(hold_id)}/stop", Hold)
    if options.as_json:
        print_json(answered.body)
    else:
        _table((answered.read,))


@client_command
def release(options: ClientOptions, hold_id: Annotated[str, typer.Argument(help="Id of the hold.")]) -> None:
    answered = BrokerClient(options).call("DELETE", hold_path(hold_id), Hold)
    if options.as_json:
        print_json(answered.body)
    else:
        _table((answered.read,))


def _table(holds: tuple[Hold, ...]) -> None:
    print_table(
        ("hold", "camera", "state", "how", "asked", "until", "why"),
        (
            (
                hold.id,
                hold.camera_id,
                hold.held.state,
                hold.held.how,
                hold.requested,
                hold.held.until,
                hold.held.state_reason,
            )
            for hold in holds
        ),
    )
