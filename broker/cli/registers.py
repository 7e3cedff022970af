"""`entrevue register`: an owner's register of a month, on the host."""

from typing import Annotated

import typer

from broker.cli.hosting import with_office
from broker.cli.options import HostOptions, host_command
from broker.cli.output import print_json, write
from broker.register.rendering import as_csv, as_html
from broker.register.routes import register_view


def add_to(app: typer.Typer) -> None:
    app.command("register", help="Print an owner's register of a month: CSV, or HTML to print.")(register)


@host_command
def register(
    options: HostOptions,
    agency: Annotated[str, typer.Option(help="Whose cameras.")],
    month: Annotated[str, typer.Option(help="As 2026-06, in UTC.")],
    html: Annotated[bool, typer.Option("--html", help="A page to print in place of CSV.")] = False,
) -> None:
    drawn = with_office(options, lambda office: office.registers.draw(agency, month))
    if options.as_json:
        print_json(register_view(drawn).model_dump(mode="json"))
    else:
        write(as_html(drawn) if html else as_csv(drawn))
