"""`entrevue audit`: reads the log and its tree on the host, and erases who acted."""

import csv
import json
from collections.abc import AsyncIterator, Sequence
from io import StringIO
from typing import Annotated, Final

import typer

from broker.app import Office
from broker.audit.models import Entry
from broker.audit.routes import entry_view
from broker.audit.tree.keys import read_log_key
from broker.cli import log_checks
from broker.cli.configured import settings_of
from broker.cli.failures import USAGE, Failure
from broker.cli.hosting import with_office
from broker.cli.options import HostOptions, command_group, host_command
from broker.cli.output import print_json, print_json_line, print_lines, print_table, write
from broker.cli.texts import printable
from broker.errors import SetupProblem
from broker.spreadsheets import cell
from broker.stores import key_folder

PAGE: Final = 1000
COLUMNS: Final = (
    *("sequence", "at", "agency", "officer_id", "service", "personnel_number", "name"),
    *("operation", "action", "decision", "purpose", "case_ref", "basis", "objects", "owners", "query"),
    *("recipient", "request_id"),
)
"""Of the CSV; lists are separated by blanks, `query` is JSON."""


def add_to(app: typer.Typer) -> None:
    audit = command_group("The append-only log.")
    audit.command("checkpoint", help="Print the newest signed checkpoint of the log.")(checkpoint)
    audit.command("prove", help="Prove that an entry is in the log.")(prove)
    audit.command("export", help="Print entries, oldest first: as a table, JSON Lines or CSV.")(export)
    audit.command("erase", help="Erase who acted, where the log has kept it long enough.")(erase)
    log_checks.add_to(audit)
    app.add_typer(audit, name="audit")


@host_command
def checkpoint(
    options: HostOptions,
    size: Annotated[int | None, typer.Option(min=1, help="The one of this size.")] = None,
    key: Annotated[bool, typer.Option("--key", help="The public key alone, as witnesses take it.")] = False,
) -> None:
    settings = settings_of(options)
    try:
        verifier = read_log_key(key_folder(settings), settings.broker.origin).verifier.text
    except SetupProblem as problem:
        raise Failure(str(problem)) from problem
    if key and not options.as_json:
        print_lines([verifier])
        return
    note = None if key else with_office(options, lambda office: office.tree.checkpoint(size))
    if options.as_json:
        print_json({"key": verifier} if note is None else {"note": note, "key": verifier})
    elif note is not None:
        write(note)


@host_command
def prove(
    options: HostOptions,
    index: Annotated[int, typer.Argument(min=0, help="The entry's sequence number less one.")],
    size: Annotated[int | None, typer.Option(min=1, help="In the tree of so many entries.")] = None,
) -> None:
    proof = with_office(options, lambda office: office.tree.inclusion(index, size))
    if options.as_json:
        print_json(proof.model_dump(mode="json"))
        return
    print_lines(
        [f"entry {proof.index + 1} is leaf {proof.index} of {proof.size}", f"leaf  {proof.leaf_hash}"]
    )
    print_lines(f"path  {each}" for each in proof.hashes)


@host_command
def export(
    options: HostOptions,
    agency: Annotated[str | None, typer.Option(help="Only what concerns this agency.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a heading.")] = False,
) -> None:
    if as_csv and options.as_json:
        raise Failure("--csv and --json are two formats: choose one", USAGE)

    async def work(office: Office) -> None:
        if as_csv:
            write(_csv([COLUMNS]))
        async for entries in _pages(office, agency):
            if options.as_json:
                for entry in entries:
                    print_json_line(entry_view(entry).model_dump(mode="json"))
            elif as_csv:
                write(_csv([_cells(entry) for entry in entries]))
            else:
                _print(entries)

    with_office(options, work)


@host_command
def erase(options: HostOptions) -> None:
    async def work(office: Office) -> None:
        before = office.erasure.before
        erased = await office.erasure.run()
        if options.as_json:
            print_json({"erased": erased, "before": before.isoformat().replace("+00:00", "Z")})
        else:
            print_lines([f"{erased} people of entries before {before:%Y-%m-%d %H:%M} UTC were erased"])

    with_office(options, work)


async def _pages(office: Office, agency: str | None) -> AsyncIterator[Sequence[Entry]]:
    """All entries until now, a page at a time."""
    after, until, more = 0, None, True
    while more:
        page = await office.audit.page(None, agency, after, until, PAGE, None)
        if page.entries:
            yield page.entries
            after = page.entries[-1].sequence
        until, more = page.until, page.more


def _print(entries: Sequence[Entry]) -> None:
    print_table(
        ("entry", "at", "officer", "operation", "action", "decision", "objects"),
        (
            (e.sequence, e.at, e.officer_id, e.operation.value, e.action, e.decision.value, len(e.objects))
            for e in entries
        ),
    )


def _cells(entry: Entry) -> list[str]:
    view = entry_view(entry).model_dump(mode="json")
    view |= view["person"] or {}
    view["query"] = None if entry.query is None else json.dumps(entry.query, ensure_ascii=False)
    return [_cell(view.get(name)) for name in COLUMNS]


def _cell(value: object) -> str:
    """A cell's text; what a spreadsheet would take for a formula begins with an apostrophe."""
    if value is None:
        return ""
    text = printable(" ".join(value) if isinstance(value, list) else str(value))
    return cell(text)


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
