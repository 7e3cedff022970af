"""`entrevue hold` and `release`: urgent holds without a request."""

from typing import Annotated, Any

import typer

from broker.cli.client import BrokerClient
from broker.cli.options import ClientOptions, client_command
from broker.cli.output import print_json, print_table


def add_to(app: typer.Typer) -> None:
    app.command("hold", help="Keep footage past its overwrite time, without a request, for a short time.")(
        hold
    )
    app.command("release", help="Release a hold.")(release)


@client_command
def hold(
    options: ClientOptions,
    camera: Annotated[list[str], typer.Option(help="Id of a camera; repeatable.")],
    interval: Annotated[str, typer.Option(help="START/END")],
    reason: Annotated[str, typer.Option(help="Why, for the log and the owner.")],
) -> None:
    body = {"camera_ids": camera, "interval": interval, "reason": reason}
    found = BrokerClient(options).call("POST", "/v1/holds", body=body)
    if options.as_json:
        print_json(found)
    else:
        _table(found["holds"])


@client_command
def release(options: ClientOptions, hold_id: Annotated[str, typer.Argument(help="Id of the hold.")]) -> None:
    found = BrokerClient(options).call("DELETE", f"/v1/holds/{hold_id}")
    if options.as_json:
        print_json(found)
    else:
        _table([found])


def _table(holds: list[dict[str, Any]]) -> None:
    print_table(
        ("hold", "camera", "state", "asked", "until"),
        ((h["id"], h["camera_id"], h["held"]["state"], h["requested"], h["held"]["until"]) for h in holds),
    )
