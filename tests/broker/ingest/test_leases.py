"""A network has one runner: leases are renewed, lost, taken over and seized, and no two are held at a time."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from broker.catalog.fencing import Lease, LeaseLost
from broker.catalog.store import CatalogStore
from broker.ingest.leases import LEASE_S, Leases
from tests.broker.ingest.lease_stores import MemoryLeases
from tests.broker.ingest.virtual_time import run_virtually


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, redis: Redis) -> MemoryLeases | CatalogStore:
    return MemoryLeases() if request.param == "memory" else CatalogStore(redis)


async def test_a_lease_is_renewed_by_its_holder_and_never_taken_by_a_renewal(
    store: MemoryLeases | CatalogStore,
) -> None:
    first, second = Lease("net", "first"), Lease("net", "second")
    assert await store.renew_leases([first], 60) == [(False, None)], (
        "nobody holds it, and a renewal does not take it"
    )
    assert await store.hold_lease("net", "first", 60)
    assert not await store.hold_lease("net", "second", 60)
    assert await store.renew_leases([first, second], 60) == [(True, None), (False, None)]
    await store.drop_lease("net", "second")
    assert await store.renew_leases([first], 60) == [(True, None)]
    await store.drop_lease("net", "first")
    assert await store.hold_lease("net", "second", 60)


async def test_a_lease_that_is_seized_is_lost_to_whoever_had_it(store: MemoryLeases | CatalogStore) -> None:
    assert await store.hold_lease("net", "first", 60)
    await store.seize_lease("net", "second", 60)
    assert await store.renew_leases([Lease("net", "first")], 60) == [(False, None)]
    await store.drop_lease("net", "first")
    assert await store.renew_leases([Lease("net", "second")], 60) == [(True, None)]


def test_a_lease_is_kept_for_as_long_as_the_work_takes() -> None:
    async def main() -> None:
        store = MemoryLeases()
        leases = Leases(store, "first")  # type: ignore[arg-type]  # stands for the store, as far as leases go
        async with leases.renewed(), leases.holding("net") as holding:
            assert holding is not None
            await asyncio.sleep(50 * LEASE_S)
            assert store.holder("net") == holding.lease.token
        assert store.holder("net") is None

    run_virtually(main())


@pytest.mark.parametrize("how", ["seized", "out of reach", "paused"])
def test_work_under_a_lease_ends_when_the_lease_does(how: str) -> None:
    async def main() -> None:
        store = MemoryLeases()
        leases = Leases(store, "first")  # type: ignore[arg-type]
        loop, ended_at = asyncio.get_running_loop(), None
        with pytest.raises(LeaseLost):
            async with AsyncExitStack() as stack:
                if how != "paused":  # a process that is stopped does not renew
                    await stack.enter_async_context(leases.renewed())
                await stack.enter_async_context(leases.holding("net"))
                if how == "seized":
                    await store.seize_lease("net", "second", LEASE_S)
                store.is_away = how == "out of reach"
                try:
                    await asyncio.sleep(3600)
                finally:
                    ended_at = loop.time()
        assert ended_at is not None
        assert ended_at <= LEASE_S, "before anybody else can have it"

    run_virtually(main())


def test_a_timeout_of_the_work_itself_is_not_taken_for_a_lost_lease() -> None:
    async def main() -> None:
        leases = Leases(MemoryLeases(), "first")  # type: ignore[arg-type]
        async with leases.holding("net"):
            raise TimeoutError("of the work")

    with pytest.raises(TimeoutError, match="of the work"):
        run_virtually(main())


def test_a_process_that_lost_a_network_and_has_it_again_uses_another_token() -> None:
    async def main() -> None:
        leases = Leases(MemoryLeases(), "first")  # type: ignore[arg-type]
        tokens = set()
        for _ in range(3):
            async with leases.holding("net") as holding:
                assert holding is not None
                tokens.add(holding.lease.token)
        assert len(tokens) == 3

    run_virtually(main())


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["die", "away", "back", "pause", "resume", "seize"]),
        st.integers(0, 2),
        st.floats(0.1, 2.5 * LEASE_S),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=150)
@given(STEPS)
def test_whatever_happens_two_processes_never_both_believe_that_they_run_a_network(
    steps: list[tuple[str, int, float]],
) -> None:
    """Each process holds the network whenever it can; `pause` stops its renewals, as a stopped process's would be."""
    run_virtually(_rivals(steps))


async def _rivals(steps: list[tuple[str, int, float]]) -> None:
    store, working = MemoryLeases(), set[int]()
    paused = [False, False, False]

    async def live(number: int) -> None:
        leases = Leases(store, f"process {number}")  # type: ignore[arg-type]
        renew = leases.renew

        async def unless_paused() -> None:
            if not paused[number]:
                await renew()

        leases.renew = unless_paused  # type: ignore[method-assign]
        async with leases.renewed():
            while True:
                try:
                    async with leases.holding("net") as holding:
                        if holding is not None:
                            assert not working, f"{number} works while {working} does"
                            working.add(number)
                            try:
                                await asyncio.sleep(1e9)
                            finally:
                                working.discard(number)
                except LeaseLost:
                    pass
                except Exception as problem:
                    if isinstance(problem, AssertionError):
                        raise
                await asyncio.sleep(3.0)

    processes = [asyncio.create_task(live(number)) for number in range(3)]
    for what, number, wait_s in steps:
        if what == "die":
            processes[number].cancel()
        elif what in ("away", "back"):
            store.is_away = what == "away"
        elif what == "seize":
            await _seize(store)
        else:
            paused[number] = what == "pause"
        await asyncio.sleep(wait_s)
    failed = [task.exception() for task in processes if task.done() and not task.cancelled()]
    alive = any(not task.done() for task in processes)
    store.is_away = False
    for number in range(3):
        paused[number] = False
    await asyncio.sleep(3 * LEASE_S)
    assert failed == []
    assert len(working) == int(alive), "somebody takes over whatever happened before"
    for task in processes:
        task.cancel()
    await asyncio.wait(processes)


async def _seize(store: MemoryLeases) -> None:
    """By somebody who dies with it. Who lets go sooner meets a runner that believes: its writes are refused then
    (`test_fencing`)."""
    if not store.is_away:
        await store.seize_lease("net", "once", LEASE_S)
