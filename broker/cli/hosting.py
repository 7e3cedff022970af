"""Runs a broker's code for host commands: settings, stores, one event loop, and signals that end it."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import structlog
import uvloop

from broker.agencies.models import Caller
from broker.app import Broker, Host, Office, open_broker, open_office
from broker.catalog.embedded import OwnedData
from broker.cli.configured import settings_of
from broker.cli.failures import Failure, Stopped
from broker.cli.options import DecisionOptions, HostOptions
from broker.clock import SystemClock
from broker.errors import Problem, SetupProblem, StoreAway
from broker.garbage import collect_seldom
from broker.identifiers import RandomIdentifiers
from broker.logs import configure_logs
from broker.settings import Settings
from broker.stopping import heed_cancellation

T = TypeVar("T")

PATIENCE_S: Final = 60.0
"""How long a service that starts waits for its stores: a machine starts everything at once after a power cut."""
AGAIN_S: Final = 0.5
STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def this_host() -> Host:
    """The machine's clock and randomness: the one place where they are made."""
    return Host(SystemClock(), RandomIdentifiers(), random.SystemRandom())


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Runs a host command's work; refusals become `Failure`, a stopping signal `Stopped`."""
    configure_logs()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_until_stopped(work))
    except SetupProblem as problem:
        raise Failure(str(problem)) from problem
    except Problem as problem:
        raise Failure(f"{problem.code}: {problem.detail}") from problem


async def _until_stopped(work: Callable[[], Awaitable[T]]) -> T:
    """Every stopping signal cancels the work, so that whatever it opened is closed; repeating it is harmless."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    received: list[int] = []

    def stop(number: int) -> None:
        received.append(number)
        if len(received) == 1 and task is not None:
            task.cancel()

    for number in STOPPING:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # under nohup
            loop.add_signal_handler(number, stop, number)
    try:
        return await work()
    except asyncio.CancelledError as error:
        if received:
            raise Stopped(received[0]) from error
        raise


@contextmanager
def owning(data: Path) -> Iterator[OwnedData]:
    """The right to be the one broker on the data folder; `Failure` while another one is."""
    owned = OwnedData(data)
    _take(owned, data)
    try:
        yield owned
    finally:
        owned.free()


@contextmanager
def owning_or_attached(data: Path) -> Iterator[OwnedData | None]:
    """The same, or None while another broker runs there: its stores are used then.

    Asking and taking are one step: a broker that starts in between is met as running.
    """
    owned = OwnedData(data)
    try:
        owned.take()
    except SetupProblem:
        yield None
        return
    except OSError as error:
        raise _unusable(data, error) from error
    try:
        yield owned
    finally:
        owned.free()


def _take(owned: OwnedData, data: Path) -> None:
    try:
        owned.take()
    except SetupProblem as problem:
        raise Failure(str(problem)) from problem
    except OSError as error:
        raise _unusable(data, error) from error


def _unusable(data: Path, error: OSError) -> Failure:
    return Failure(f"the data folder {data} cannot be used: {error.strerror or error}")


def with_broker(
    settings: Settings,
    work: Callable[[Broker], Awaitable[T]],
    owned: OwnedData | None = None,
    patience_s: float = 0.0,
) -> T:
    """Opens the stores, of one's own where the data folder is `owned`, else a running broker's, and works. A store
    that does not answer is waited for so long."""
    collect_seldom()

    async def main() -> T:
        async with AsyncExitStack() as stack:
            broker = await _opened(stack, settings, owned, patience_s)
            heed_cancellation()
            return await work(broker)

    return run(main)


async def _opened(
    stack: AsyncExitStack, settings: Settings, owned: OwnedData | None, patience_s: float
) -> Broker:
    loop = asyncio.get_running_loop()
    until = loop.time() + patience_s
    while True:
        try:
            return await stack.enter_async_context(open_broker(settings, this_host(), owned))
        except (Problem, StoreAway) as away:
            is_waited_for = isinstance(away, StoreAway) or away.kind.status >= 500
            if not is_waited_for or loop.time() >= until:
                raise
            structlog.get_logger("start").warning("a store is waited for", reason=str(away))
        await asyncio.sleep(AGAIN_S)


def keep_working(
    settings: Settings, work: Callable[[Broker], Awaitable[None]], owned: OwnedData | None = None
) -> None:
    """`with_broker` for commands that go on until somebody stops them: being stopped is their success."""
    with suppress(Stopped):
        with_broker(settings, work, owned, PATIENCE_S)


def with_office(options: HostOptions, work: Callable[[Office], Awaitable[T]]) -> T:
    """Opens the ledger, whether or not a broker runs, and does the work."""
    settings = settings_of(options)

    async def main() -> T:
        async with open_office(settings, this_host()) as office:
            return await work(office)

    return run(main)


async def caller_of(office: Office, options: DecisionOptions) -> Caller:
    """The officer who acts, for decisions that the host may not take by itself."""
    if options.token is None:
        raise Problem(
            "token_missing",
            "this is a custodian's decision: set ENTREVUE_TOKEN to their token, or give --token-file",
        )
    return await office.authority.authenticate(options.token, options.purpose, options.case_ref)
