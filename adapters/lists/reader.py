"""Turns the configured files into records. Owns the order of work: read, map, merge, locate."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from adapters.contract.models import CameraRecord, CameraStatus, PlaceRecord, Rejection
from adapters.lists.config import CameraFile, CrossingFile, ListFile, ListOptions, PlaceFile
from adapters.lists.crossings import CrossingIndex
from adapters.lists.csv_rows import read_csv
from adapters.lists.dialects.reading import read_dialect
from adapters.lists.geojson_rows import read_geojson
from adapters.lists.mapping import CameraFacts, RowRules, map_camera, map_place
from adapters.lists.merge import build_record, disagreements, merge_facts
from adapters.lists.rows import TextRow, Unusable, Wanted, wanted_fields

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PictureSource:
    """Addresses as the list has them, and whether the list calls the camera down: then there is no picture."""

    snapshot_url: str | None
    clip_url: str | None
    is_down: bool

    def __repr__(self) -> str:
        """Without the addresses: a list may have a password in one."""
        return f"PictureSource(snapshot={self.snapshot_url is not None}, clip={self.clip_url is not None})"


@dataclass(frozen=True, slots=True)
class _Listed:
    record: CameraRecord
    facts: CameraFacts


class ListReader:
    """The lists of one network. The iterators read files: run them in a thread, by `stream`.

    Both raise `Misconfigured` for a file that is missing, empty or lacks a mapped column, `Malformed` and
    `TooLarge` for GeoJSON that is none or too much, `Unreachable` where reading fails half-way.
    """

    def __init__(self, options: ListOptions, base_dir: Path) -> None:
        self._options = options
        self._base_dir = base_dir

    @property
    def has_places(self) -> bool:
        """Whether a list of places is configured."""
        return self._options.places is not None

    def cameras(self) -> Iterator[CameraRecord | Rejection]:
        """Every camera once, and every row that could not be used.

        A single file is passed on row by row; several are held in memory until the last one is read.
        """
        for found in self._listed():
            yield found if isinstance(found, Rejection) else found.record

    def pictures(self) -> Iterator[tuple[str, PictureSource]]:
        """Every camera's id, and where its pictures can be fetched."""
        for found in self._listed():
            if not isinstance(found, Rejection):
                facts = found.facts
                source = PictureSource(facts.snapshot_url, facts.clip_url, facts.status is CameraStatus.DOWN)
                yield found.record.native_id, source

    def _listed(self) -> Iterator[_Listed | Rejection]:
        files = self._options.cameras
        crossings = None
        if self._options.crossings is not None:
            crossings = yield from self._read_crossings(self._options.crossings)
        facts = self._camera_facts(files[0]) if len(files) == 1 else self._merged_facts(files)
        for found in facts:
            if isinstance(found, Rejection):
                yield found
                continue
            try:
                yield _Listed(build_record(found, crossings), found)
            except Unusable as problem:
                yield Rejection(where=found.where, reason=str(problem))

    def places(self) -> Iterator[PlaceRecord | Rejection]:
        """Every place once, and every row that could not be used; nothing where no list is configured."""
        file = self._options.places
        if file is None:
            return
        seen: dict[str, str] = {}
        for row in self._rows(file, wanted_places(file)):
            if isinstance(row, Rejection):
                yield row
                continue
            try:
                place = map_place(row, self._options.area)
                _refuse_repeat(seen, place.native_id, row.where)
            except Unusable as problem:
                yield Rejection(where=row.where, reason=str(problem))
            else:
                yield place

    def _camera_facts(self, file: CameraFile) -> Iterator[CameraFacts | Rejection]:
        """The cameras of one file, the first of each id."""
        options = self._options
        accuracy_m = file.position_accuracy_m
        rules = RowRules(
            area=options.area,
            values=options.values,
            id_strip_leading_zeros=options.id_strip_leading_zeros,
            position_accuracy_m=options.position_accuracy_m if accuracy_m is None else accuracy_m,
        )
        seen: dict[str, str] = {}
        dialect = options.dialect_of(file)
        rows = (
            self._rows(file, _wanted_cameras(options, file))
            if dialect is None
            else read_dialect(self._base_dir / file.file, dialect, file.encoding, options.max_geojson_mb)
        )
        for row in rows:
            if isinstance(row, Rejection):
                yield row
                continue
            try:
                facts = map_camera(row, rules)
                _refuse_repeat(seen, facts.native_id, row.where)
            except Unusable as problem:
                yield Rejection(where=row.where, reason=str(problem))
            else:
                yield facts

    def _merged_facts(self, files: Sequence[CameraFile]) -> Iterator[CameraFacts | Rejection]:
        """The cameras in the order of their first mention, each as all files together know it."""
        known: dict[str, CameraFacts] = {}
        for file in files:
            for facts in self._camera_facts(file):
                if isinstance(facts, Rejection):
                    yield facts
                    continue
                first = known.get(facts.native_id)
                if first is None:
                    known[facts.native_id] = facts
                else:
                    yield from disagreements(first, facts)
                    known[facts.native_id] = merge_facts(first, facts)
        yield from known.values()

    def _read_crossings(self, file: CrossingFile) -> Generator[Rejection, None, CrossingIndex]:
        index = CrossingIndex(file.accuracy_m, file.max_spread_m, self._options.area)
        for row in self._rows(file, wanted_fields(file.columns, always=("name1", "name2"))):
            if isinstance(row, Rejection):
                yield row
                continue
            try:
                index.add(row)
            except Unusable as problem:
                yield Rejection(where=row.where, reason=str(problem))
        return index

    def _rows(self, file: ListFile, wanted: Sequence[Wanted]) -> Iterator[TextRow | Rejection]:
        path = self._base_dir / file.file
        if file.is_geojson:
            extents = isinstance(file, PlaceFile)
            return read_geojson(path, wanted, file.encoding, self._options.max_geojson_mb, extents=extents)
        return read_csv(path, wanted, file.delimiter, file.encoding)


