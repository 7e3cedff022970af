"""The simulated recorder itself: which call gets which answer. Answers by its own clock; its files are in UTC."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from itertools import count
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from adapters.contract.models import Interval
from broker.demo.profile_g import answers
from broker.demo.profile_g.answers import Change
from broker.demo.profile_g.http_server import HttpAnswer, HttpRequest, HttpServer
from broker.demo.profile_g.models import DeviceOrder, RecordedChannel
from broker.demo.profile_g.rtsp_server import LIVE_PATH, REPLAY_PATH, ReplayServer
from broker.demo.profile_g.signing import Gate, local_name
from broker.demo.profile_g.tape import Tape

SERVICE_PATH: Final = "/onvif/device_service"
PICTURE_PATH: Final = "/snapshot/"
SOAP: Final = {"Content-Type": "application/soap+xml; charset=utf-8"}
LONGEST_WAIT_S: Final = 30.0
OPEN_CALLS: Final = frozenset({"GetSystemDateAndTime"})
"""ONVIF's class PRE_AUTH: what must be known before one can sign in."""


class _Fault(Exception):
    """A call that fails, by the codes of ONVIF's faults."""

    def __init__(self, *codes: str, reason: str) -> None:
        super().__init__(reason)
        self.content = answers.fault(*codes, reason=reason)


@dataclass
class _Search:
    """Results that have not been fetched."""

    left: list[str] = field(default_factory=list)


