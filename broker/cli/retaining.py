"""`entrevue retention`: what goes, and by which rule."""

from typing import Annotated

import typer

from broker.cli.hosting import with_office
from broker.cli.options import HostOptions, host_command
from broker.cli.output import print_json, print_table
from broker.cli.periods import end_of


def add_to(app: typer.Typer) -> None:
    app.command("retention", help="List what goes by a day, and by which rule.")(retention)


@host_command
def retention(
    options: HostOptions,
    by: Annotated[str | None, typer.Option(help="A day or an instant; now where nothing is said.")] = None,
) -> None:
    until = end_of(by, "--by")
    going = with_office(options, lambda office: office.retention.due(until))
    if options.as_json:
        print_json({"going": [each.model_dump(mode="json") for each in going]})
        return
    print_table(
        ("when", "rule", "what", "how many", "whose"),
        ((each.at, each.rule.value, each.subject, each.count, " ".join(each.owners)) for each in going),
    )
