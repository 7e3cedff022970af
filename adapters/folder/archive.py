"""What the recorder holds, camera by camera: the blocking half of the adapter.

Owns which cameras are known, which files answer a question and what counts as kept. Leaves bytes, threads
and the contract's streams to `adapter`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from adapters.contract.errors import NotFound
from adapters.contract.models import (
    CameraRecord,
    FootageListing,
    HoldOrder,
    HoldReceipt,
    Interval,
    Rejection,
    SegmentStart,
    Snapshot,
)
from adapters.folder.cameras import ListedCameras
from adapters.folder.client import Examined, RecordingsClient, StartedFile
from adapters.folder.holds import FileToKeep, HoldFolder, StoredHold
from adapters.folder.index import FoundFile
from adapters.folder.mapping import recorded_file, segment_start, with_stream
from adapters.folder.probe import Footage
from adapters.folder.snapshot import last_key_picture
from adapters.folder.spans import ValidPart, assemble, overlaps, valid_parts
from adapters.folder.threads import Stop

NEWEST_KEPT = 3
MAX_LISTED_STRANGERS = 100
MAX_SNAPSHOT_FILES = 5


@dataclass(frozen=True, slots=True)
class Segment:
    """A file to hand out: the first `size` bytes of `path`."""

    start: SegmentStart
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest files of every camera that has recordings, newest first, and names that fit nothing."""

    by_camera: Mapping[str, tuple[FoundFile, ...]]
    problems: tuple[Rejection, ...]