class SimulatedRecorder:
    """One device with an HTTP and an RTSP port. `now` is true UTC."""

    def __init__(self, order: DeviceOrder, now: Callable[[], datetime]) -> None:
        self._order = order
        self._now = now
        self._tapes = {channel.token: Tape(channel.folder) for channel in order.channels}
        self._gate = Gate(order)
        self._http = HttpServer(self._handle, order.http_port)
        self._replay = ReplayServer(order, self._tapes)
        self._searches: dict[str, _Search] = {}
        self._numbers = count(1)
        self._subscriptions: dict[str, asyncio.Queue[str]] = {}
        self.is_listened_to = asyncio.Event()

    async def start(self) -> None:
        await self._http.start()
        await self._replay.start()

    async def stop(self) -> None:
        await self._http.stop()
        await self._replay.stop()

    @property
    def url(self) -> str:
        """The device service."""
        return f"http://127.0.0.1:{self._http.port}{SERVICE_PATH}"

    @property
    def rtsp_port(self) -> int:
        return self._replay.port

    @property
    def subscriptions(self) -> int:
        """How many pull points are open."""
        return len(self._subscriptions)

    def notify(self, topic: str, token: str, state: bool) -> None:
        """Tells everybody who listens that a state of a video source has changed."""
        told = answers.notification(topic, token, state, self._device_now())
        for queue in self._subscriptions.values():
            queue.put_nowait(told)

    def _device_now(self) -> datetime:
        return self._now() + self._order.clock_offset

    async def _handle(self, request: HttpRequest) -> HttpAnswer:
        if request.method == "GET" and request.target.startswith(PICTURE_PATH):
            return await self._picture(request)
        try:
            root = fromstring(request.body, forbid_dtd=True)
            body = next(each for each in root if local_name(each) == "Body")
            asked = body[0]
        except (ParseError, DefusedXmlException, StopIteration, IndexError):
            return HttpAnswer(400, answers.envelope(answers.fault("Sender", reason="no SOAP")), SOAP)
        name = local_name(asked)
        if name not in OPEN_CALLS and not self._gate.allows(request, root, self._device_now()):
            return self._refused()
        try:
            return HttpAnswer(200, answers.envelope(await self._answer(name, asked, request.target)), SOAP)
        except _Fault as fault:
            return HttpAnswer(400, answers.envelope(fault.content), SOAP)

    def _refused(self) -> HttpAnswer:
        challenge = self._gate.challenge
        if challenge is not None:
            return HttpAnswer(401, headers={"WWW-Authenticate": challenge})
        return HttpAnswer(
            400,
            answers.envelope(answers.fault("Sender", "NotAuthorized", reason="Sender not authorized")),
            SOAP,
        )

    async def _picture(self, request: HttpRequest) -> HttpAnswer:
        if not self._gate.allows(request, None, self._device_now()):
            return self._refused()
        tape = self._tapes.get(request.target.removeprefix(PICTURE_PATH).removesuffix(".jpg"))
        picture = None if tape is None else await asyncio.to_thread(tape.newest_picture)
        if picture is None:
            return HttpAnswer(404)
        data, shown_at = picture
        stamp = format_datetime(shown_at + self._order.clock_offset, usegmt=True)
        return HttpAnswer(200, data, {"Content-Type": "image/jpeg", "Last-Modified": stamp})

    async def _answer(self, name: str, asked: Element, target: str) -> str:
        given = {local_name(each): (each.text or "").strip() for each in asked.iter()}
        channels = self._order.channels
        match name:
            case "GetSystemDateAndTime":
                return answers.response(answers.DEVICE, name, answers.clock(self._device_now()))
            case "GetServices":
                return answers.response(answers.DEVICE, name, answers.services(self.url))
            case "GetGeoLocation":
                return answers.response(answers.DEVICE, name, answers.locations(channels))
            case "GetProfiles":
                return answers.response(answers.MEDIA2, name, answers.profiles(channels))
            case "GetStreamUri":
                channel = self._channel(given.get("ProfileToken", "").removeprefix("profile-"), "NoProfile")
                uri = f"<Uri>rtsp://127.0.0.1:{self.rtsp_port}{LIVE_PATH}{channel.token}</Uri>"
                return answers.response(answers.MEDIA2, name, uri)
            case "GetSnapshotUri":
                channel = self._channel(given.get("ProfileToken", "").removeprefix("profile-"), "NoProfile")
                port = self._http.port
                uri = f"<Uri>http://127.0.0.1:{port}{PICTURE_PATH}{channel.token}.jpg</Uri>"
                return answers.response(answers.MEDIA2, name, uri)
            case "GetRecordings":
                told = answers.recordings(channels, self._order.retention)
                return answers.response(answers.RECORDING, name, told)
            case "GetReplayUri":
                channel = self._channel(self._recorded(given.get("RecordingToken", "")), "NoRecording")
                uri = f"<Uri>rtsp://127.0.0.1:{self.rtsp_port}{REPLAY_PATH}{channel.token}</Uri>"
                return answers.response(answers.REPLAY, name, uri)
            case "FindRecordings" | "FindEvents":
                return await self._begin_search(name, asked, given)
            case "GetRecordingSearchResults" | "GetEventSearchResults":
                return self._results(name, given)
            case "EndSearch":
                self._searches.pop(given.get("SearchToken", ""), None)
                return answers.response(answers.SEARCH, name, "")
            case "CreatePullPointSubscription" | "PullMessages" | "Renew" | "Unsubscribe":
                return await self._listen(name, given, target)
        raise _Fault("Receiver", "ActionNotSupported", reason="Optional action not implemented")

    def _channel(self, token: str, code: str) -> RecordedChannel:
        for channel in self._order.channels:
            if channel.token == token:
                return channel
        raise _Fault("Sender", "InvalidArgVal", code, reason="There is no such thing")

    @staticmethod
    def _recorded(token: str) -> str:
        return token.removeprefix("recording-")

    async def _begin_search(self, name: str, asked: Element, given: dict[str, str]) -> str:
        included = [
            self._recorded((each.text or "").strip())
            for each in asked.iter()
            if local_name(each) == "IncludedRecordings"
        ]
        channels = [each for each in self._order.channels if not included or each.token in included]
        sections = {each.token: await self._sections(each) for each in channels}
        if name == "FindRecordings":
            found = [
                answers.recording_information(each, sections[each.token])
                for each in channels
                if sections[each.token]
            ]
        else:
            start, end = (datetime.fromisoformat(given[point]) for point in ("StartPoint", "EndPoint"))
            changes = [
                change
                for each in channels
                for change in changes_within(each.token, sections[each.token], start, end)
            ]
            found = [answers.change(each) for each in sorted(changes, key=lambda each: each.at)]
        token = f"search-{next(self._numbers)}"
        self._searches[token] = _Search(found)
        return answers.response(answers.SEARCH, name, f"<SearchToken>{token}</SearchToken>")

    async def _sections(self, channel: RecordedChannel) -> tuple[Interval, ...]:
        """Footage by the recorder's clock."""
        offset = self._order.clock_offset
        return tuple(
            each.shift(offset) for each in await asyncio.to_thread(self._tapes[channel.token].sections)
        )

    def _results(self, name: str, given: dict[str, str]) -> str:
        search = self._searches.get(given.get("SearchToken", ""))
        if search is None:
            raise _Fault("Sender", "InvalidArgVal", "InvalidToken", reason="There is no such search")
        most = min(self._order.page_size, int(given.get("MaxResults") or self._order.page_size))
        page, search.left = search.left[:most], search.left[most:]
        return answers.response(answers.SEARCH, name, answers.results(page, complete=not search.left))

    async def _listen(self, name: str, given: dict[str, str], target: str) -> str:
        if name == "CreatePullPointSubscription":
            path = f"/onvif/subscription/{next(self._numbers)}"
            self._subscriptions[path] = asyncio.Queue()
            self.is_listened_to.set()
            address = f"http://127.0.0.1:{self._http.port}{path}"
            reference = f"<SubscriptionReference><wsa:Address>{address}</wsa:Address></SubscriptionReference>"
            return answers.response(answers.EVENTS, name, reference)
        queue = self._subscriptions.get(target)
        if queue is None:
            raise _Fault("Sender", "ResourceUnknownFault", reason="There is no such subscription")
        if name == "Unsubscribe":
            del self._subscriptions[target]
        told = await _waited(queue, given.get("Timeout", "")) if name == "PullMessages" else []
        return answers.response(answers.EVENTS, name, "".join(told))


async def _waited(queue: "asyncio.Queue[str]", timeout_text: str) -> list[str]:
    """What has happened, or happens within the time that the caller waits."""
    digits = timeout_text.removeprefix("PT").removesuffix("S")
    wait_s = min(LONGEST_WAIT_S, float(digits) if digits.isdigit() else LONGEST_WAIT_S)
    told: list[str] = []
    try:
        async with asyncio.timeout(wait_s):
            told.append(await queue.get())
    except TimeoutError:
        return told
    while not queue.empty():
        told.append(queue.get_nowait())
    return told


def changes_within(token: str, sections: Sequence[Interval], start: datetime, end: datetime) -> list[Change]:
    """How a track stood at the start, and every change until the end."""
    at_start = any(each.start <= start < each.end for each in sections)
    found = [Change(token, start, at_start, is_start_state=True)]
    for each in sections:
        if start < each.start < end:
            found.append(Change(token, each.start, is_present=True))
        if start < each.end < end:
            found.append(Change(token, each.end, is_present=False))
    return found
