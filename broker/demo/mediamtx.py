"""A simulated MediaMTX over the demo's recordings: its control API and its playback server, as their published
OpenAPI documents have them and as MediaMTX 1.x behaves where those are silent.

Times are written with the offset of `zone`, as a server writes its own; gaps of up to a second are joined; a listing
is cut to its window; `/get` ends at the first gap and knows no byte ranges.
"""

import base64
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from broker.demo.recorded import RecordedFile, RecordedFiles
from broker.demo.remux import spliced

JOINED: Final = timedelta(seconds=1)
ONLINE: Final = timedelta(seconds=30)
"""A camera whose newest frame is older than this has lost its source."""
RECORD_PATH: Final = "./recordings/%path/%Y-%m-%d_%H-%M-%S-%f"
VERSION: Final = "v1.15.0"


@dataclass(frozen=True)
class MediaMtxSetup:
    """What is configured. `paths` exist besides those that have recordings; `password` None lets everybody in."""

    recordings: Path
    delete_after: timedelta
    now: Callable[[], datetime]
    paths: tuple[str, ...] = ()
    zone: tzinfo = UTC
    user: str = "entrevue"
    password: str | None = None


@dataclass(frozen=True)
class _Span:
    files: tuple[RecordedFile, ...]

    @property
    def start(self) -> datetime:
        return self.files[0].start

    @property
    def end(self) -> datetime:
        return self.files[-1].end


def spans_of(files: Sequence[RecordedFile]) -> list[_Span]:
    """Files that follow each other within a second are one span."""
    spans: list[_Span] = []
    for file in files:
        if spans and abs(file.start - spans[-1].end) <= JOINED:
            spans[-1] = _Span((*spans[-1].files, file))
        else:
            spans.append(_Span((file,)))
    return spans


