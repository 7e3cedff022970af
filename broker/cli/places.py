"""`entrevue places import`, `list` and `remove`: host commands on the gazetteers in the ledger."""

import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from broker.app import Office, tell_of_gazetteers
from broker.catalog.gazetteers.models import Gazetteer, ImportReport
from broker.cli.configured import settings_of
from broker.cli.failures import USAGE, Failure
from broker.cli.hosting import with_office
from broker.cli.options import HostOptions, host_command, places_group
from broker.cli.output import print_json, print_table, waiting


def add_to(app: typer.Typer) -> None:
    places = places_group(app)
    places.command("import", help="Read a list of places, in place of what was read before.")(import_places)
    places.command("list", help="List gazetteers.")(list_gazetteers)
    places.command("remove", help="Forget a gazetteer.")(remove)


@host_command
def import_places(
    options: HostOptions,
    file: Annotated[Path, typer.Argument(help="CSV or GeoJSON.")],
    gazetteer: Annotated[
        str | None, typer.Option(help="Id of the gazetteer; else the file's name makes one.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="FIELD=COLUMN, where the file calls a field otherwise.")
    ] = None,
    accuracy_m: Annotated[
        float | None, typer.Option("--accuracy-m", help="Error of positions where a row does not say.")
    ] = None,
    max_spread_m: Annotated[
        float | None,
        typer.Option(
            "--max-spread-m", help="How far rows of one place lie from its centre; 500 unless said."
        ),
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Found by itself unless said.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Found by itself unless said.")] = None,
    max_geojson_mb: Annotated[
        float | None, typer.Option("--max-geojson-mb", help="GeoJSON is read whole: 256 at most unless said.")
    ] = None,
) -> None:
    stated = {
        "accuracy_m": accuracy_m,
        "max_spread_m": max_spread_m,
        "encoding": encoding,
        "delimiter": delimiter,
        "max_geojson_mb": max_geojson_mb,
    }
    reading: dict[str, Any] = {name: value for name, value in stated.items() if value is not None}
    reading |= {"file": file, "columns": _columns(column or ())}
    identifier = _id_of(file) if gazetteer is None else gazetteer

    async def work(office: Office) -> tuple[ImportReport, bool]:
        report = await office.gazetteers.replace(identifier, reading, Path.cwd())
        return report, report.error is not None or await tell_of_gazetteers(settings_of(options))

    with waiting(f"reading {file.name}"):
        report, is_told = with_office(options, work)
    if options.as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _print_report(report)
    if report.error is not None:
        raise Failure(report.error)
    _note_telling(is_told)


def _columns(given: Sequence[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for pair in given:
        field, equals, column = pair.partition("=")
        if not (field and equals and column):
            raise Failure(f"--column {pair!r} is not FIELD=COLUMN", USAGE)
        if field in columns:
            raise Failure(f"--column names {field!r} twice", USAGE)
        columns[field] = column
    return columns


def _id_of(file: Path) -> str:
    """An id from a file's name: `Gares d'Île-de-France.csv` is `gares-d-ile-de-france`."""
    plain = unicodedata.normalize("NFKD", file.stem).encode("ascii", "ignore").decode().lower()
    identifier = re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._")[:64]
    if not identifier:
        raise Failure(f"the name of {file} makes no id: give one by --gazetteer", USAGE)
    return identifier


def _print_report(report: ImportReport) -> None:
    print_table(
        ("gazetteer", "found", "added", "changed", "removed", "rejected"),
        [(report.gazetteer, report.found, report.added, report.changed, report.removed, report.rejected)],
    )
    if report.reasons:
        print_table(("rejected because",), ((reason,) for reason in report.reasons))


def _note_telling(is_told: bool) -> None:
    """What is in the ledger is done: a broker that cannot be told finds it there."""
    if not is_told:
        sys.stderr.write("entrevue: the catalog is out of reach: running processes find out by themselves\n")


@host_command
def list_gazetteers(options: HostOptions) -> None:
    async def work(office: Office) -> list[Gazetteer]:
        return await office.gazetteers.list_gazetteers()

    found = with_office(options, work)
    if options.as_json:
        print_json({"gazetteers": [g.model_dump(mode="json", exclude={"version"}) for g in found]})
    else:
        print_table(
            ("gazetteer", "places", "imported", "from"),
            ((g.id, g.places, g.imported_at, g.source) for g in found),
        )


@host_command
def remove(
    options: HostOptions, gazetteer: Annotated[str, typer.Argument(help="Id of the gazetteer.")]
) -> None:
    async def work(office: Office) -> tuple[int, bool]:
        gone = await office.gazetteers.remove(gazetteer)
        return gone, await tell_of_gazetteers(settings_of(options))

    removed, is_told = with_office(options, work)
    if options.as_json:
        print_json({"removed": removed})
    else:
        print_table(("gazetteer", "removed places"), [(gazetteer, removed)])
    _note_telling(is_told)
