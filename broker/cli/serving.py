"""`entrevue serve`, `worker`: the processes of a broker."""

import asyncio
import os
import signal
import socket
import sys
import threading
from contextlib import ExitStack
from typing import Annotated

import typer

from broker.app import Broker
from broker.background import background
from broker.cli.configured import settings_of
from broker.cli.hosting import keep_working, owning
from broker.cli.options import HostOptions, host_command
from broker.cli.output import tell, tell_json
from broker.cli.processes import keep_processes
from broker.cli.server import listen, serve_until_stopped, url_of


def add_to(app: typer.Typer) -> None:
    app.command("serve", help="Run the API; with embedded stores also ingest and worker.")(serve)
    app.command("api", hidden=True)(api)
    app.command("worker", help="Carry out due work: holds, clips, bundles.")(worker)


@host_command
def serve(
    options: HostOptions,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 chooses one.")] = 8080,
    processes: Annotated[int, typer.Option(min=1, max=64, help="API processes.")] = 1,
) -> None:
    settings = settings_of(options)
    embedded = settings.broker.redis_url is None
    with ExitStack() as stack:
        owned = stack.enter_context(owning(settings.broker.data)) if embedded else None
        bound = stack.enter_context(listen(host, port))
        url = url_of(bound, host)

        async def work(broker: Broker) -> None:
            async with (
                background(broker, ingest=embedded, worker=embedded),
                keep_processes(_api_arguments(options, bound), processes - 1, bound),
            ):
                await serve_until_stopped(broker, bound, lambda: _tell_address(options, url))

        keep_working(settings, work, owned)


def _tell_address(options: HostOptions, url: str) -> None:
    if options.as_json:
        tell_json({"url": url})
    else:
        tell([url])


def _api_arguments(options: HostOptions, bound: socket.socket) -> list[str]:
    """The command of one more API process on the same socket."""
    arguments = ["-m", "broker.cli.main", "api", "--listen-on", str(bound.fileno())]
    if options.config is not None:
        arguments += ["--config", str(options.config)]
    if options.data is not None:
        arguments += ["--data", str(options.data)]
    return arguments


@host_command
def api(
    options: HostOptions,
    listen_on: Annotated[int, typer.Option("--listen-on", help="File descriptor of an open socket.")],
) -> None:
    """One API process of a `serve`; it ends when its standard input does, as its parent may be killed."""
    bound = socket.socket(fileno=listen_on)
    threading.Thread(target=_stop_with_parent, daemon=True).start()

    async def work(broker: Broker) -> None:
        async with background(broker, ingest=False, worker=False):
            await serve_until_stopped(broker, bound, lambda: None)

    keep_working(settings_of(options), work)


def _stop_with_parent() -> None:
    """Tells this process to stop, whatever it is at, once nobody holds the other end of its standard input."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


@host_command
def worker(options: HostOptions) -> None:
    async def go_on(broker: Broker) -> None:
        tell(["carrying out due work"])
        async with asyncio.TaskGroup() as group:
            group.create_task(broker.worker.run())
            group.create_task(broker.sequencer.run())

    keep_working(settings_of(options), go_on)
