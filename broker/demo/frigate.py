"""A simulated Frigate over the demo's recordings: the calls of its published OpenAPI document that adapters need, as
Frigate 0.17 behaves where the document is silent.

Clips take every file that touches the interval, its ends included, cut at whole seconds, and join them over any gap.
A segment that is still being recorded is not listed. An export is a file of its own, made after the call that orders
it; it stays when the recordings are erased, and is known again after a restart. A camera without new frames answers an
old picture and says so in a header.
"""

import math
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

import av
import cv2
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from broker.demo.frigate_exports import Export, Exports
from broker.demo.recorded import RecordedFile, RecordedFiles
from broker.demo.remux import Piece, chained

ONLINE: Final = timedelta(seconds=30)
DAY_S: Final = 86_400
BEFORE_US: Final = 500_000
"""A picture is looked for from so long before its instant on: reordering shifts frames by less."""


@dataclass(frozen=True)
class FrigateSetup:
    """What is configured. `cameras` exist besides those that have recordings; `password` None lets everybody in.
    `exports` is a folder outside the recordings."""

    recordings: Path
    exports: Path
    retention: timedelta
    now: Callable[[], datetime]
    cameras: tuple[str, ...] = ()
    user: str = "entrevue"
    password: str | None = None


class SimulatedFrigate:
    def __init__(self, setup: FrigateSetup) -> None:
        self._setup = setup
        self._files = RecordedFiles(setup.recordings)
        self._exports = Exports(setup.exports, self._exported_film)
        self.token = "a-session-of-a-simulated-recorder"  # noqa: S105
        self.app = Starlette(
            routes=[
                Route("/api/login", self._login, methods=["POST"]),
                Route("/api/config", self._config),
                Route("/api/stats", self._stats),
                Route("/api/{camera}/latest.jpg", self._latest),
                Route("/api/{camera}/recordings", self._recordings),
                Route("/api/{camera}/recordings/{at:float}/snapshot.jpg", self._snapshot),
                Route("/api/{camera}/start/{start:float}/end/{end:float}/clip.mp4", self._clip),
                Route(
                    "/api/export/{camera}/start/{start:float}/end/{end:float}", self._export, methods=["POST"]
                ),
                Route("/api/exports", self._list_exports),
                Route("/api/exports/delete", self._delete_exports, methods=["POST"]),
                Route("/api/jobs/export", self._list_jobs),
                Route("/exports/{file}", self._exported),
            ],
            middleware=[Middleware(_Doorman, simulated=self)],
        )

    @property
    def setup(self) -> FrigateSetup:
        return self._setup

    def _cameras(self) -> tuple[str, ...]:
        return tuple(sorted({*self._setup.cameras, *self._files.cameras()}))

    async def _login(self, request: Request) -> Response:
        given = await request.json()
        right = _alike(str(given.get("password")), self._setup.password or "")
        if given.get("user") != self._setup.user or not right:
            return _failure(401, "Login failed")
        answer = JSONResponse({})
        answer.set_cookie("frigate_token", self.token, httponly=True, max_age=DAY_S)
        return answer

    async def _config(self, request: Request) -> Response:
        names = await run_in_threadpool(self._cameras)
        return JSONResponse({"cameras": {name: self._camera_config(name) for name in names}})

    def _camera_config(self, name: str) -> dict[str, Any]:
        days = self._setup.retention / timedelta(days=1)
        return {
            "name": name,
            "friendly_name": None,
            "enabled": True,
            "detect": {"enabled": True, "width": 640, "height": 360, "fps": 5},
            "record": {"enabled": True, "continuous": {"days": days}, "motion": {"days": 0}},
            "onvif": {"host": ""},
        }

    async def _stats(self, request: Request) -> Response:
        def told() -> dict[str, Any]:
            fps = {name: 5.0 if self._is_online(name) else 0.0 for name in self._cameras()}
            return {
                "cameras": {name: {"camera_fps": each, "process_fps": each} for name, each in fps.items()}
            }

        return JSONResponse(await run_in_threadpool(told))

    def _is_online(self, camera: str) -> bool:
        files = self._files.of(camera)
        return bool(files) and self._setup.now() - files[-1].end <= ONLINE

    async def _latest(self, request: Request) -> Response:
        camera = request.path_params["camera"]
        if camera not in await run_in_threadpool(self._cameras):
            return _failure(404, "Camera not found")

        def taken() -> Response:
            files = self._files.of(camera)
            if not files:
                return _failure(500, "Unable to get valid frame")
            headers = {} if self._is_online(camera) else {"X-Frigate-Offline": "true"}
            return Response(_picture(files[-1], files[-1].end), media_type="image/jpeg", headers=headers)

        return await run_in_threadpool(taken)

    async def _snapshot(self, request: Request) -> Response:
        at = datetime.fromtimestamp(request.path_params["at"], UTC)

        def taken() -> Response:
            for file in self._files.of(request.path_params["camera"]):
                if file.start <= at <= file.end:
                    return Response(_picture(file, at), media_type="image/jpeg")
            return _failure(404, "Recording not found")

        return await run_in_threadpool(taken)

    async def _recordings(self, request: Request) -> Response:
        hour_ago = self._setup.now().timestamp() - 3600
        try:
            after = float(request.query_params.get("after", hour_ago))
            before = float(request.query_params.get("before", hour_ago + 3600))
        except ValueError:
            return JSONResponse({"detail": []}, status_code=422)
        files = await run_in_threadpool(self._finished, request.path_params["camera"])
        found = [file for file in files if file.end.timestamp() >= after and file.start.timestamp() <= before]
        return JSONResponse([_segment(file) for file in found])

    def _finished(self, camera: str) -> Sequence[RecordedFile]:
        files = self._files.of(camera)
        grows = bool(files) and files[-1].may_grow and self._setup.now() - files[-1].end <= ONLINE
        return files[:-1] if grows else files

    def _touching(self, camera: str, start: float, end: float) -> list[RecordedFile]:
        files = [(file, file.start.timestamp(), file.end.timestamp()) for file in self._finished(camera)]
        return [
            file
            for file, first, last in files
            if start <= first <= end or start <= last <= end or (start > first and end < last)
        ]

    def _pieces(self, camera: str, start: float, end: float) -> list[Piece]:
        return [
            Piece(
                file,
                inpoint_s=max(0, math.floor(start - file.start.timestamp())),
                outpoint_s=math.floor(end - file.start.timestamp()) if file.end.timestamp() > end else None,
            )
            for file in self._touching(camera, start, end)
        ]

    async def _clip(self, request: Request) -> Response:
        params = request.path_params
        pieces = await run_in_threadpool(self._pieces, params["camera"], params["start"], params["end"])
        if not pieces:
            return _failure(400, "No recordings found for the specified time range")
        return StreamingResponse(chained(pieces), media_type="video/mp4")

    async def _export(self, request: Request) -> Response:
        params, body = request.path_params, await request.json()
        if params["camera"] not in await run_in_threadpool(self._cameras):
            return _failure(404, f"{params['camera']} is not a valid camera.")
        start, end = float(int(params["start"])), float(int(params["end"]))
        if not await run_in_threadpool(self._touching, params["camera"], start, end):
            return _failure(400, "No recordings found for time range")
        at = self._setup.now().timestamp()
        identifier = self._exports.order(params["camera"], body.get("name"), start, end, at)
        told = {"success": True, "message": "Export queued.", "export_id": identifier, "status": "queued"}
        return JSONResponse(told)

    def _exported_film(self, export: Export) -> Iterator[bytes]:
        """Read from Frigate's own playlists, which leave out what is shorter than a frame."""
        pieces = self._pieces(export.camera, export.start, export.end)
        return chained(
            [each for each in pieces if each.file.end.timestamp() > export.start and each.outpoint_s != 0]
        )

    async def _list_jobs(self, request: Request) -> Response:
        return JSONResponse(await self._exports.jobs())

    async def _list_exports(self, request: Request) -> Response:
        return JSONResponse(self._exports.listing())

    async def _delete_exports(self, request: Request) -> Response:
        if not self._exports.delete((await request.json())["ids"]):
            return _failure(404, "One or more exports not found.")
        return JSONResponse({"success": True, "message": "Successfully deleted exports."})

    async def _exported(self, request: Request) -> Response:
        path = self._exports.file(request.path_params["file"])
        return _failure(404, "Not found") if path is None else FileResponse(path, media_type="video/mp4")


