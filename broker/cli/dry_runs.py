"""`entrevue agreement dry-run`: what activating a proposal would change."""

from typing import Annotated

import typer

from broker.cli.answers import DryRun
from broker.cli.client import BrokerClient
from broker.cli.options import ClientOptions, agreement_group, client_command
from broker.cli.output import note_more, print_json, print_table
from broker.cli.paths import agreement_path


def add_to(app: typer.Typer) -> None:
    help_text = "Tell what activating the latest proposal would change (an owner's custodian)."
    agreement_group(app).command("dry-run", help=help_text)(dry_run)


@client_command
def dry_run(
    options: ClientOptions,
    agreement_id: Annotated[str, typer.Argument(help="Id of the agreement.")],
    limit: Annotated[int, typer.Option(help="At most so many cameras.")] = 50,
) -> None:
    path = agreement_path(agreement_id, "dry-run")
    answered = BrokerClient(options).call("GET", path, DryRun, query={"limit": limit})
    if options.as_json:
        print_json(answered.body)
        return
    print_table(
        ("agency", "purpose", "action", "gained", "lost"),
        ((c.agency, c.purpose, c.action, c.gained, c.lost) for c in answered.read.counts),
    )
    print_table(
        ("camera", "agency", "purpose", "gained", "lost"),
        (
            (camera.camera_id, c.agency, c.purpose, " ".join(c.gained), " ".join(c.lost))
            for camera in answered.read.cameras
            for c in camera.changes
        ),
    )
    note_more(answered.read.links)
