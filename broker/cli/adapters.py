"""`entrevue adapter`: does a network keep what every adapter must keep, and how does a new adapter begin?"""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from adapters.conformance.bench import Bench
from adapters.conformance.harness import Site
from adapters.conformance.live import check_live, secrets_in
from adapters.conformance.scaffold import write_adapter
from adapters.conformance.verdicts import Outcome, Result
from adapters.contract.errors import AdapterError
from broker.app import Host, known_adapters, manifest_of
from broker.cli.configured import settings_of
from broker.cli.failures import USAGE, Failure
from broker.cli.hosting import run, this_host
from broker.cli.options import HostOptions, JsonOption, command_group, host_command
from broker.cli.output import print_json, print_lines, print_table, waiting
from broker.ingest.area import area_of
from broker.settings import Settings
from broker.settings.sections import NetworkSettings

Area = tuple[float, float, float, float]
SHOWN: Final = {Result.PASSED: "ok", Result.FAILED: "WRONG", Result.LEFT_OUT: "left out"}


@dataclass(frozen=True)
class Checked:
    network: str
    adapter: str
    outcomes: tuple[Outcome, ...]


def add_to(app: typer.Typer) -> None:
    group = command_group("Adapters: check a network, begin a new one.")
    group.command("check", help="Run the suite's reading checks against a network in use.")(check)
    group.command("new", help="Write a new adapter, with its harness, that passes the suite.")(new)
    app.add_typer(group, name="adapter")


@host_command
def check(
    options: HostOptions,
    name: Annotated[
        str, typer.Argument(help="A network's id, or an adapter's name for all of its networks.")
    ],
    area: Annotated[
        str | None,
        typer.Option(
            help="MIN_LON,MIN_LAT,MAX_LON,MAX_LAT that all cameras lie in; else the options' own area."
        ),
    ] = None,
) -> None:
    settings = settings_of(options)
    networks = [network for network in settings.network if name in (network.id, network.adapter)]
    if any(network.id == name for network in networks):
        networks = [network for network in networks if network.id == name]
    if not networks:
        raise Failure(f"no network of the configuration is {name!r}, and none has such an adapter")
    box = None if area is None else _box(area.split(","))
    if area is not None and box is None:
        raise Failure(f"--area is MIN_LON,MIN_LAT,MAX_LON,MAX_LAT in degrees, not {area!r}", USAGE)
    with waiting(f"checking {', '.join(network.id for network in networks)}"):
        checked = run(lambda: _check_all(settings, this_host(), networks, box))
    _show(checked, options.as_json)


def _show(checked: Sequence[Checked], as_json: bool) -> None:
    if as_json:
        networks = [
            {
                "network": each.network,
                "adapter": each.adapter,
                "checks": [asdict(one) for one in each.outcomes],
            }
            for each in checked
        ]
        print_json({"networks": networks})
    else:
        rows = (
            (each.network, one.check.replace("_", " "), SHOWN[one.result], one.says)
            for each in checked
            for one in each.outcomes
        )
        print_table(("network", "check", "", "says"), rows)
    outcomes = [one for each in checked for one in each.outcomes if one.result is not Result.LEFT_OUT]
    wrong = [one for one in outcomes if one.result is Result.FAILED]
    if wrong:
        first = f"{wrong[0].check.replace('_', ' ')}: {wrong[0].says}"
        raise Failure(f"{len(wrong)} of {len(outcomes)} checks failed: {first}")


def _box(parts: Sequence[object]) -> Area | None:
    """Four numbers that make a box, None where these do not."""
    try:
        min_lon, min_lat, max_lon, max_lat = (float(str(part)) for part in parts)
    except ValueError:
        return None
    fits = -180 <= min_lon < max_lon <= 180 and -90 <= min_lat < max_lat <= 90
    return (min_lon, min_lat, max_lon, max_lat) if fits else None


def _own_area(network: NetworkSettings, base_dir: Path) -> Area | None:
    """The network's declared area, else that of its lists."""
    try:
        declared = area_of(network, base_dir)
    except AdapterError as error:
        raise Failure(f"network {network.id}: {error.message}") from error
    if declared is not None:
        return declared.bounds
    own = network.options.get("area")
    return _box(own) if isinstance(own, list | tuple) else None


async def _check_all(
    settings: Settings, host: Host, networks: Sequence[NetworkSettings], area: Area | None
) -> list[Checked]:
    checked = []
    for network in networks:
        box = area or _own_area(network, settings.base_dir)
        with tempfile.TemporaryDirectory(prefix="entrevue-check-") as folder:
            outcomes = await _check(settings, host, network, box, Path(folder))
        checked.append(Checked(network.id, network.adapter, outcomes))
    return checked


async def _check(
    settings: Settings, host: Host, network: NetworkSettings, area: Area | None, folder: Path
) -> tuple[Outcome, ...]:
    try:
        bench = Bench(
            create=host.load_adapter(network.adapter),
            manifest=manifest_of(network.adapter),
            site=Site(
                options=network.options,
                base_dir=settings.base_dir,
                secrets=tuple(secrets_in(network.options, settings.base_dir)),
                now=host.clock.now(),
            ),
            folder=folder,
            area=area,
            live=True,
            clock=host.clock.now,
        )
    except AdapterError as error:
        raise Failure(f"network {network.id}: {error.message}") from error
    return tuple([outcome async for outcome in check_live(bench)])


def new(
    name: Annotated[str, typer.Argument(help="The adapter's name, as configurations will write it.")],
    output: Annotated[
        Path | None, typer.Option(help="The folder to write; else entrevue-NAME in the current one.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    folder = output or Path(f"entrevue-{name}")
    try:
        written = write_adapter(name, folder, known_adapters())
    except AdapterError as error:
        raise Failure(error.message) from error
    except OSError as error:
        raise Failure(f"{folder} cannot be written: {error.strerror}") from error
    if as_json:
        print_json(
            {"folder": str(folder), "files": [path.relative_to(folder).as_posix() for path in written]}
        )
    else:
        print_lines(f"{path}" for path in written)
        print_lines(("", f'Now: cd {folder} && pip install -e ".[test]" && pytest'))
