"""A simulated Milestone XProtect API Gateway: its identity provider, its cameras and its evidence locks, in the form of
real answers of XProtect 2023. No footage: the real interface has none either."""

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.contract.models import CameraRecord

ALIKE: Final = uuid.UUID("5f1f7290-b39c-4e2c-b704-28b07dfe3162")
"""Ids of cameras follow from their names, so that they are the same after a restart."""
FIRST_DAY: Final = "0001-01-01T00:00:00.0000000"


@dataclass(frozen=True)
class MilestoneSetup:
    """`lists_locks`: some versions give evidence locks by their id alone."""

    cameras: tuple[CameraRecord, ...]
    now: Callable[[], datetime]
    user: str = "entrevue"
    password: str = "entrevue"  # noqa: S105 (a simulated system's)
    token_lasts: timedelta = timedelta(hours=1)
    lists_locks: bool = True


def camera_id(native_id: str) -> str:
    return str(uuid.uuid5(ALIKE, native_id))


def camera_object(record: CameraRecord) -> dict[str, Any]:
    """A camera as the gateway describes it; what is unknown is 0 or empty, as XProtect fills it in."""
    identifier = camera_id(record.native_id)
    view = record.views[0] if record.views else None
    heading_deg, fov_deg, range_m = (view.heading_deg, view.fov_deg, view.range_m) if view else (None,) * 3
    position = record.position
    return {
        "displayName": record.name,
        "enabled": True,
        "id": identifier,
        "name": record.name,
        "channel": 0,
        "description": "",
        "createdDate": FIRST_DAY,
        "lastModified": "2026-01-05T08:20:21.2570000Z",
        "gisPoint": f"POINT ({position.lon} {position.lat})" if position else "POINT EMPTY",
        "shortName": record.native_id,
        "icon": 0,
        "coverageDirection": str((heading_deg or 0) / 360),
        "coverageDepth": str(range_m or 0),
        "coverageFieldOfView": str((fov_deg or 0) / 360),
        "recordingFramerate": "5",
        "recordKeyframesOnly": False,
        "recordOnRelatedDevices": True,
        "recordingEnabled": "not recorded" not in record.tags,
        "prebufferEnabled": True,
        "prebufferInMemory": True,
        "prebufferSeconds": 3,
        "edgeStorageEnabled": False,
        "edgeStoragePlaybackEnabled": False,
        "manualRecordingTimeoutEnabled": True,
        "manualRecordingTimeoutMinutes": 5,
        "recordingStorage": {"type": "storages", "id": str(uuid.uuid5(ALIKE, "storage"))},
        "relations": {
            "parent": {"type": "hardware", "id": str(uuid.uuid5(ALIKE, f"hardware {record.native_id}"))},
            "self": {"type": "cameras", "id": identifier},
        },
    }


class SimulatedMilestone:
    def __init__(self, setup: MilestoneSetup) -> None:
        self._setup = setup
        self.cameras = {camera_id(each.native_id): camera_object(each) for each in setup.cameras}
        self.locks: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, datetime] = {}
        self._numbers = itertools.count(1)
        api = "/api/rest/v1"
        self.app = Starlette(
            routes=[
                Route("/API/IDP/connect/token", self._token, methods=["POST"]),
                Route(f"{api}/cameras", self._guarded(self._list_cameras)),
                Route(f"{api}/cameras/{{id}}", self._guarded(self._camera)),
                Route(f"{api}/evidenceLocks", self._guarded(self._evidence_locks), methods=["GET", "POST"]),
                Route(f"{api}/evidenceLocks/{{id}}", self._guarded(self._lock), methods=["GET", "DELETE"]),
            ]
        )

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        wanted = {
            "grant_type": "password",
            "client_id": "GrantValidatorClient",
            "username": self._setup.user,
            "password": self._setup.password,
        }
        if form != wanted:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        token = str(uuid.uuid5(ALIKE, f"token {next(self._numbers)}"))
        self.tokens[token] = self._setup.now() + self._setup.token_lasts
        lasts_s = round(self._setup.token_lasts.total_seconds())
        told = {
            "access_token": token,
            "expires_in": lasts_s,
            "token_type": "Bearer",
            "scope": "managementserver",
        }
        return JSONResponse(told)

    def _guarded(self, answer: Any) -> Any:
        async def guarded(request: Request) -> Response:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            ends = self.tokens.get(token)
            if ends is None or ends <= self._setup.now():
                return _problem(401, "Unauthorized")
            answered: Response = await answer(request)
            return answered

        return guarded

    async def _list_cameras(self, request: Request) -> Response:
        return _page(request, list(self.cameras.values()))

    async def _camera(self, request: Request) -> Response:
        return _one(self.cameras.get(request.path_params["id"]))

    async def _evidence_locks(self, request: Request) -> Response:
        if request.method == "GET":
            if not self._setup.lists_locks:
                return _problem(400, "Bad request: Unknown request")
            return _page(request, list(self.locks.values()))
        body = await request.json()
        if any(path["id"] not in self.cameras for path in body["devicePaths"]):
            return _problem(400, "Bad request: unknown device")
        identifier, at = (
            str(uuid.uuid5(ALIKE, f"lock {next(self._numbers)}")),
            self._setup.now().isoformat().replace("+00:00", "Z"),
        )
        self.locks[identifier] = {
            **body,
            "id": identifier,
            "created": at,
            "lastModified": at,
            "user": self._setup.user,
            "retentionExpire": "9999-12-31T22:59:59.9999999Z",
            "retentionSize": 4_566_237_677,
            "relations": {"self": {"type": "evidenceLocks", "id": identifier}},
        }
        return JSONResponse({"result": self.locks[identifier]}, status_code=201)

    async def _lock(self, request: Request) -> Response:
        found = self.locks.get(request.path_params["id"])
        if request.method == "DELETE" and found is not None:
            del self.locks[found["id"]]
            return JSONResponse({})
        return _one(found)


def _page(request: Request, items: list[dict[str, Any]]) -> Response:
    page, size = (
        int(request.query_params.get(name, default)) for name, default in (("page", 0), ("size", 100))
    )
    return JSONResponse({"array": items[page * size : (page + 1) * size]})


def _one(found: dict[str, Any] | None) -> Response:
    return _problem(404, "Not found") if found is None else JSONResponse({"data": found})


def _problem(status: int, text: str) -> Response:
    return JSONResponse({"error": {"httpCode": status, "details": [{"errorText": text}]}}, status_code=status)