def _wanted_cameras(options: ListOptions, file: CameraFile) -> tuple[Wanted, ...]:
    streets = options.streets if file.streets is None else file.streets
    return wanted_fields(options.columns, file.columns, always=("id",)) + tuple(
        Wanted(f"street {number}", column, required=True) for number, column in enumerate(streets, start=1)
    )


def wanted_places(file: PlaceFile) -> tuple[Wanted, ...]:
    return wanted_fields(file.columns, always=("id",))


def _refuse_repeat(seen: dict[str, str], native_id: str, where: str) -> None:
    """The first usable row of an id counts; `seen` remembers where it stood."""
    if native_id in seen:
        raise Unusable(f"repeats the id {native_id!r} of {seen[native_id]}")
    seen[native_id] = where


class _Batches(Generic[Item]):
    """Takes items from an iterator, a batch at a time; the lock lets `close` wait for a batch being made."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def take(self, size: int) -> list[Item]:
        """The next items, at most `size`; empty at the end or after `stop`."""
        batch: list[Item] = []
        with self._lock:
            while len(batch) < size and not self._stopped.is_set():
                try:
                    batch.append(next(self._items))
                except StopIteration:
                    break
        return batch

    def stop(self) -> None:
        """Ends a batch being made after its present item; does not wait."""
        self._stopped.set()

    def close(self) -> None:
        """Closes the iterator, and with it the files that it holds open."""
        with self._lock:
            close = getattr(self._items, "close", None)
            if close is not None:
                close()


async def stream(
    open_items: Callable[[], Iterator[Item]], batch_size: int = 1024
) -> AsyncGenerator[Item, None]:
    """The items of a blocking iterator, made in a thread so that the event loop never waits for a file.

    On cancellation or `aclose` the thread stops after the item at hand, and the iterator is closed before
    this generator ends.
    """
    batches = _Batches(open_items())
    try:
        while batch := await asyncio.to_thread(batches.take, batch_size):
            for item in batch:
                yield item
    finally:
        batches.stop()
        await asyncio.shield(asyncio.to_thread(batches.close))
