"""Every process knows what was imported: at its start, when it is told, and a little later where it was not told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from broker.catalog.gazetteers import store
from broker.catalog.gazetteers.shelf import GazetteerShelf
from broker.catalog.index.following import GAZETTEERS_LOOKED_AT, CatalogFollower
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.store import CatalogStore
from broker.errors import Problem
from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate
from tests.broker.catalog.gazetteers.gazetteers import NETWORKS, STATIONS, desk, write_list
from tests.broker.catalog.waiting import until
from tests.world import NumberedIdentifiers, StandingClock

IDENTIFIERS = NumberedIdentifiers()


class Process:
    """What a process of a broker has of the catalog and the ledger."""

    def __init__(self, ledger: Ledger, redis: Redis) -> None:
        self.clock = StandingClock()
        self.shelf = GazetteerShelf(ledger, NETWORKS)
        self.follower = CatalogFollower(
            CatalogIndex(),
            CatalogStore(redis),
            NETWORKS,
            self.clock,
            lambda: IDENTIFIERS.new("catalog"),
            self.shelf,
        )

    @property
    def places(self) -> dict[str, int]:
        """How many it knows of each gazetteer."""
        return {name: len(places) for name, places in self.shelf.known.lists.items()}


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    migrate(tmp_path / "ledger.sqlite")
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


@pytest.fixture
async def processes(ledger: Ledger, redis: Redis) -> AsyncIterator[list[Process]]:
    """Two processes that follow as they do when they serve."""
    both = [Process(ledger, redis) for _ in range(2)]
    running = [asyncio.create_task(process.follower.run()) for process in both]
    await until(lambda: all(process.follower.loaded for process in both))
    yield both
    for task in running:
        task.cancel()
    await asyncio.wait(running)


async def put(ledger: Ledger, folder: Path, *lines: str, gazetteer: str = "gares") -> None:
    await desk(ledger).replace(gazetteer, write_list(folder, lines), folder)


async def test_a_start_reads_what_was_imported_before(ledger: Ledger, redis: Redis, tmp_path: Path) -> None:
    await put(ledger, tmp_path, *STATIONS)
    process = Process(ledger, redis)
    assert process.places == {}
    await process.follower.catch_up()
    assert process.places == {"gares": 2}


async def test_two_processes_see_an_import_a_change_and_a_removal_when_they_are_told(
    processes: list[Process], ledger: Ledger, redis: Redis, tmp_path: Path
) -> None:
    announce = CatalogStore(redis).announce_gazetteer
    await put(ledger, tmp_path, *STATIONS)
    await announce()
    await until(lambda: all(process.places == {"gares": 2} for process in processes))
    await put(ledger, tmp_path, *STATIONS[:1])
    await put(ledger, tmp_path, *STATIONS, gazetteer="others")
    await announce()
    await until(lambda: all(process.places == {"gares": 1, "others": 2} for process in processes))
    await desk(ledger).remove("gares")
    await announce()
    await until(lambda: all(process.places == {"others": 2} for process in processes))


async def test_who_was_not_told_finds_out_by_itself(
    processes: list[Process], ledger: Ledger, redis: Redis, tmp_path: Path
) -> None:
    told, missed = processes
    await put(ledger, tmp_path, *STATIONS)
    missed.clock.advance(seconds=GAZETTEERS_LOOKED_AT.total_seconds())
    await CatalogStore(redis).wake_worker()  # any call: nothing is announced
    await until(lambda: missed.places == {"gares": 2})
    assert told.places == {}, "nobody told it, and its time has not come"


async def test_a_catalog_that_is_thrown_away_loses_no_place(
    processes: list[Process], ledger: Ledger, redis: Redis, tmp_path: Path
) -> None:
    await put(ledger, tmp_path, *STATIONS)
    await redis.flushall()
    await until(lambda: all(process.places == {"gares": 2} for process in processes))


async def test_only_what_changed_is_read_again(
    ledger: Ledger, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(ledger, tmp_path, *STATIONS)
    await put(ledger, tmp_path, *STATIONS, gazetteer="others")
    process = Process(ledger, redis)
    await process.follower.catch_up()
    read: list[str] = []
    rows = store.rows
    monkeypatch.setattr(store, "rows", lambda c, gazetteer: read.append(gazetteer) or rows(c, gazetteer))
    before = process.shelf.known
    assert await process.shelf.refresh() is before
    await put(ledger, tmp_path, *STATIONS[:1], gazetteer="others")
    read.clear()
    known = await process.shelf.refresh()
    assert read == ["others"]
    assert known.lists["gares"] is before.lists["gares"]


async def test_a_ledger_that_does_not_answer_leaves_the_places_known_and_the_process_serving(
    ledger: Ledger, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(ledger, tmp_path, *STATIONS)
    process = Process(ledger, redis)
    await process.follower.catch_up()

    def away(_connection: object) -> None:
        raise Problem("ledger_unavailable", "the ledger did not answer")

    with monkeypatch.context() as patched:
        patched.setattr(store, "versions", away)
        await CatalogStore(redis).announce_gazetteer()
        await process.follower.catch_up()
        assert (process.places, process.follower.stale_since) == ({"gares": 2}, None)
        fresh = Process(ledger, redis)
        await fresh.follower.catch_up()
        assert fresh.follower.loaded
    fresh.clock.advance(seconds=GAZETTEERS_LOOKED_AT.total_seconds())
    await fresh.follower.catch_up()
    assert fresh.places == {"gares": 2}
