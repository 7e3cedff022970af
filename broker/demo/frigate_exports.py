"""The exports of a simulated Frigate: queued, made, listed and deleted, each a film with a note of what it is beside
it, by which it is known again after a restart."""

import asyncio
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from starlette.concurrency import run_in_threadpool

SERVED_FROM: Final = "/media/frigate/exports"


@dataclass(frozen=True)
class Export:
    """Times are seconds since 1970; `ordered` is when it was asked for."""

    id: str
    camera: str
    name: str
    start: float
    end: float
    ordered: float

    @property
    def file_name(self) -> str:
        return f"{self.id}.mp4"


class Exports:
    """`film` gives the bytes of an export, and blocks. An export is made at the second look at the queue: so nobody
    waits for a clock."""

    def __init__(self, folder: Path, film: Callable[[Export], Iterable[bytes]]) -> None:
        self._folder = folder
        self._film = film
        self._making = asyncio.Lock()
        self._queued: dict[str, Export] = {}
        self._seen: set[str] = set()
        notes = (Export(**json.loads(note.read_text())) for note in folder.glob("*.json"))
        self._made = {each.id: each for each in notes}
        highest = max((int(each.rpartition("_")[2]) for each in self._made), default=0)
        self._numbers = itertools.count(highest + 1)

    def order(self, camera: str, name: str | None, start: float, end: float, at: float) -> str:
        """Queues an export; its id."""
        identifier = f"{camera}_{next(self._numbers):06d}"
        self._queued[identifier] = Export(identifier, camera, name or identifier, start, end, at)
        return identifier

    async def jobs(self) -> list[dict[str, Any]]:
        """What is queued, after what was seen there before has been made."""
        async with self._making:
            for identifier in sorted(self._seen & self._queued.keys()):
                await run_in_threadpool(self._make, self._queued[identifier])
                self._made[identifier] = self._queued.pop(identifier)
            self._seen = set(self._queued)
            return [_job(each) for each in self._queued.values()]

    def _make(self, export: Export) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / export.file_name
        path.write_bytes(b"".join(self._film(export)))
        path.with_suffix(".json").write_text(json.dumps(asdict(export)))

    def listing(self) -> list[dict[str, Any]]:
        """Those that are made, the latest first."""
        return [_export(each) for each in sorted(self._made.values(), key=lambda each: each.id, reverse=True)]

    def delete(self, ids: Iterable[str]) -> bool:
        """All or, where one is unknown, none."""
        wanted = set(ids)
        if not wanted <= self._made.keys():
            return False
        for identifier in wanted:
            path = self._folder / self._made.pop(identifier).file_name
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)
        return True

    def file(self, name: str) -> Path | None:
        """The film of that name, None where there is none."""
        path = self._folder / Path(name).name
        return path if path.suffix == ".mp4" and path.is_file() else None


def _export(export: Export) -> dict[str, Any]:
    return {
        "id": export.id,
        "camera": export.camera,
        "name": export.name,
        "date": export.ordered,
        "video_path": f"{SERVED_FROM}/{export.file_name}",
        "thumb_path": f"/media/frigate/clips/export/{export.id}.webp",
        "in_progress": False,
        "export_case_id": None,
    }


def _job(export: Export) -> dict[str, Any]:
    return {
        "id": export.id,
        "job_type": "export",
        "status": "queued",
        "camera": export.camera,
        "name": export.name,
        "request_start_time": export.start,
        "request_end_time": export.end,
        "start_time": None,
        "end_time": None,
        "error_message": None,
        "results": None,
        "current_step": "queued",
        "progress_percent": 0.0,
        "export_case_id": None,
    }
