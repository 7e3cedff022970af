"""`entrevue audit`: reads the log on the host."""

from typing import Annotated

import typer

from broker.app import Office
from broker.audit.routes import entry_view
from broker.cli.hosting import with_office
from broker.cli.options import HostOptions, command_group, host_command
from broker.cli.output import print_json_line, print_table

PAGE = 1000


def add_to(app: typer.Typer) -> None:
    audit = command_group("The append-only log.")
    audit.command("export", help="Print entries, oldest first; --json gives JSON Lines.")(export)
    app.add_typer(audit, name="audit")


@host_command
def export(
    options: HostOptions,
    agency: Annotated[str | None, typer.Option(help="Only what concerns this agency.")] = None,
) -> None:
    async def work(office: Office) -> None:
        after = 0
        while True:
            entries = (await office.audit.page(None, agency, after, None, PAGE, None)).entries
            if options.as_json:
                for entry in entries:
                    print_json_line(entry_view(entry).model_dump(mode="json"))
            elif entries:
                print_table(
                    ("entry", "at", "officer", "operation", "action", "decision", "objects"),
                    (
                        (
                            e.sequence,
                            e.at,
                            e.officer_id,
                            e.operation.value,
                            e.action,
                            e.decision.value,
                            len(e.objects),
                        )
                        for e in entries
                    ),
                )
            if len(entries) < PAGE:
                return
            after = entries[-1].sequence

    with_office(options, work)
