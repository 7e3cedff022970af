"""`entrevue serve`, `ingest`, `worker`: the processes of a broker."""

import asyncio
import contextlib
import os
import socket
import sys
from typing import Annotated

import typer
import uvicorn

from broker.app import Broker, background, create_api
from broker.catalog.models import NetworkReport
from broker.cli.failures import Failure
from broker.cli.hosting import settings_of, with_broker
from broker.cli.options import HostOptions, host_command
from broker.cli.output import print_json, print_table

BACKLOG = 2048


def add_to(app: typer.Typer) -> None:
    app.command("serve", help="Run the API; with embedded stores also ingest and work.")(serve)
    app.command("api", hidden=True)(api)
    app.command("ingest", help="Keep the catalog true; --once synchronises once and prints a table.")(ingest)
    app.command("worker", help="Carry out due work: holds, clips, bundles.")(worker)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket that accepts at once; `Failure` where the address is taken."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = infos[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        raise Failure(f"{host}:{port} cannot be listened on: {error.strerror or error}") from error
    bound.setblocking(False)
    return bound


class Server(uvicorn.Server):
    """Uvicorn on a socket that is already open."""

    @classmethod
    def of(cls, broker: Broker) -> "Server":
        config = uvicorn.Config(
            create_api(broker.services), log_level="warning", access_log=False, server_header=False
        )
        return cls(config)


async def serve_until_stopped(server: Server, bound: socket.socket) -> None:
    """Answers until SIGINT or SIGTERM, then lets calls under way finish."""
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        await server.serve(sockets=[bound])


@host_command
def serve(
    options: HostOptions,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 chooses one.")] = 8080,
    processes: Annotated[int, typer.Option(min=1, max=64, help="API processes.")] = 1,
) -> None:
    settings = settings_of(options)
    embedded = settings.broker.redis_url is None
    bound = listen(host, port)

    async def work(broker: Broker) -> None:
        async with background(broker, ingest=embedded, worker=embedded):
            others = [await _another_process(options, bound) for _ in range(processes - 1)]
            sys.stdout.write(f"http://{host}:{bound.getsockname()[1]}\n")
            sys.stdout.flush()
            try:
                await serve_until_stopped(Server.of(broker), bound)
            finally:
                for other in others:
                    if other.returncode is None:
                        other.terminate()
                for other in others:
                    await other.wait()

    with_broker(options, work, own=embedded)


async def _another_process(options: HostOptions, bound: socket.socket) -> asyncio.subprocess.Process:
    """One more API process on the same socket. It ends when its standard input does, as ours may be killed."""
    arguments = ["-m", "broker.cli.main", "api", "--listen-on", str(bound.fileno())]
    if options.config is not None:
        arguments += ["--config", str(options.config)]
    if options.data is not None:
        arguments += ["--data", str(options.data)]
    return await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=asyncio.subprocess.PIPE, pass_fds=(bound.fileno(),)
    )


@host_command
def api(
    options: HostOptions,
    listen_on: Annotated[int, typer.Option("--listen-on", help="File descriptor of an open socket.")],
) -> None:
    bound = socket.socket(fileno=listen_on)

    async def work(broker: Broker) -> None:
        server = Server.of(broker)
        loop = asyncio.get_running_loop()

        def parent_ended() -> None:
            if not os.read(sys.stdin.fileno(), 1):
                server.should_exit = True
                loop.remove_reader(sys.stdin.fileno())

        loop.add_reader(sys.stdin.fileno(), parent_ended)
        await serve_until_stopped(server, bound)

    with_broker(options, work, own=False)


@host_command
def ingest(
    options: HostOptions,
    network: Annotated[str | None, typer.Option(help="Only this network.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Synchronise once and print what was found.")] = False,
) -> None:
    settings = settings_of(options)
    wanted = [n.id for n in settings.network if network in (None, n.id)]
    if not wanted:
        raise Failure(f"there is no network {network!r} in the configuration")

    async def work(broker: Broker) -> list[NetworkReport]:
        if once:
            return [await broker.ingest.synchronise(name) for name in wanted]
        await broker.schedule.run()
        return []

    reports = with_broker(options, work)
    if options.as_json:
        print_json({"networks": [report.model_dump(mode="json") for report in reports]})
    else:
        _print_reports(reports)
    failed = [report for report in reports if report.error is not None]
    if failed:
        raise Failure(f"{failed[0].network}: {failed[0].error}")


def _print_reports(reports: list[NetworkReport]) -> None:
    print_table(
        ("network", "found", "added", "changed", "vanished", "rejected"),
        ((r.network, r.found, r.added, r.changed, r.vanished, r.rejected) for r in reports),
    )
    reasons = [(r.network, reason) for r in reports for reason in r.reasons]
    if reasons:
        print_table(("network", "rejected because"), reasons)


@host_command
def worker(options: HostOptions) -> None:
    with_broker(options, lambda broker: broker.worker.run(), own=False)
