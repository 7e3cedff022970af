"""The calls of ZoneMinder's API and pages that the adapter makes. Owns signing in, filters in paths, and that an
answer is what was asked for: ZoneMinder answers 200 with a page for much that has failed.

Events are listed by their number, each call from the last one on: pages by offset would skip what a purge moves.
"""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote

from pydantic import BaseModel, Field

from adapters.contract.errors import Malformed, Misconfigured
from adapters.contract.models import Snapshot
from adapters.transport.credentials import Credentials
from adapters.transport.http import GuardedClient, path_segment
from adapters.transport.sessions import Session, Token

PAGE_EVENTS: Final = 100
"""As many as the API gives at once."""
PICTURE_BYTES: Final = 32 * 1024 * 1024
LISTING_BYTES: Final = 64 * 1024 * 1024


class SignedIn(BaseModel):
    token: str | None = Field(default=None, alias="access_token")
    lasts_s: float | None = Field(default=None, alias="access_token_expires", gt=0)


class MonitorList(BaseModel):
    monitors: list[Any]


class OneMonitor(BaseModel):
    monitor: Any


class EventList(BaseModel):
    events: list[Any]


class Zone(BaseModel):
    tz: str = Field(min_length=1)


class ZoneMinderClient:
    """One server, as one user; `credentials` None where it lets everybody in."""

    def __init__(
        self,
        http: GuardedClient,
        credentials: Credentials | None,
        streaming_path: str,
        now: Callable[[], datetime],
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._streaming_path = streaming_path
        self._session = Session(self._sign_in, now)

    def __repr__(self) -> str:
        return f"ZoneMinderClient({self._http!r})"

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _sign_in(self) -> Token | None:
        if self._credentials is None:
            return None
        form = {"user": self._credentials.username, "pass": self._credentials.password}
        answer = await self._http.post("/api/host/login.json", form=form)
        signed_in = answer.shaped(SignedIn)
        if signed_in.token is None:
            raise Misconfigured(
                f"{answer.call} gave no token: does ZoneMinder sign in its users (OPT_USE_AUTH)?"
            )
        lasts = None if signed_in.lasts_s is None else timedelta(seconds=signed_in.lasts_s)
        return Token(signed_in.token, lasts)

    async def _get(self, path: str, shape: type[Any], **params: str | int) -> Any:
        async def call(token: str | None) -> Any:
            asked = params if token is None else {**params, "token": token}
            answer = await self._http.get(path, params=asked, max_bytes=LISTING_BYTES)
            return answer.shaped(shape)

        return await self._session.use(call)

    async def time_zone(self) -> str:
        """The zone in which this server tells times."""
        zone: Zone = await self._get("/api/host/getTimeZone.json", Zone)
        return zone.tz

    async def monitors(self) -> list[Any]:
        listed: MonitorList = await self._get("/api/monitors.json", MonitorList)
        return listed.monitors

    async def monitor(self, monitor: str) -> Any:
        """`NotFound` where there is none."""
        found: OneMonitor = await self._get(f"/api/monitors/{path_segment(monitor)}.json", OneMonitor)
        return found.monitor

    async def events(self, *conditions: str) -> AsyncGenerator[Any, None]:
        """Every event that fits the conditions (`MonitorId:1`, `EndDateTime >=:2026-06-15 14:00:00`), by number."""
        last = 0
        while True:
            path = "/".join(quote(condition, safe=":=") for condition in (*conditions, f"Id >:{last}"))
            page: EventList = await self._get(
                f"/api/events/index/{path}.json", EventList, limit=PAGE_EVENTS, sort="Id", direction="asc"
            )
            for event in page.events:
                yield event
            numbers = [_number(event) for event in page.events]
            if len(numbers) < PAGE_EVENTS:
                return
            if max(numbers) <= last:
                raise Malformed("ZoneMinder answers the same events again")
            last = max(numbers)

    async def set_event(self, event: int, archived: bool, notes: str) -> None:
        """Never by the call `archive`, which toggles."""

        async def call(token: str | None) -> None:
            await self._http.call(
                "PUT",
                f"/api/events/{event}.json",
                params=None if token is None else {"token": token},
                form={"Event[Archived]": "1" if archived else "0", "Event[Notes]": notes},
            )

        await self._session.use(call)

    def clip(self, event: int) -> AsyncGenerator[bytes, None]:
        """The event's file, whole."""

        def opened(token: str | None) -> AsyncGenerator[bytes, None]:
            asked: dict[str, str | int] = {"view": "view_video", "eid": event}
            return self._http.download(
                "/index.php",
                params=asked if token is None else {**asked, "token": token},
                media_types=("video/mp4", "video/x-matroska"),
            )

        return self._session.stream(opened)

    async def picture(self, monitor: str) -> Snapshot:
        """What the monitor captured last, at the time that the recorder tells. Of one that does not capture it is a
        picture of an error: ask whether it does before."""

        async def call(token: str | None) -> Snapshot:
            asked: dict[str, str | int] = {"mode": "single", "monitor": monitor}
            answer = await self._http.get(
                self._streaming_path,
                params=asked if token is None else {**asked, "token": token},
                max_bytes=PICTURE_BYTES,
            )
            return Snapshot(
                native_id=monitor,
                captured_at=_http_date(answer.headers.get("last-modified")),
                media_type="image/jpeg",
                data=answer.content("image/jpeg"),
            )

        return await self._session.use(call)


def _number(event: Any) -> int:
    try:
        return int(event["Event"]["Id"])
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed("ZoneMinder lists an event without a number") from error


def _http_date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
