"""`entrevue hold` and `release`: urgent holds without a request."""

from typing import Annotated

import typer

from broker.cli.answers import Hold, HoldList
from broker.cli.client import BrokerClient
from broker.cli.options import ClientOptions, client_command
from broker.cli.output import print_json, print_table
from broker.cli.paths import hold_path


def add_to(app: typer.Typer) -> None:
    app.command("hold", help="Keep footage for a short time, without a request.")(hold)
    app.command("release", help="Release a hold.")(release)


@client_command
def hold(
    options: ClientOptions,
    camera: Annotated[list[str], typer.Option(help="Id of a camera; repeatable.")],
    interval: Annotated[str, typer.Option(help="START/END, instants with Z.")],
    reason: Annotated[str, typer.Option(help="Why, for the log and the owner.")],
) -> None:
    body = {"camera_ids": camera, "interval": interval, "reason": reason}
    answered = BrokerClient(options).call("POST", "/v1/holds", HoldList, body=body)
    if options.as_json:
        print_json(answered.body)
    else:
        _table(answered.read.holds)


@client_command
def release(options: ClientOptions, hold_id: Annotated[str, typer.Argument(help="Id of the hold.")]) -> None:
    answered = BrokerClient(options).call("DELETE", hold_path(hold_id), Hold)
    if options.as_json:
        print_json(answered.body)
    else:
        _table((answered.read,))


def _table(holds: tuple[Hold, ...]) -> None:
    print_table(
        ("hold", "camera", "state", "asked", "until"),
        ((hold.id, hold.camera_id, hold.held.state, hold.requested, hold.held.until) for hold in holds),
    )
