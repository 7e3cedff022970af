"""The calls of Frigate's API that the adapter makes. Owns signing in, addresses, and how seconds are written; what an
answer means is decided in `mapping`."""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final, TypeVar

from pydantic import BaseModel, Field

from adapters.contract.errors import Malformed, NotFound
from adapters.transport.credentials import Credentials
from adapters.transport.http import GuardedClient, path_segment
from adapters.transport.sessions import Session, Token

LISTING_BYTES: Final = 64 * 1024 * 1024
PICTURE_BYTES: Final = 32 * 1024 * 1024
EXPORT_PREFIX: Final = "/media/frigate/exports/"
T = TypeVar("T")


class Configuration(BaseModel):
    cameras: dict[str, Any]


class Statistics(BaseModel):
    cameras: dict[str, Any] = Field(default_factory=dict)


class Recorded(BaseModel):
    """One recorded segment; seconds since 1970."""

    start_time: float = Field(allow_inf_nan=False)
    end_time: float = Field(allow_inf_nan=False)


class Export(BaseModel):
    id: str = Field(min_length=1)
    camera: str
    name: str
    video_path: str
    in_progress: bool


class Job(BaseModel):
    id: str
    camera: str
    name: str | None = None


class Started(BaseModel):
    success: bool
    message: str


class Picture(BaseModel):
    """`is_current` False: the camera is offline and this is an old picture, or one of an error."""

    data: bytes = Field(repr=False)
    answered_at: datetime | None
    is_current: bool


class FrigateClient:
    """One server, as one user; `credentials` None where it lets everybody in."""

    def __init__(
        self,
        http: GuardedClient,
        credentials: Credentials | None,
        cookie_name: str,
        now: Callable[[], datetime],
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._cookie_name = cookie_name
        self._session = Session(self._sign_in, now)

    def __repr__(self) -> str:
        return f"FrigateClient({self._http!r})"

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _sign_in(self) -> Token | None:
        if self._credentials is None:
            return None
        body = {"user": self._credentials.username, "password": self._credentials.password}
        answer = await self._http.post("/api/login", json=body)
        try:
            cookies = SimpleCookie(answer.headers.get("set-cookie", ""))
        except CookieError:
            cookies = SimpleCookie()
        if self._cookie_name not in cookies:
            raise Malformed(
                f"{answer.call} set no cookie {self._cookie_name}: say by cookie_name how it is called"
            )
        return Token(cookies[self._cookie_name].value)

    def _headers(self, token: str | None) -> dict[str, str]:
        return {} if token is None else {"Cookie": f"{self._cookie_name}={token}"}

    async def _get(self, path: str, shape: type[T], **params: float) -> T:
        async def call(token: str | None) -> T:
            answer = await self._http.get(
                path, params=params or None, headers=self._headers(token), max_bytes=LISTING_BYTES
            )
            return answer.shaped(shape)

        return await self._session.use(call)

    async def _post(self, path: str, shape: type[T], body: Any) -> T:
        async def call(token: str | None) -> T:
            return (await self._http.post(path, json=body, headers=self._headers(token))).shaped(shape)

        return await self._session.use(call)

    async def configuration(self) -> Configuration:
        return await self._get("/api/config", Configuration)

    async def statistics(self) -> Statistics:
        return await self._get("/api/stats", Statistics)

    async def recordings(self, camera: str, after_s: float, before_s: float) -> list[Recorded]:
        """Segments that touch the interval, ends included, in order. Of an unknown camera there are none."""
        path = f"/api/{path_segment(camera)}/recordings"
        return await self._get(path, list[Recorded], after=after_s, before=before_s)

    async def latest(self, camera: str) -> Picture:
        path = f"/api/{path_segment(camera)}/latest.jpg"
        return await self._picture(path)

    async def recorded_picture(self, camera: str, at_s: float) -> Picture:
        """The frame that was recorded at the instant."""
        path = f"/api/{path_segment(camera)}/recordings/{at_s:.3f}/snapshot.jpg"
        return await self._picture(path)

    async def _picture(self, path: str) -> Picture:
        async def call(token: str | None) -> Picture:
            answer = await self._http.get(path, headers=self._headers(token), max_bytes=PICTURE_BYTES)
            return Picture(
                data=answer.content("image/jpeg"),
                answered_at=_http_date(answer.headers.get("date")),
                is_current=answer.headers.get("x-frigate-offline", "").lower() != "true",
            )

        return await self._session.use(call)

    def clip(self, camera: str, start_s: float, end_s: float) -> AsyncGenerator[bytes, None]:
        path = f"/api/{path_segment(camera)}/start/{start_s:.6f}/end/{end_s:.6f}/clip.mp4"
        return self._download(path)

    def exported(self, export: Export) -> AsyncGenerator[bytes, None]:
        """The file of an export. Its folder is served beside the API, as Frigate's own pages fetch it."""
        if not export.video_path.startswith(EXPORT_PREFIX):
            raise NotFound(f"export {export.id} lies where Frigate does not serve it")
        return self._download(f"/exports/{path_segment(export.video_path.removeprefix(EXPORT_PREFIX))}")

    def _download(self, path: str) -> AsyncGenerator[bytes, None]:
        return self._session.stream(
            lambda token: self._http.download(path, headers=self._headers(token), media_types=("video/mp4",))
        )

    async def exports(self) -> list[Export]:
        return await self._get("/api/exports", list[Export])

    async def jobs(self) -> list[Job]:
        """Exports that are queued or being made."""
        return await self._get("/api/jobs/export", list[Job])

    async def export(self, camera: str, start_s: int, end_s: int, name: str) -> Started:
        path = f"/api/export/{path_segment(camera)}/start/{start_s}/end/{end_s}"
        return await self._post(path, Started, {"source": "recordings", "name": name})

    async def delete_exports(self, ids: list[str]) -> None:
        """All or none: `NotFound` where one of them has gone."""
        await self._post("/api/exports/delete", Started, {"ids": ids})


def _http_date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