class SimulatedMediaMtx:
    """Two applications, as the real one listens on two ports."""

    def __init__(self, setup: MediaMtxSetup) -> None:
        self._setup = setup
        self._files = RecordedFiles(setup.recordings)
        guarded = [Middleware(_BasicAuthentication, setup=setup)]
        self.control = Starlette(
            routes=[
                Route("/v3/info", self._info),
                Route("/v3/paths/list", self._paths),
                Route("/v3/paths/get/{name:path}", self._path),
                Route("/v3/config/paths/list", self._configured),
                Route("/v3/config/paths/get/{name:path}", self._configured_path),
                Route("/v3/recordings/list", self._recordings),
                Route("/v3/recordings/get/{name:path}", self._recording),
            ],
            middleware=guarded,
        )
        self.playback = Starlette(
            routes=[Route("/list", self._list), Route("/get", self._get)], middleware=guarded
        )

    def _names(self) -> tuple[str, ...]:
        return tuple(sorted({*self._setup.paths, *self._files.cameras()}))

    def _text(self, instant: datetime) -> str:
        return instant.astimezone(self._setup.zone).isoformat().replace("+00:00", "Z")

    async def _info(self, request: Request) -> Response:
        return JSONResponse({"version": VERSION, "started": self._text(self._setup.now())})

    async def _paths(self, request: Request) -> Response:
        return await run_in_threadpool(lambda: _page(request, [self._state(name) for name in self._names()]))

    async def _path(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in await run_in_threadpool(self._names):
            return _error(404, "path not found")
        return JSONResponse(await run_in_threadpool(self._state, name))

    def _state(self, name: str) -> dict[str, Any]:
        files = self._files.of(name)
        online = bool(files) and self._setup.now() - files[-1].end <= ONLINE
        since = self._text(files[-1].start) if online else None
        size = {"width": files[-1].width, "height": files[-1].height} if files else {}
        codec = {"codec": "H264", "codecProps": {**size, "profile": "High", "level": "2.1"}}
        return {
            "name": name,
            "confName": name,
            "source": {"type": "rtspSource", "id": ""} if online else None,
            "ready": online,
            "readyTime": since,
            "available": online,
            "availableTime": since,
            "online": online,
            "onlineTime": since,
            "tracks": ["H264"] if online else [],
            "tracks2": [codec] if online else [],
            "inboundBytes": sum(file.size for file in files),
            "outboundBytes": 0,
            "inboundFramesInError": 0,
            "bytesReceived": sum(file.size for file in files),
            "bytesSent": 0,
            "readers": [],
        }

    async def _configured(self, request: Request) -> Response:
        names = await run_in_threadpool(self._names)
        confs = [
            self._conf("all_others", "publisher"),
            *(self._conf(name, f"rtsp://{name}") for name in names),
        ]
        return _page(request, confs)

    async def _configured_path(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in await run_in_threadpool(self._names):
            return _error(404, "path configuration not found")
        return JSONResponse(self._conf(name, f"rtsp://{name}"))

    def _conf(self, name: str, source: str) -> dict[str, Any]:
        hours = self._setup.delete_after / timedelta(hours=1)
        return {
            "name": name,
            "source": source,
            "sourceOnDemand": False,
            "record": True,
            "recordPath": RECORD_PATH,
            "recordFormat": "fmp4",
            "recordPartDuration": "1s",
            "recordMaxPartSize": "50M",
            "recordSegmentDuration": "1m0s",
            "recordDeleteAfter": f"{hours:.0f}h0m0s",
        }

    async def _recordings(self, request: Request) -> Response:
        def listed() -> Response:
            return _page(request, [self._recorded(name) for name in self._names() if self._files.of(name)])

        return await run_in_threadpool(listed)

    async def _recording(self, request: Request) -> Response:
        recorded = await run_in_threadpool(self._recorded, request.path_params["name"])
        return JSONResponse(recorded) if recorded["segments"] else _error(404, "no recording segments found")

    def _recorded(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "segments": [{"start": self._text(file.start)} for file in self._files.of(name)],
        }

    async def _list(self, request: Request) -> Response:
        path = request.query_params.get("path", "")
        try:
            start, end = (_instant(request.query_params.get(name)) for name in ("start", "end"))
        except ValueError as error:
            return _error(400, str(error))
        if path not in await run_in_threadpool(self._names):
            return _error(400, "path is not configured")
        entries = []
        for span in spans_of(await run_in_threadpool(self._files.of, path)):
            first = max(span.start, start) if start else span.start
            last = min(span.end, end) if end else span.end
            if first < last:
                entries.append(self._entry(request, path, first, (last - first).total_seconds()))
        return JSONResponse(entries) if entries else _error(404, "no recording segments found")

    def _entry(self, request: Request, path: str, start: datetime, duration_s: float) -> dict[str, Any]:
        text = self._text(start)
        url = request.url.replace(path="/get").include_query_params(
            path=path, start=text, duration=duration_s
        )
        return {"start": text, "duration": duration_s, "url": str(url.remove_query_params("end"))}

    async def _get(self, request: Request) -> Response:
        query = request.query_params
        try:
            start, duration_s = _instant(query.get("start")), float(query.get("duration", ""))
        except ValueError as error:
            return _error(400, str(error))
        if start is None or query.get("format", "fmp4") not in {"fmp4", "mp4"}:
            return _error(400, "start or format is not right")
        files = await run_in_threadpool(self._files.of, query.get("path", ""))
        holding = [span for span in spans_of(files) if span.start <= start < span.end]
        if not holding:
            return _error(404, "no recording segments found")
        clip = self._clip(holding[0].files, start, duration_s)
        return StreamingResponse(clip, media_type="video/mp4", headers={"Accept-Ranges": "none"})

    def _clip(self, files: Sequence[RecordedFile], start: datetime, duration_s: float) -> Iterator[bytes]:
        end = start + timedelta(seconds=duration_s)
        return spliced([file for file in files if file.end > start and file.start < end], start, duration_s)


class _BasicAuthentication(BaseHTTPMiddleware):
    def __init__(self, app: Any, setup: MediaMtxSetup) -> None:
        super().__init__(app)
        self._wanted = None
        if setup.password is not None:
            pair = base64.b64encode(f"{setup.user}:{setup.password}".encode())
            self._wanted = f"Basic {pair.decode()}"

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        given = request.headers.get("authorization", "")
        if self._wanted is not None and not secrets.compare_digest(given, self._wanted):
            refused = _error(401, "authentication error")
            refused.headers["WWW-Authenticate"] = 'Basic realm="mediamtx"'
            return refused
        return await call_next(request)


def _page(request: Request, items: list[dict[str, Any]]) -> Response:
    try:
        number = int(request.query_params.get("page", "0"))
        size = int(request.query_params.get("itemsPerPage", "100"))
    except ValueError:
        return _error(400, "page and itemsPerPage are numbers")
    if number < 0 or size < 1:
        return _error(400, "page and itemsPerPage are positive")
    shown = items[number * size : (number + 1) * size]
    return JSONResponse({"pageCount": -(-len(items) // size), "itemCount": len(items), "items": shown})


def _instant(text: str | None) -> datetime | None:
    """RFC 3339 with an offset, None where nothing is given."""
    if not text:
        return None
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} names no offset")
    return instant.astimezone(UTC)


def _error(status: int, text: str) -> Response:
    return JSONResponse({"status": "error", "error": text}, status_code=status)
