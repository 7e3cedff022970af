"""A ZoneMinder of which everything is known, for what the real one cannot be brought to: hours that repeat, answers
that are damaged. It says what the real one, which the adapter's own tests start, was seen to say."""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

TOKEN = "a-token-of-a-simulated-recorder"
_CONDITION = re.compile(r"(\w+)( [<>]=?)?:(.*)")


@dataclass
class Recorded:
    """One closed event of a monitor."""

    monitor: int
    start: datetime
    length: timedelta
    file: Path


@dataclass
class SimulatedZoneMinder:
    """`monitors` are numbered from 1; the last one has a source that never answers."""

    monitors: Sequence[str]
    recorded: Sequence[Recorded]
    zone: ZoneInfo
    now: Callable[[], datetime]
    password: str
    picture: bytes
    events: dict[int, dict[str, Any]] = field(default_factory=dict)
    files: dict[int, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, event in zip(itertools.count(1), sorted(self.recorded, key=lambda each: each.start)):
            self.files[number] = event.file
            self.events[number] = {
                "Id": number,
                "MonitorId": event.monitor,
                "StartDateTime": self._told(event.start),
                "EndDateTime": self._told(event.start + event.length),
                "Length": f"{event.length.total_seconds():.2f}",
                "DefaultVideo": f"{number}-video.mp4",
                "Archived": 0,
                "Notes": "",
            }
        self.app = Starlette(
            routes=[
                Route("/zm/api/host/login.json", self._login, methods=["POST"]),
                Route("/zm/api/host/getTimeZone.json", self._signed_in(self._zone)),
                Route("/zm/api/monitors.json", self._signed_in(self._monitors)),
                Route("/zm/api/monitors/{number}.json", self._signed_in(self._one_monitor)),
                Route("/zm/api/events/index/{conditions:path}.json", self._signed_in(self._index)),
                Route("/zm/api/events/{number:int}.json", self._signed_in(self._edit), methods=["PUT"]),
                Route("/zm/index.php", self._page),
                Route("/zm/cgi-bin/nph-zms", self._signed_in(self._stream)),
            ]
        )

    def _told(self, instant: datetime) -> str:
        return instant.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    async def _login(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form != {"user": "entrevue", "pass": self.password}:
            return _refusal(401, "Login denied")
        return JSONResponse({"access_token": TOKEN, "access_token_expires": 7200, "version": "1.36.33"})

    def _signed_in(self, answer: Any) -> Any:
        async def guarded(request: Request) -> Response:
            if request.query_params.get("token") != TOKEN:
                return _refusal(401, "Not Authenticated")
            answered: Response = await answer(request)
            return answered

        return guarded

    async def _zone(self, request: Request) -> Response:
        return JSONResponse({"tz": self.zone.key})

    def _monitor(self, number: int) -> dict[str, Any]:
        captures = number < len(self.monitors)
        state = (
            {"Status": "Connected", "CaptureFPS": "10.00"}
            if captures
            else {"Status": "Running", "CaptureFPS": "0.00"}
        )
        facts = {
            "Id": number,
            "Name": self.monitors[number - 1],
            "Function": "Record",
            "Width": 64,
            "Height": 48,
            "Controllable": 0,
            "Latitude": "48.88090000" if captures else None,
            "Longitude": f"2.355{number}0000" if captures else None,
        }
        return {"Monitor": facts, "Monitor_Status": {"MonitorId": number, **state}}

    async def _monitors(self, request: Request) -> Response:
        return JSONResponse({"monitors": [self._monitor(number + 1) for number in range(len(self.monitors))]})

    async def _one_monitor(self, request: Request) -> Response:
        text = request.path_params["number"]
        if not text.isdigit() or not 1 <= int(text) <= len(self.monitors):
            return _refusal(404, "Invalid monitor")
        return JSONResponse({"monitor": self._monitor(int(text))})

    async def _index(self, request: Request) -> Response:
        fitting = sorted(self.events.values(), key=lambda event: event["Id"])
        for condition in request.path_params["conditions"].split("/"):
            found = _CONDITION.fullmatch(condition)
            if found is None:
                return _refusal(400, "Bad condition")
            fitting = [event for event in fitting if _fits(event[found[1]], found[2], found[3])]
        limit = min(100, int(request.query_params["limit"]))
        return JSONResponse({"events": [{"Event": event} for event in fitting[:limit]]})

    async def _edit(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        event = self.events.get(request.path_params["number"])
        if event is None:
            return _refusal(404, "Invalid event")
        event |= {"Archived": int(form["Event[Archived]"]), "Notes": form["Event[Notes]"]}
        return JSONResponse({"message": "Saved"})

    async def _page(self, request: Request) -> Response:
        if request.query_params.get("view") != "view_video":
            return Response("<html>sign in</html>", media_type="text/html")
        if request.query_params.get("token") != TOKEN:
            return RedirectResponse("/zm/index.php?view=login")
        file = self.files.get(int(request.query_params["eid"]))
        return Response(b"") if file is None else FileResponse(file, media_type="video/mp4")

    async def _stream(self, request: Request) -> Response:
        headers = {"Last-Modified": format_datetime(self.now(), usegmt=True)}
        return Response(self.picture, media_type="image/jpeg", headers=headers)


def _fits(value: Any, comparison: str | None, wanted: str) -> bool:
    left, right = (value, int(wanted)) if isinstance(value, int) else (str(value), wanted)
    compare: dict[str | None, Callable[[Any, Any], bool]] = {
        None: lambda one, other: one == other,
        " >": lambda one, other: one > other,
        " >=": lambda one, other: one >= other,
        " <=": lambda one, other: one <= other,
    }
    return compare[comparison](left, right)


def _refusal(status: int, message: str) -> Response:
    """As CakePHP words it, the address with its token included."""
    told = {"name": message, "message": message, "url": f"/zm/api?token={TOKEN}"}
    return JSONResponse({"success": False, "data": told}, status_code=status)
