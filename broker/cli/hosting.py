"""Runs a broker's code for host commands: settings, stores, and one event loop."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from broker.agencies.models import Caller
from broker.app import Broker, Host, Office, open_broker, open_office
from broker.catalog.embedded import read_socket_path
from broker.cli.failures import Failure
from broker.cli.options import HostOptions
from broker.clock import SystemClock
from broker.errors import Problem, SetupProblem
from broker.identifiers import RandomIdentifiers
from broker.logs import configure_logs
from broker.settings import Settings, load_settings

T = TypeVar("T")


def this_host() -> Host:
    """The machine's clock and randomness: the one place where they are made."""
    return Host(SystemClock(), RandomIdentifiers(), random.SystemRandom())


def settings_of(options: HostOptions) -> Settings:
    """The settings that the options name; `Failure` where they are wrong."""
    try:
        return load_settings(options.config, options.data)
    except SetupProblem as problem:
        raise Failure(str(problem)) from problem


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Runs a host command's work; refusals become `Failure`."""
    configure_logs()

    async def main() -> T:
        return await work()

    try:
        return asyncio.run(main())
    except SetupProblem as problem:
        raise Failure(str(problem)) from problem
    except Problem as problem:
        raise Failure(f"{problem.code}: {problem.detail}") from problem


def with_broker(
    options: HostOptions, work: Callable[[Broker], Awaitable[T]], *, own: bool | None = None
) -> T:
    """Opens the stores, those of a running broker where one runs (or as `own` says), and does the work."""
    settings = settings_of(options)

    async def main() -> T:
        running = settings.broker.redis_url is not None or read_socket_path(settings.broker.data) is not None
        owning = not running if own is None else own
        async with open_broker(settings, this_host(), own=owning) as broker:
            return await work(broker)

    return run(main)


def with_office(options: HostOptions, work: Callable[[Office], Awaitable[T]]) -> T:
    """Opens the ledger, whether or not a broker runs, and does the work."""
    settings = settings_of(options)

    async def main() -> T:
        async with open_office(settings, this_host()) as office:
            return await work(office)

    return run(main)


async def caller_of(office: Office, token: str | None) -> Caller:
    """The officer who acts, for decisions that the host may not take by itself."""
    if token is None:
        raise Problem("token_missing", "this is a custodian's decision: set ENTREVUE_TOKEN to their token")
    return await office.authority.authenticate(token, None, None)