class _Doorman(BaseHTTPMiddleware):
    """Tells the recorder's time, and who may come in."""

    def __init__(self, app: Any, simulated: SimulatedFrigate) -> None:
        super().__init__(app)
        self._simulated = simulated

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        setup = self._simulated.setup
        given = request.cookies.get("frigate_token", "")
        if (
            setup.password is not None
            and request.url.path != "/api/login"
            and not _alike(given, self._simulated.token)
        ):
            answer: Response = Response(status_code=401)
        else:
            answer = await call_next(request)
        answer.headers["Date"] = format_datetime(setup.now().astimezone(UTC), usegmt=True)
        return answer


def _segment(file: RecordedFile) -> dict[str, Any]:
    start, end = file.start.timestamp(), file.end.timestamp()
    return {
        "id": f"{start}-{file.path.parent.name}",
        "start_time": start,
        "end_time": end,
        "segment_size": round(file.size / 2**20, 2),
        "motion": 0,
        "objects": 0,
        "duration": end - start,
    }


def _picture(file: RecordedFile, at: datetime) -> bytes:
    """The last frame before the instant, as JPEG."""
    shown: av.VideoFrame | None = None
    with av.open(str(file.path)) as container:
        before_us = round((at - file.start).total_seconds() * 1_000_000) - BEFORE_US
        if before_us > 0:
            container.seek(before_us, backward=True)
        for frame in container.decode(video=0):
            if shown is not None and file.start + timedelta(seconds=frame.time or 0) >= at:
                break
            shown = frame
    if shown is None:
        return b""
    _, encoded = cv2.imencode(".jpg", shown.to_ndarray(format="bgr24"))
    return encoded.tobytes()


def _alike(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())


def _failure(status: int, message: str) -> Response:
    return JSONResponse({"success": False, "message": message}, status_code=status)
