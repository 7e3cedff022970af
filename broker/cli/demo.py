"""`entrevue demo`: a whole broker with three simulated agencies, on one command."""

import asyncio
import contextlib
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from adapters.contract.models import format_instant
from broker.app import Broker, background
from broker.catalog.embedded import OwnedData
from broker.cli.failures import Failure
from broker.cli.hosting import with_broker
from broker.cli.options import HostOptions
from broker.cli.serving import Server, listen, serve_until_stopped
from broker.demo import footage, start
from broker.demo.models import DemoWorld
from broker.demo.recorder import order_for_world
from broker.demo.recorder_process import RecorderProcess
from broker.demo.world_files import write_world
from broker.errors import SetupProblem

HISTORY: Final = timedelta(minutes=10)
FILM_PROCESSES: Final = 2


def add_to(app: typer.Typer) -> None:
    app.command("demo", help="Start everything with three simulated agencies.")(demo)


def demo(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 chooses one.")] = 8080,
    data: Annotated[Path, typer.Option(help="Folder of the demo; starting again goes on there.")] = Path(
        "entrevue-demo"
    ),
) -> None:
    bound = listen("127.0.0.1", port)
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    data = data.resolve()
    begun = datetime.now(UTC)
    owned = OwnedData(data)
    try:
        owned.take()
        world = write_world(data, begun, url)
    except (SetupProblem, OSError) as error:
        raise Failure(str(error)) from error
    finally:
        owned.free()
    known = start.read_credentials(data)
    (data / start.FILE).unlink(missing_ok=True)
    options = HostOptions(config=data / "entrevue.toml", data=data, as_json=False)

    async def work(broker: Broker) -> None:
        with RecorderProcess(order_for_world(data, world, begun)):
            server, stopped = Server.of(broker), threading.Event()
            serving = asyncio.create_task(serve_until_stopped(server, bound))
            filming = asyncio.create_task(asyncio.to_thread(_film, data, world, begun, stopped))
            try:
                credentials = await start.sign_up(broker.services.officers, broker.services.authority, known)
                start.keep_credentials(data, credentials)
                await asyncio.wait({serving, filming}, return_when=asyncio.FIRST_COMPLETED)
                if serving.done():
                    return
                filming.result()
                for network in broker.services.settings.network:
                    await broker.ingest.synchronise(network.id)
                async with background(broker, ingest=True, worker=True):
                    file = start.write_demo_file(data, url, credentials)
                    _tell(url, file, begun)
                    await serving
            finally:
                stopped.set()
                server.should_exit = True
                await asyncio.wait({serving, filming})
                (data / start.FILE).unlink(missing_ok=True)

    with_broker(options, work, own=True)


class _Stopped(Exception):
    """Somebody stopped the demo while its footage was being made."""


def _film(data: Path, world: DemoWorld, begun: datetime, stopped: threading.Event) -> None:
    """Makes the footage of the last minutes; what an earlier start made is kept."""
    planned = footage.plan_world(data, world, footage.history_before(begun, HISTORY))
    console = Console(stderr=True)
    columns = (
        TextColumn("filming the last minutes"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("film", total=len(planned))

        def report(progress: footage.Progress) -> None:
            bar.update(task, completed=progress.done)
            if stopped.is_set():
                raise _Stopped

        with contextlib.suppress(_Stopped):
            footage.make_files(planned, processes=FILM_PROCESSES, on_progress=report)


def _tell(url: str, file: Path, begun: datetime) -> None:
    """What a newcomer can do now, ready to be pasted into another terminal."""
    minute = begun.replace(second=0, microsecond=0)
    interval = (
        f"{format_instant(minute - timedelta(minutes=5))}/{format_instant(minute - timedelta(minutes=4))}"
    )
    token = f'$(python3 -c \'import json; print(json.load(open("{file}"))["officers"]["%s"]["token"])\')'
    lines = (
        f"Entrevue demo: {url}",
        f"Officers and their tokens: {file}",
        "Try, in another terminal:",
        f"  export ENTREVUE_SERVER={url} ENTREVUE_PURPOSE=judicial_inquiry ENTREVUE_CASE=PV-2026-118",
        f"  export ENTREVUE_TOKEN={token % 'police.investigator'}",
        "  entrevue search --lat 48.8809 --lon 2.3553 --radius-m 300",
        f"  entrevue request --camera sncf-gares:gdn-quai-03 --interval {interval} \\",
        "      --basis judicial_requisition:PV-2026-118 --reason 'Theft on platform 3' --wait &",
        f"  ENTREVUE_TOKEN={token % 'sncf.custodian'} entrevue requests --to-decide",
        "  # then approve ID --reason … as sncf.custodian; fetch ID --output evidence; verify evidence/ID.zip",
        "Ctrl-C stops everything.",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