class Archive:
    """All methods block and end early, by `Stopped`, once `stop` is asked."""

    def __init__(
        self,
        client: RecordingsClient,
        listed: ListedCameras,
        holds: HoldFolder | None,
        retention_days: float | None,
        resolution: timedelta,
    ) -> None:
        self._client = client
        self._listed = listed
        self._holds = holds
        self._retention_days = retention_days
        self._resolution = resolution

    def newest(self, stop: Stop) -> Newest:
        """One walk over all recordings; forgets verdicts on files that are gone."""
        newest: dict[str, list[FoundFile]] = defaultdict(list)
        problems: list[Rejection] = []
        strangers = 0
        for item in self._client.find(None, stop):
            if isinstance(item, Rejection):
                strangers += 1
                if strangers <= MAX_LISTED_STRANGERS:
                    problems.append(item)
                continue
            files = newest[item.name.camera]
            files.append(item)
            files.sort(key=self._client.begins_about, reverse=True)
            del files[NEWEST_KEPT:]
        if strangers > MAX_LISTED_STRANGERS:
            more = f"{strangers - MAX_LISTED_STRANGERS} more files do not fit the pattern or cannot be read"
            problems.append(Rejection(where="recordings", reason=more))
        self._client.forget_missing()
        return Newest({camera: tuple(files) for camera, files in newest.items()}, tuple(problems))

    def describe(self, record: CameraRecord, newest: Newest, stop: Stop) -> CameraRecord:
        """The record with the stream of the camera's newest readable file, where the list names none."""
        if record.streams:
            return record
        for file in newest.by_camera.get(record.native_id, ()):
            verdict = self._client.examine(file.path, stop)
            if isinstance(verdict, Footage):
                return with_stream(record, verdict)
        return record

    def listing(self, native_id: str, window: Interval, stop: Stop) -> FootageListing:
        started, unread = self._started(native_id, stop)
        around = self._client.around(started, window, stop)
        parts = self._parts(native_id, around.files)
        cut = overlaps([recorded_file(file, None) for file in around.files], self._resolution)
        return FootageListing(spans=assemble(parts, window), problems=(*unread, *around.problems, *cut))

    def segments(
        self, native_id: str, window: Interval, hold: StoredHold | None, stop: Stop
    ) -> tuple[Segment, ...]:
        """The files with a part in the window, in order; held copies stand in where originals are gone."""
        if hold is not None and hold.order.native_id != native_id:
            raise NotFound(f"hold {hold.receipt.handle} is not of camera {native_id}")
        started, _unread = self._started(native_id, stop, known=hold is not None)
        if hold is not None:
            started = self._with_held(started, hold, stop)
        files = self._client.around(started, window, stop).files
        by_name = {file.file.relative: file for file in files}
        segments = []
        for part in self._parts(native_id, files):
            if part.valid.intersect(window) is not None:
                examined = by_name[part.file.name]
                start = segment_start(part, examined.footage)
                segments.append(Segment(start, examined.file.path, examined.footage.whole_bytes))
        return tuple(segments)

    def keep(self, order: HoldOrder, holds: HoldFolder, stop: Stop) -> HoldReceipt:
        """Copies what the order asks for; the same key again gives the receipt of the first time."""
        begun = self._begun(order, holds, stop)
        started, _unread = self._started(order.native_id, stop, known=bool(begun))
        originals = {file.relative for file in started}
        merged = sorted(
            [*started, *(file for file in begun if file.relative not in originals)],
            key=lambda file: (file.starts_at, file.relative),
        )
        files = self._client.around(merged, order.interval, stop).files
        parts = self._parts(order.native_id, files)
        wanted = {part.file.name for part in parts if part.valid.intersect(order.interval) is not None}

        def kept(relatives: frozenset[str]) -> tuple[Interval, ...]:
            held = self._parts(order.native_id, [f for f in files if f.file.relative in relatives])
            if not held:
                return ()
            reach = Interval(start=held[0].valid.start, end=held[-1].valid.end)
            return tuple(span.interval for span in assemble(held, reach))

        to_keep = [
            FileToKeep(
                path=examined.file.path,
                relative=examined.file.relative,
                starts_at=examined.file.starts_at,
                size=examined.footage.whole_bytes,
            )
            for examined in files
            if examined.file.relative in wanted
        ]
        return holds.place(order, to_keep, kept, stop)

    def snapshot(self, native_id: str, stop: Stop) -> Snapshot:
        """The last key frame of the newest file that has one which decodes; `NotFound` where none does."""
        started, _unread = self._started(native_id, stop)
        for file in started[: -MAX_SNAPSHOT_FILES - 1 : -1]:
            verdict = self._client.examine(file.path, stop)
            picture = last_key_picture(file.path, verdict) if isinstance(verdict, Footage) else None
            if picture is not None:
                return Snapshot(
                    native_id=native_id,
                    captured_at=file.starts_at + picture.since_start,
                    media_type="image/jpeg",
                    data=picture.jpeg,
                )
        raise NotFound(f"camera {native_id} has no recording from which a picture can be decoded")

    def _started(
        self, native_id: str, stop: Stop, *, known: bool = False
    ) -> tuple[list[StartedFile], list[Rejection]]:
        """The camera's files in order; `NotFound` for a camera that neither list nor recordings know."""
        if self._listed.exist and native_id not in self._listed.retention_days():
            raise NotFound(f"camera {native_id} is not in this network's list")
        started, unread = self._client.started(native_id, stop)
        if not started and not known and not self._listed.exist:
            raise NotFound(f"camera {native_id} has no recordings in this folder")
        return started, unread

    def _parts(self, native_id: str, files: Sequence[Examined]) -> tuple[ValidPart, ...]:
        own = self._listed.retention_days().get(native_id) if self._listed.exist else None
        retention_days = own if own is not None else self._retention_days
        return valid_parts(recorded_file(file, retention_days) for file in files)

    def _with_held(self, started: Sequence[StartedFile], hold: StoredHold, stop: Stop) -> list[StartedFile]:
        """Originals where they still are as long as what was kept; else the copies."""
        if self._holds is None:
            return list(started)
        by_name = {file.relative: file for file in started}
        for held in hold.files:
            original = by_name.get(held.relative)
            verdict = None if original is None else self._client.examine(original.path, stop)
            if not isinstance(verdict, Footage) or verdict.whole_bytes < held.size:
                path = self._holds.path_of(hold, held)
                by_name[held.relative] = StartedFile(path, held.relative, held.starts_at)
        return sorted(by_name.values(), key=lambda file: (file.starts_at, file.relative))

    def _begun(self, order: HoldOrder, holds: HoldFolder, stop: Stop) -> list[StartedFile]:
        """Copies that an interrupted attempt at this order made, and whose originals may be gone by now."""
        copies = holds.files_of(order.key)
        return self._client.at(copies).started(order.native_id, stop)[0] if copies.is_dir() else []
