"""Keeps a process's index like the catalog: reads all of it at the start, then what the change stream tells.

While the catalog does not answer, the index stays as it is and says since when. What is found empty after a
loss is not taken for the truth: the cameras of a network stay until that network has been synchronised again.
Everything runs in the event loop, in slices so short that searches between them do not notice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec
import structlog

from broker.catalog.gazetteers.shelf import GazetteerShelf
from broker.catalog.index.changed import ChangedCameras
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.index.reading import Read, RowReader
from broker.catalog.index.stored import StoredCamera, read_camera
from broker.catalog.models import network_of
from broker.catalog.store import CatalogStore, Change, Changes, ChangesRead
from broker.clock import Clock
from broker.errors import Problem
from broker.stopping import heed_cancellation

WAIT_S: Final = 1.0
"""So long a reader of the change stream waits in one call; it is told of a change at once."""

AGAIN_S: Final = 0.5
AT_ONCE: Final = 16
"""So many cameras are written between two searches: less than half a millisecond."""

READ_AT_ONCE: Final = 64
"""So many cameras are asked of Redis in one call: its answer is parsed in one go."""

QUIET_S: Final = 1.0
AT_ONCE_IN_QUIET: Final = 256
"""Both, once nobody has searched for so long: a camera costs half as much, and the first search waits some milliseconds
more."""

LEFT_OUT: Final = "a stored camera cannot be read and is left out"
T = TypeVar("T")

GAZETTEERS_LOOKED_AT: Final = timedelta(seconds=15)
"""An import is told of by the change stream; who missed that, as Redis was away, finds out after so long."""


class CatalogFollower:
    """Feeds `index` with the cameras of `networks`, and has the gazetteers read again. `run` goes on until it is
    cancelled; tests call `catch_up`."""

    def __init__(
        self,
        index: CatalogIndex,
        store: CatalogStore,
        networks: Collection[str],
        clock: Clock,
        new_identity: Callable[[], str],
        gazetteers: GazetteerShelf | None = None,
    ) -> None:
        self.index = index
        self.changed = ChangedCameras(clock.now())
        self._store = store
        self._networks = frozenset(networks)
        self._clock = clock
        self._new_identity = new_identity
        self._identity: str | None = None
        self._read: ChangesRead | None = None
        self._stale_since: datetime | None = None
        self._is_drained = False
        self._kept: set[str] = set()
        self._loaded = asyncio.Event()
        self._catching_up = asyncio.Lock()
        self._settling: asyncio.Task[None] | None = None
        self._gazetteers = gazetteers
        self._gazetteers_due = clock.now()
        self._looking: set[asyncio.Task[None]] = set()
        self._questions_seen = 0
        self._quiet_from = 0.0
        self._log = structlog.get_logger("catalog")

    @property
    def loaded(self) -> bool:
        """Whether all of the catalog was read once."""
        return self._loaded.is_set()

    async def until_loaded(self) -> None:
        """Returns once all of the catalog was read, however long that takes."""
        await self._loaded.wait()

    async def wait_until_loaded(self, at_most_s: float) -> bool:
        """The same, after a moment's patience where the catalog is being read."""
        if not self.loaded and self._stale_since is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(at_most_s):
                    await self._loaded.wait()
        return self.loaded

    async def catalog_is_whole(self) -> bool:
        """False while the catalog lacks what no synchronisation has brought yet, at a start or after a loss."""
        if self._kept or self.unproven:
            return False
        return self._identity == await self._store.identity(self._new_identity())

    @property
    def unproven(self) -> tuple[str, ...]:
        """Networks that no synchronisation has reported on yet: what is known of them may be nothing."""
        return tuple(sorted(self._networks.difference(self.index.reports)))

    @property
    def stale_since(self) -> datetime | None:
        """When the catalog stopped answering; None while it answers."""
        return self._stale_since

    async def run(self) -> None:
        """Follows the catalog for as long as the process lives."""
        try:
            while True:
                if not await self._follow_once(WAIT_S):
                    await asyncio.sleep(AGAIN_S)
                heed_cancellation()
        finally:
            for task in (self._settling, *self._looking):
                if task is not None:
                    task.cancel()

    async def catch_up(self) -> None:
        """Brings the index to how the catalog is now, or marks it stale."""
        async with self._catching_up:
            while await self._follow_once(None) and not self._is_drained:
                pass
            if self._looking:
                await asyncio.wait(self._looking)

    async def _follow_once(self, wait_s: float | None) -> bool:
        """Reads everything where that is due, else the next changes; False where the catalog does not answer."""
        if self.loaded and self._clock.now() >= self._gazetteers_due:
            self._look_at_gazetteers()
        try:
            if self._read is None or self._identity != await self._store.identity(self._new_identity()):
                await self._load()
            elif (changes := await self._store.changes(self._read, wait_s)).lost:
                self._log.warning("changes were missed, everything is read again")
                await self._load()
            else:
                await self._take(changes)
        except Problem as problem:
            if self._stale_since is None:
                self._stale_since = self._clock.now()
                self._log.warning(
                    "the catalog is out of reach: searches use what is known", code=problem.code
                )
            return False
        if self._stale_since is not None:
            self._stale_since = None
            self._log.info("the catalog answers again")
        return True

    # everything

    async def _load(self) -> None:
        self._is_drained = False
        identity = await self._store.identity(self._new_identity())
        read = await self._store.changes_end()
        first = not self.loaded
        reports = await self._store.reports()
        async with RowReader() as reader:
            for network_id in sorted(self._networks):
                listed: set[str] = set()
                parts = _ahead(self._store.network_bodies(network_id))
                if first:
                    await self._fill(reader.rows(parts), listed)
                else:
                    async for bodies in parts:
                        await self._put(bodies, listed)
                if network_id in reports:
                    self._forget_others(network_id, listed)
                    self.index.put_places(network_id, await self._store.places([network_id]))
        if first:
            await self.index.settle()
        await self._read_gazetteers()
        self._kept = set(self.index.reports) - set(reports)
        self.index.put_reports({**self.index.reports, **reports})
        self._identity, self._read = identity, read
        self.changed.note_all()
        self._loaded.set()

    async def _fill(self, read: AsyncIterator[Read], listed: set[str]) -> None:
        """Before the first `settle` nobody searches, and slices may be long."""
        async for rows, wrong in read:
            for reason in wrong:
                self._log.error(LEFT_OUT, reason=reason)
            listed.update(rows.ids)
            self.index.fill(rows)
            await asyncio.sleep(0)

    async def _put(self, bodies: Sequence[str], listed: set[str]) -> None:
        for part in _parts(bodies, AT_ONCE):
            cameras = [camera for body in part if (camera := self._camera_of(body)) is not None]
            listed.update(camera.id for camera in cameras)
            self.index.put(cameras)
            await asyncio.sleep(0)

    def _camera_of(self, body: str) -> StoredCamera | None:
        """The camera, None where another version wrote it in a way that this one cannot read."""
        try:
            return read_camera(body)
        except msgspec.ValidationError as error:
            self._log.error(LEFT_OUT, reason=str(error))
            return None

    # changes

    async def _take(self, changes: Changes) -> None:
        self._is_drained = not changes.changes
        cameras = {c.whose for c in changes.changes if c.what == "camera" and self._is_ours(c)}
        if cameras:
            await self._take_cameras(sorted(cameras))
        for network_id in {c.whose for c in changes.changes if c.what == "report"}:
            await self._take_report(network_id)
        for network_id in {c.whose for c in changes.changes if c.what == "places"} & self._networks:
            self.index.put_places(network_id, await self._store.places([network_id]))
        if any(c.what == "gazetteer" for c in changes.changes):
            self._look_at_gazetteers()
        self._read = changes.read
        in_quiet = self._is_quiet() and not self._is_drained
        if self.index.wants_settling(in_quiet=in_quiet) and (self._settling is None or self._settling.done()):
            self._settling = asyncio.create_task(self.index.settle_if_due(), name="catalog settles")

    async def _take_report(self, network_id: str) -> None:
        report = await self._store.report(network_id)
        if network_id in self._kept and report is not None:
            self._forget_others(network_id, set(await self._store.digests(network_id)))
            self._kept.discard(network_id)
        reports = {name: known for name, known in self.index.reports.items() if name != network_id}
        self.index.put_reports(reports if report is None else reports | {network_id: report})

    def _forget_others(self, network_id: str, listed: set[str]) -> None:
        """Removes what is known of a network and not among these."""
        others = set(self.index.table.ids_of_network(network_id)) - listed
        for gone in others:
            self.index.remove(gone)
        self.changed.note(sorted(others))

    def _look_at_gazetteers(self) -> None:
        """Aside: cameras that change do not wait for a hundred thousand streets."""
        self._gazetteers_due = self._clock.now() + GAZETTEERS_LOOKED_AT
        task = asyncio.create_task(self._read_gazetteers(), name="gazetteers are read")
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def _read_gazetteers(self) -> None:
        """What changed of them; as they were while the ledger does not answer, until they are looked at again."""
        if self._gazetteers is None:
            return
        self._gazetteers_due = self._clock.now() + GAZETTEERS_LOOKED_AT
        try:
            await self._gazetteers.refresh()
        except Problem as problem:
            self._log.warning("gazetteers stay as they are known", code=problem.code)

    def _is_ours(self, change: Change) -> bool:
        return network_of(change.whose) in self._networks

    def _is_quiet(self) -> bool:
        """Whether nobody searches."""
        now = asyncio.get_running_loop().time()
        if self.index.questions != self._questions_seen:
            self._questions_seen, self._quiet_from = self.index.questions, now + QUIET_S
        return now >= self._quiet_from

    async def _take_cameras(self, ids: list[str]) -> None:
        while ids:
            at_once = AT_ONCE_IN_QUIET if self._is_quiet() else READ_AT_ONCE
            part, ids = ids[:at_once], ids[at_once:]
            await self._put_changed(list(zip(part, await self._store.bodies(part), strict=True)))

    async def _put_changed(self, stored: Sequence[tuple[str, str | None]]) -> None:
        while stored:
            at_once = AT_ONCE_IN_QUIET if self._is_quiet() else AT_ONCE
            part, stored = stored[:at_once], stored[at_once:]
            cameras = []
            for identifier, body in part:
                camera = None if body is None else self._camera_of(body)
                if camera is None:
                    self.index.remove(identifier)
                else:
                    cameras.append(camera)
            self.index.put(cameras)
            self.changed.note(identifier for identifier, _ in part)
            await asyncio.sleep(0)


async def _ahead(parts: AsyncIterator[T]) -> AsyncIterator[T]:
    """The same parts, the next one asked for while this one is worked on."""
    coming = asyncio.ensure_future(anext(parts, None))
    try:
        while (part := await coming) is not None:
            coming = asyncio.ensure_future(anext(parts, None))
            yield part
    finally:
        coming.cancel()


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
