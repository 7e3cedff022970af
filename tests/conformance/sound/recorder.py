"""A simulated recorder that offers everything the contract knows, in each situation of the suite."""

import asyncio
import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import cv2
import numpy as np

from adapters.conformance.faults.models import Request
from adapters.conformance.harness import Situation
from adapters.conformance.simulated import Reply, json_reply
from adapters.contract.models import Interval
from tests.adapters.folder.recordings import HEIGHT, WIDTH, write_recording

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
AUTUMN = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
"""Half past two in Paris, for the first time; an hour later it is half past two again."""
USER, PASSWORD = "broker", "s3cret/p@ss:wörd"
FILE_S = 2.5
PAGE = 2
CLOCK_OFFSET_MS = 90_000.0
PICTURE_AGE = timedelta(minutes=3)


@cache
def film() -> bytes:
    """25 pictures in 2.5 s."""
    with TemporaryDirectory() as folder:
        return write_recording(Path(folder) / "film.mp4").read_bytes()


@cache
def picture() -> bytes:
    done, encoded = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))
    assert done
    return encoded.tobytes()


def cameras() -> list[dict[str, Any]]:
    stream = {"codec": "h264", "width": WIDTH, "height": HEIGHT, "fps": 10}
    return [
        {"id": "quai 1", "name": "Quai 1", "lat": 48.8809, "lon": 2.3553, "stream": stream, "level": None},
        {"id": "quai/2", "name": "Quai 2", "lat": 48.8811, "lon": 2.3561, "stream": stream, "level": "-1"},
        {"id": "hall", "name": "Hall", "lat": None, "lon": None, "stream": None, "level": None},
    ]


@dataclass
class Recorder:
    """The state of one recorder. Times go out by its own zone, with their distance from UTC."""

    situation: Situation
    films: list[Interval] = field(default_factory=list)
    holds: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        start = AUTUMN if self.situation is Situation.REPEATED_HOUR else NOW - timedelta(hours=1)
        second = timedelta(hours=1) if self.situation is Situation.REPEATED_HOUR else timedelta(seconds=10)
        for begins in (start, start + second):
            self.films.append(Interval(start=begins, end=begins + timedelta(seconds=FILE_S)))

    @property
    def asked(self) -> Interval:
        return Interval(start=self.films[0].start, end=self.films[-1].end + timedelta(seconds=5))

    def told(self, instant: datetime) -> str:
        local = self.situation in {Situation.LOCAL_ZONE, Situation.REPEATED_HOUR}
        return instant.astimezone(PARIS if local else UTC).isoformat()

    async def answer(self, request: Request) -> Reply:
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.header("authorization") != f"Basic {wanted}":
            return Reply(401, headers=(("WWW-Authenticate", 'Basic realm="nvr"'),))
        parts = urlsplit(request.target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        match [unquote(each) for each in parts.path.strip("/").split("/")]:
            case ["cameras"]:
                return self._page(int(query["page"]))
            case ["clock"]:
                offset = CLOCK_OFFSET_MS if self.situation is Situation.CLOCK_AHEAD else 0
                return json_reply({"now": self.told(NOW + timedelta(milliseconds=offset))})
            case ["events"]:
                await asyncio.sleep(0)
                return json_reply(
                    {"camera": "quai/2", "status": "down", "at": self.told(NOW), "reason": "no signal"}
                )
            case ["media", _]:
                return Reply(body=film(), media_type="video/mp4", headers=(("ETag", '"1"'),))
            case ["holds", *handle]:
                return self._holds(request, handle)
            case ["cameras", camera, what] if camera in {each["id"] for each in cameras()}:
                return self._of_camera(request, camera, what, query)
        return json_reply({"detail": "no such thing"}, 404)

    def _page(self, number: int) -> Reply:
        rows = cameras()
        if self.situation is Situation.ONE_BAD_RECORD:
            rows.insert(
                1, {"id": "bad", "name": "Bad", "lat": "north", "lon": 2, "stream": None, "level": None}
            )
        total = len(rows)
        if self.situation is Situation.REPEATED_PAGE:
            return json_reply({"cameras": rows[:PAGE], "total": total, "next": number + 1})
        shown = rows[(number - 1) * PAGE : number * PAGE]
        more = number * PAGE < total and self.situation is not Situation.TRUNCATED_LISTING
        return json_reply({"cameras": shown, "total": total, "next": number + 1 if more else None})

    def _of_camera(self, request: Request, camera: str, what: str, query: dict[str, str]) -> Reply:
        if what == "snapshot":
            at = {"quai 1": NOW - PICTURE_AGE, "quai/2": None}
            if camera not in at:
                return json_reply({"detail": "no picture"}, 404)
            taken = at[camera]
            headers = (("X-Captured-At", self.told(taken)),) if taken else ()
            return Reply(body=picture(), media_type="image/jpeg", headers=headers)
        asked = Interval(start=query["start"], end=query["end"])  # type: ignore[arg-type]  # ISO 8601
        there = self.films if camera == "quai 1" else []
        found = [(n, part) for n, each in enumerate(there) if (part := each.intersect(asked))]
        if what == "spans":
            spans = [{"start": self.told(part.start), "end": self.told(part.end)} for _, part in found]
            return json_reply({"spans": spans})
        host = request.header("host")
        files = [
            {
                "uri": f"http://{host}/media/{n}",
                "first_frame": self.told(there[n].start),
                "start": self.told(there[n].start),
                "end": self.told(there[n].end),
            }
            for n, _ in found
        ]
        return json_reply({"files": files})

    def _holds(self, request: Request, handle: list[str]) -> Reply:
        if request.method == "DELETE":
            return json_reply({"released": self.holds.pop(handle[0], None) is not None})
        if request.method == "PUT":
            held = [{"start": self.told(each.start), "end": self.told(each.end)} for each in self.films]
            self.holds.setdefault(handle[0], {"handle": handle[0], "held": held})
            return json_reply(self.holds[handle[0]])
        return json_reply({"holds": list(self.holds.values())})
