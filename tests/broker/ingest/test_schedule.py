"""Every network keeps its pace whatever happens to the others; a network that fails is left alone for ever longer."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from adapters.contract.errors import NotSupported, Throttled, Unreachable
from adapters.contract.models import HealthEvent
from broker.catalog.fencing import Lease
from broker.catalog.models import BreakerState, NetworkReport
from broker.errors import Problem
from broker.ingest.leases import LEASE_S, Leases
from broker.ingest.pace import after_failure, after_success
from broker.ingest.schedule import Schedule
from broker.settings.sections import NetworkSettings
from tests.broker.ingest.lease_stores import MemoryLeases
from tests.broker.ingest.virtual_time import VirtualClock, run_virtually
from tests.world import NOW

REFRESH_S = 60.0
Look = Callable[[str], Awaitable[None]]


def network(name: str, **facts: Any) -> NetworkSettings:
    return NetworkSettings(id=name, agency="rail", adapter="any", **({"refresh_s": REFRESH_S} | facts))


class Rounds:
    """Stands for `Ingest`: what a look does is the test's, and reports are kept for all processes of it.

    `began` has when each network's rounds began, `running` how many of each host run, at most.
    """

    def __init__(
        self, networks: Sequence[NetworkSettings], reports: dict[str, NetworkReport] | None = None
    ) -> None:
        self.networks = {each.id: each for each in networks}
        self.reports = {} if reports is None else reports
        self.looks: dict[str, Look] = {}
        self.began: dict[str, list[float]] = defaultdict(list)
        self.noted: list[str] = []
        self.running: dict[str | None, int] = defaultdict(int)
        self.most: dict[str | None, int] = defaultdict(int)
        self.jitter = random.Random(5)  # noqa: S311 - only jitter
        self.clock = VirtualClock()

    async def synchronise(self, network_id: str, lease: Lease | None = None) -> NetworkReport:
        self.began[network_id].append(asyncio.get_running_loop().time())
        host = self.networks[network_id].host
        self.running[host] += 1
        self.most[host] = max(self.most[host], self.running[host])
        error = None
        try:
            if network_id in self.looks:
                await self.looks[network_id](network_id)
        except Unreachable as told:
            error = told
        finally:
            self.running[host] -= 1
        return self._report(network_id, error)

    async def note_failure(self, network_id: str, error: str, lease: Lease | None = None) -> NetworkReport:
        self.noted.append(error)
        return self._report(network_id, RuntimeError(error))

    def _report(self, network_id: str, error: Exception | None) -> NetworkReport:
        at, refresh_s = self.clock.now(), self.networks[network_id].refresh_s
        if error is None:
            pace = after_success(at, refresh_s, self.jitter)
        else:
            pace = after_failure(self.reports.get(network_id), at, refresh_s, self.jitter, error)
        self.reports[network_id] = NetworkReport(
            network=network_id,
            agency="rail",
            synchronised_at=at,
            succeeded_at=None,
            refresh_s=refresh_s,
            found=0,
            added=0,
            changed=0,
            vanished=0,
            rejected=0,
            error=None if error is None else str(error),
            failures=pace.failures,
            failing_since=pace.failing_since,
            breaker=pace.breaker,
            next_attempt_at=pace.next_attempt_at,
        )
        return self.reports[network_id]

    async def next_attempt_at(self, network_id: str) -> datetime | None:
        known = self.reports.get(network_id)
        return None if known is None else known.next_attempt_at

    async def health(self, network_id: str) -> AsyncGenerator[HealthEvent, None]:
        raise NotSupported("tells nothing by itself")
        yield

    def forget_health(self, network_id: str) -> None:
        """Nothing was told."""

    async def forget_removed(self) -> None:
        """Nothing was removed."""


def schedule(rounds: Rounds, store: MemoryLeases, process: str = "first", host_rounds: int = 2) -> Schedule:
    leases = Leases(store, process)  # type: ignore[arg-type]  # stands for the store, as far as leases go
    jitter = random.Random(process)  # noqa: S311 - only jitter
    networks = tuple(rounds.networks.values())
    return Schedule(rounds, leases, networks, VirtualClock(), jitter, host_rounds)  # type: ignore[arg-type]


async def fail(name: str) -> None:
    raise Unreachable(f"{name} is away")


async def hang(name: str) -> None:
    """As long as a recorder may say nothing."""
    await asyncio.sleep(300)
    raise Unreachable(f"{name} said nothing")


async def let_run(scheduled: Schedule, seconds: float) -> None:
    task = asyncio.create_task(scheduled.run())
    await asyncio.sleep(seconds)
    assert not task.done(), "a schedule goes on until it is stopped"
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


def test_a_network_is_looked_at_once_a_refresh_with_jitter() -> None:
    rounds = Rounds([network("a"), network("b")])
    run_virtually(let_run(schedule(rounds, MemoryLeases()), 3600))
    for name in ("a", "b"):
        assert 58 <= len(rounds.began[name]) <= 63
        gaps = {round(later - earlier, 3) for earlier, later in pairwise(rounds.began[name])}
        assert all(0.949 * REFRESH_S <= gap <= 1.051 * REFRESH_S for gap in gaps)
        assert len(gaps) > 50


def test_five_hundred_networks_a_tenth_of_them_dead_or_hanging_keep_their_pace() -> None:
    networks = [network(f"n{n}", host=f"host {n}") for n in range(500)]
    rounds = Rounds(networks)
    for n in range(0, 500, 10):
        rounds.looks[f"n{n}"] = fail if n % 20 else hang
    bugs = {"n3": ZeroDivisionError("a bug"), "n7": ExceptionGroup("more", [KeyError("k")])}

    async def work(name: str) -> None:
        await asyncio.sleep(0.2)
        if name in bugs:
            raise bugs[name]

    for each in networks:
        rounds.looks.setdefault(each.id, work)
    run_virtually(let_run(schedule(rounds, MemoryLeases()), 1800))
    late = []
    for n, each in enumerate(networks):
        if n % 10 == 0 or each.id in bugs:
            continue
        began = rounds.began[each.id]
        assert len(began) >= 28
        late += [later - earlier - 0.2 - 1.05 * REFRESH_S for earlier, later in pairwise(began)]
    assert sorted(late)[int(len(late) * 0.99)] <= 0.1 * REFRESH_S
    assert rounds.reports["n10"].breaker is BreakerState.OPEN
    assert len(rounds.began["n10"]) < 12, "who fails again and again is left alone"
    assert any("KeyError" in told for told in rounds.noted)
    assert not any("a bug" in told for told in rounds.noted), "the text of a bug may carry a secret"
    assert rounds.reports["n3"].breaker is BreakerState.OPEN


def test_the_networks_of_one_host_are_looked_at_few_at_a_time() -> None:
    rounds = Rounds([network(f"n{n}", host="nvr") for n in range(20)] + [network("alone")])

    async def work(name: str) -> None:
        await asyncio.sleep(1)

    rounds.looks = dict.fromkeys(rounds.networks, work)
    run_virtually(let_run(schedule(rounds, MemoryLeases(), host_rounds=3), 300))
    assert rounds.most["nvr"] == 3
    assert all(len(began) >= 4 for began in rounds.began.values())
    assert rounds.began["alone"][0] == 0


def test_an_open_breaker_lets_a_try_through_and_closes_when_that_succeeds() -> None:
    rounds = Rounds([network("a")])
    rounds.looks["a"] = fail

    async def main() -> None:
        task = asyncio.create_task(schedule(rounds, MemoryLeases()).run())
        await asyncio.sleep(3600)
        assert rounds.reports["a"].breaker is BreakerState.OPEN
        tries = len(rounds.began["a"])
        rounds.looks.clear()
        await asyncio.sleep(1000)
        assert rounds.reports["a"].breaker is BreakerState.CLOSED
        assert rounds.reports["a"].failures == 0
        assert len(rounds.began["a"]) > tries
        task.cancel()
        await asyncio.wait({task})

    run_virtually(main())


def test_another_process_takes_over_after_a_death_and_goes_on_at_the_same_pace() -> None:
    networks = [network("fine"), network("broken")]
    store, reports = MemoryLeases(), dict[str, NetworkReport]()

    async def main() -> None:
        first, second = Rounds(networks, reports), Rounds(networks, reports)
        first.looks["broken"] = second.looks["broken"] = fail
        running = asyncio.create_task(schedule(first, store, "first").run())
        await asyncio.sleep(1)
        waiting = asyncio.create_task(schedule(second, store, "second").run())
        await asyncio.sleep(1800)
        assert not second.began, "one runner a network"
        renewed = store._leases.copy()
        running.cancel()
        await asyncio.wait({running})
        store._leases = renewed  # killed: it let go of nothing
        died_at, due = asyncio.get_running_loop().time(), reports["broken"].next_attempt_at
        await asyncio.sleep(1800)
        assert second.began["fine"][0] - died_at <= REFRESH_S * 1.05 + LEASE_S
        assert due is not None
        assert NOW + timedelta(seconds=second.began["broken"][0]) >= due, "an open breaker stays open"
        waiting.cancel()
        await asyncio.wait({waiting})

    run_virtually(main())


def test_a_store_that_is_away_stops_no_loop() -> None:
    rounds, store = Rounds([network("a")]), MemoryLeases()

    async def main() -> None:
        task = asyncio.create_task(schedule(rounds, store).run())
        await asyncio.sleep(100)
        store.is_away = True
        await asyncio.sleep(500)
        stopped = len(rounds.began["a"])
        store.is_away = False
        await asyncio.sleep(200)
        assert len(rounds.began["a"]) > stopped
        task.cancel()
        await asyncio.wait({task})

    run_virtually(main())


def test_a_ledger_that_does_not_answer_is_asked_again_and_counts_for_no_breaker() -> None:
    rounds = Rounds([network("a")])

    async def away(name: str) -> None:
        raise Problem("ledger_unavailable", "away")

    rounds.looks["a"] = away
    run_virtually(let_run(schedule(rounds, MemoryLeases()), 100))
    assert len(rounds.began["a"]) > 5
    assert rounds.noted == []


def test_a_runner_whose_lease_is_lost_stops_its_round_and_waits_for_its_turn() -> None:
    rounds, store = Rounds([network("a")]), MemoryLeases()
    ended: list[float] = []

    async def long(name: str) -> None:
        try:
            await asyncio.sleep(10_000)
        finally:
            ended.append(asyncio.get_running_loop().time())

    rounds.looks["a"] = long

    async def main() -> None:
        task = asyncio.create_task(schedule(rounds, store).run())
        await asyncio.sleep(100)
        await store.seize_lease("a", "another", LEASE_S)
        await asyncio.sleep(LEASE_S)
        assert len(ended) == 1
        await asyncio.sleep(2 * LEASE_S)
        assert len(rounds.began["a"]) == 2, "it runs the network again once the other let go"
        task.cancel()
        await asyncio.wait({task})

    run_virtually(main())


def test_a_confirmation_is_acted_upon_within_seconds_and_once() -> None:
    rounds, store = Rounds([network("a", refresh_s=86_400.0)]), MemoryLeases()

    async def main() -> None:
        task = asyncio.create_task(schedule(rounds, store).run())
        await asyncio.sleep(100)
        assert len(rounds.began["a"]) == 1
        store.confirmed["a"] = "an answer"
        await asyncio.sleep(1000)
        assert len(rounds.began["a"]) == 2
        assert rounds.began["a"][1] <= 100 + LEASE_S
        task.cancel()
        await asyncio.wait({task})

    run_virtually(main())


def test_a_round_that_takes_the_cancellation_for_itself_is_the_last() -> None:
    rounds = Rounds([network("a")])

    async def swallow(name: str) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(10_000)

    rounds.looks["a"] = swallow
    run_virtually(let_run(schedule(rounds, MemoryLeases()), 100))
    assert len(rounds.began["a"]) == 1


def test_a_recorder_that_says_when_to_come_back_is_left_alone_until_then() -> None:
    rounds = Rounds([network("a")])
    jitter = random.Random(1)  # noqa: S311 - only jitter
    run_virtually(let_run(schedule(rounds, MemoryLeases()), 1))

    async def main() -> None:
        at = VirtualClock().now()
        pace = after_failure(None, at, REFRESH_S, jitter, Throttled("slow", retry_after_s=900))
        told = {"next_attempt_at": pace.next_attempt_at}
        rounds.reports["a"] = rounds.reports["a"].model_copy(update=told)
        store = MemoryLeases()
        await store.hold_lease("a", "another", 1)  # so that this process is not the one that starts it
        rounds.began.clear()
        await let_run(schedule(rounds, store), 1000)
        assert 900 <= rounds.began["a"][0] <= 920

    run_virtually(main())
