"""Exports as hold: Frigate keeps them when the recordings are erased. Owns that an order is carried out once, however
often it is given, and waits until it is.

An export joins what it covers over any gap. So each run of segments is an export of its own, named by the hold's key
and what it holds: what is held is read from these names, never remembered.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from math import ceil

from adapters.contract.errors import Malformed, NotFound, TryLater
from adapters.contract.models import HoldOrder, HoldReceipt, Interval
from adapters.frigate.client import Export, FrigateClient
from adapters.frigate.mapping import HeldExport, Run, by_hold, export_name, held


class ExportedHolds:
    """The holds of one server. `pause` waits between two looks, `looks` is how often is looked."""

    def __init__(self, client: FrigateClient, pause: Callable[[], Awaitable[None]], looks: int) -> None:
        self._client = client
        self._pause = pause
        self._looks = looks
        self._placing = asyncio.Lock()

    async def place(self, order: HoldOrder, runs: Sequence[Run]) -> HoldReceipt:
        """Orders what no export of the hold covers yet. `TryLater` while Frigate is still making them: the same
        order goes on then."""
        async with self._placing:  # two orders of one key would not see each other's exports
            ordered: set[str] = set()
            for _ in range(self._looks):
                being_made, made = await self._state(order.key)
                missing = [run for run in runs if not _covers(run, made)]
                if not missing and not being_made:
                    return HoldReceipt(handle=order.key, held=_merged(each.interval for each in made))
                for run in missing:
                    name = export_name(order.key, run)
                    if not _covers(run, being_made) and name not in ordered:
                        ordered.add(name)
                        await self._order(order.native_id, run, name)
                await self._pause()
            raise TryLater(f"Frigate has not finished the exports of the hold {order.key}", retry_after_s=30)

    async def _order(self, camera: str, run: Run, name: str) -> None:
        # Frigate reads whole seconds, takes whole segments, and would take the one before as well
        start_s, end_s = ceil(run.start.timestamp()), ceil(run.end.timestamp())
        started = await self._client.export(camera, start_s, end_s, name)
        if not started.success:
            raise Malformed(f"Frigate did not begin to export {camera}: {started.message[:200]}")

    async def _made(self) -> dict[str, list[tuple[HeldExport, Export]]]:
        return by_hold(await self._client.exports())

    async def _state(self, key: str) -> tuple[list[HeldExport], list[HeldExport]]:
        """The hold's exports being made, and those that are. Jobs are read first: one that ends meanwhile is among the
        exports then, and never in neither."""
        jobs = await self._client.jobs()
        exports = await self._client.exports()
        names = [job.name for job in jobs] + [export.name for export in exports if export.in_progress]
        being_made = [known for name in names if (known := held(name)) is not None and known.key == key]
        return being_made, [known for known, _ in by_hold(exports).get(key, [])]

    async def exports_of(self, handle: str) -> list[tuple[HeldExport, Export]]:
        """What the hold keeps; `NotFound` where there is nothing."""
        found = (await self._made()).get(handle)
        if not found:
            raise NotFound(f"Frigate keeps nothing for the hold {handle!r}")
        return found

    async def all(self) -> AsyncGenerator[HoldReceipt, None]:
        for key, found in sorted((await self._made()).items()):
            yield HoldReceipt(handle=key, held=_merged(each.interval for each, _ in found))

    async def release(self, handle: str) -> None:
        """Deletes the hold's exports; those still being made are deleted by releasing again."""
        being_made, _ = await self._state(handle)
        for _, export in (await self._made()).get(handle, []):
            try:
                await self._client.delete_exports([export.id])
            except NotFound:
                continue
        if being_made:
            raise TryLater(f"Frigate is still making exports of the hold {handle}", retry_after_s=30)


def _covers(run: Run, exports: Sequence[HeldExport]) -> bool:
    return any(each.interval.start <= run.start and run.end <= each.interval.end for each in exports)


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """In order and disjoint."""
    made: list[Interval] = []
    for each in sorted(intervals, key=lambda interval: interval.start):
        if made and each.start <= made[-1].end:
            made[-1] = Interval(start=made[-1].start, end=max(made[-1].end, each.end))
        else:
            made.append(each)
    return tuple(made)
