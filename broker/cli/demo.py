"""`entrevue demo`: a whole broker with three simulated agencies, on one command."""

import asyncio
import contextlib
import shlex
import socket
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from adapters.contract.models import Interval
from broker.app import Broker
from broker.background import background
from broker.cli.configured import settings_of
from broker.cli.failures import Failure
from broker.cli.hosting import keep_working, owning
from broker.cli.options import HostOptions, JsonOption
from broker.cli.output import tell, tell_json
from broker.cli.server import listen, serve_until_stopped, url_of
from broker.demo import footage, start
from broker.demo.frigate import FrigateSetup, SimulatedFrigate
from broker.demo.models import DemoWorld
from broker.demo.recorder import order_for_world
from broker.demo.recorder_process import RecorderProcess
from broker.demo.serving import served
from broker.demo.world_files import CONFIGURATION, write_world
from broker.errors import SetupProblem

HOST: Final = "127.0.0.1"
HISTORY: Final = timedelta(minutes=10)
FILM_PROCESSES: Final = 2


def add_to(app: typer.Typer) -> None:
    app.command("demo", help="Start everything with three simulated agencies.")(demo)


@dataclass(frozen=True)
class _Stage:
    """What one run of the demo plays on."""

    data: Path
    world: DemoWorld
    begun: datetime
    bound: socket.socket
    frigate: socket.socket
    url: str
    known: start.Credentials
    as_json: bool


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 chooses one.")] = 8080,
    data: Annotated[Path, typer.Option(help="Folder of the demo; starting again goes on there.")] = Path(
        "entrevue-demo"
    ),
    as_json: JsonOption = False,
) -> None:
    data = data.resolve()
    if (data / CONFIGURATION).exists() and not start.is_demo(data):
        raise Failure(f"{data} is a broker's own folder, not the demo's: choose another one with --data")
    with ExitStack() as stack:
        owned = stack.enter_context(owning(data))
        bound = stack.enter_context(listen(HOST, port))
        frigate = stack.enter_context(listen(HOST, 0))
        begun, url = datetime.now(UTC), url_of(bound, HOST)
        try:
            (data / start.FILE).unlink(missing_ok=True)
            world = write_world(data, begun, url, url_of(frigate, HOST))
        except OSError as error:
            raise _unwritable(data, error) from error
        stage = _Stage(data, world, begun, bound, frigate, url, start.read_credentials(data), as_json)
        settings = settings_of(HostOptions(config=data / CONFIGURATION, data=data, as_json=False))
        keep_working(settings, lambda broker: _play(broker, stage), owned)


def _unwritable(data: Path, error: OSError) -> Failure:
    return Failure(f"the demo's folder {data} cannot be written: {error.strerror or error}")


SEARCHED_WITHIN_S: Final = 60.0
"""So long the first start on a machine is given to compile what searches need."""


async def _play(broker: Broker, stage: _Stage) -> None:
    """Answers at once; tells that it is ready when there is footage to ask for."""
    stopped = threading.Event()
    serving = asyncio.create_task(serve_until_stopped(broker, stage.bound, lambda: None))
    filming = asyncio.create_task(asyncio.to_thread(_film, stage, stopped))
    try:
        async with contextlib.AsyncExitStack() as recorders:
            recorders.enter_context(RecorderProcess(order_for_world(stage.data, stage.world, stage.begun)))
            await recorders.enter_async_context(served(_frigate(stage).app, stage.frigate))
            services = broker.services
            credentials = await start.sign_up(services.officers, services.authority, stage.known)
            start.keep_credentials(stage.data, credentials)
            await asyncio.wait({serving, filming}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                filming.result()
                for network in services.settings.network:
                    await broker.ingest.synchronise(network.id)
                async with background(broker, ingest=True, worker=True):
                    await broker.follower.wait_until_loaded(SEARCHED_WITHIN_S)
                    file = start.write_demo_file(stage.data, stage.url, credentials)
                    if stage.as_json:
                        tell_json(start.demo_body(stage.url, credentials))
                    else:
                        _tell(stage, file)
                    await asyncio.wait({serving})
            serving.result()
    except OSError as error:
        raise SetupProblem(_unwritable(stage.data, error).message) from error
    finally:
        stopped.set()
        serving.cancel()
        await asyncio.wait({serving, filming})
        (stage.data / start.FILE).unlink(missing_ok=True)


def _frigate(stage: _Stage) -> SimulatedFrigate:
    """The recorder of the network that a Frigate keeps."""
    (network,) = (each for each in stage.world.recorded_networks if each.adapter == "frigate")
    setup = FrigateSetup(
        recordings=stage.data / network.recordings,
        exports=stage.data / network.holds,
        retention=network.retention or timedelta(),
        now=lambda: datetime.now(UTC),
    )
    return SimulatedFrigate(setup)


class _Stopped(Exception):
    """Somebody stopped the demo while its footage was being made."""


def _film(stage: _Stage, stopped: threading.Event) -> None:
    """Makes the footage of the last minutes; what an earlier start made is kept."""
    planned = footage.plan_world(stage.data, stage.world, footage.history_before(stage.begun, HISTORY))
    columns = (
        TextColumn("filming the last minutes"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    quiet = not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("film", total=len(planned))

        def report(progress: footage.Progress) -> None:
            bar.update(task, completed=progress.done)
            if stopped.is_set():
                raise _Stopped

        with contextlib.suppress(_Stopped):
            footage.make_files(planned, processes=FILM_PROCESSES, on_progress=report)


def _tell(stage: _Stage, file: Path) -> None:
    """What a newcomer can do now, ready to be pasted into another terminal."""
    minute = stage.begun.replace(second=0, microsecond=0)
    asked = Interval(start=minute - timedelta(minutes=5), end=minute - timedelta(minutes=4))
    police, sncf = (
        shlex.quote(str(start.token_file(stage.data, name)))
        for name in ("police.investigator", "sncf.custodian")
    )
    lines = (
        f"Entrevue demo: {stage.url}",
        f"Officers and their tokens: {file}",
        "Try, in another terminal:",
        f"  export ENTREVUE_SERVER={stage.url} ENTREVUE_PURPOSE=judicial_inquiry ENTREVUE_CASE=PV-2026-118",
        f"  police={police}",
        f"  sncf={sncf}",
        '  entrevue search --token-file "$police" --lat 48.8809 --lon 2.3553 --radius-m 300',
        '  entrevue request --token-file "$police" --camera sncf-gares:gdn-quai-03 \\',
        f"      --interval {asked} \\",
        "      --basis judicial_requisition:PV-2026-118 --reason 'Theft on platform 3' | tee request.txt",
        "  request=$(head -n 1 request.txt | cut -d ' ' -f 1)",
        '  entrevue requests --token-file "$sncf" --to-decide',
        '  entrevue approve --token-file "$sncf" "$request" --reason \'Requisition checked\'',
        '  entrevue fetch --token-file "$police" "$request" --output evidence --wait',
        '  entrevue verify "evidence/$request.zip"',
        "Ctrl-C stops everything.",
    )
    tell(lines)
