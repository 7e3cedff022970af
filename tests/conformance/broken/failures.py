"""Adapters that tell failures in other words, leave the host, keep connections or show secrets."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import httpx

from adapters.contract.errors import AdapterError, Malformed, Refused, TryLater, Unreachable
from adapters.contract.models import (
    CameraRecord,
    FootageMessage,
    Interval,
    Rejection,
    SegmentData,
    SegmentEnd,
    SegmentStart,
)
from adapters.contract.options import parse_options
from adapters.contract.protocol import AdapterContext, AdapterFactory
from adapters.transport.answers import as_shape
from adapters.transport.config import HttpOptions
from tests.conformance.sound.adapter import Files, SoundAdapter, options_and_context

Answer = TypeVar("Answer")
LOG = logging.getLogger(__name__)


class Retelling(SoundAdapter):
    """Tells every failure of listing as one and the same."""

    told: type[Exception] = Malformed

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        try:
            async for item in super().list_cameras():
                yield item
        except AdapterError as error:
            raise self.told("it did not work") from error


def retelling(told: type[Exception]) -> AdapterFactory:
    """Whatever happens, the adapter says this."""

    class Telling(Retelling):
        pass

    Telling.told = told
    return making(Telling)


def making(kind: type[SoundAdapter]) -> AdapterFactory:
    def create(options: dict[str, Any], context: AdapterContext) -> SoundAdapter:
        return kind(*options_and_context(options, context))

    return create


class Emptying(SoundAdapter):
    """Takes a failure for a network without cameras."""

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        with suppress(AdapterError):
            async for item in super().list_cameras():
                yield item


class Undelayed(SoundAdapter):
    """Loses when to come back."""

    async def _ask(self, shape: Any, path: str, **params: str | int) -> Any:
        try:
            return await super()._ask(shape, path, **params)
        except TryLater as error:
            raise type(error)(error.message) from error


class Patient(SoundAdapter):
    """Waits for as long as it takes, whatever is configured."""

    def __init__(self, options: HttpOptions, context: AdapterContext) -> None:
        for_ever = {"read_timeout_s": 3600, "call_timeout_s": 3600}
        super().__init__(options.model_copy(update=for_ever), context)


class Retrying(SoundAdapter):
    """Asks a silent recorder again and again."""

    async def _ask(self, shape: Any, path: str, **params: str | int) -> Any:
        for _ in range(4):
            with suppress(TryLater):
                return await super()._ask(shape, path, **params)
        return await super()._ask(shape, path, **params)


class Unguarded(SoundAdapter):
    """Goes its own way to the recorder: follows every redirect, trusts every certificate, closes nothing."""

    def __init__(self, options: HttpOptions, context: AdapterContext) -> None:
        super().__init__(options, context)
        known = options.credentials(context.base_dir)
        assert known is not None
        self._own = httpx.AsyncClient(
            base_url=options.url,
            auth=httpx.BasicAuth(known.username, known.password),
            follow_redirects=True,
            verify=False,  # noqa: S501 - that is what is wrong with it
            timeout=5,
            trust_env=False,
        )

    async def _ask(self, shape: Any, path: str, **params: str | int) -> Any:
        try:
            answer = await self._own.get(path, params=params)
            answer.raise_for_status()
            return as_shape(shape, answer.json(), path)
        except httpx.HTTPError as error:
            raise Unreachable("the recorder cannot be reached") from error

    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        start, end = str(interval).split("/")
        path = f"/cameras/{native_id.replace(' ', '%20')}/files"
        answer: Files = await self._ask(Files, path, start=start, end=end)
        for file in answer.files:
            try:
                data = (await self._own.get(file.uri)).content
            except httpx.HTTPError as error:
                raise Unreachable("the recorder cannot be reached") from error
            yield SegmentStart(name="a", container="mp4", starts_at=file.first_frame, valid=file.interval())
            yield SegmentData(data=data)
            yield SegmentEnd(size=len(data))

    async def aclose(self) -> None:
        await self._own.aclose()
        await super().aclose()


class Bewildered(SoundAdapter):
    """Knows no word for an address that leads elsewhere."""

    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        try:
            async for message in super().open_footage(native_id, interval, hold):
                yield message
        except Malformed as error:
            raise ValueError("what is that?") from error


class DistrustsOwner(SoundAdapter):
    """Knows no authority but the machine's."""

    def __init__(self, options: HttpOptions, context: AdapterContext) -> None:
        super().__init__(options.model_copy(update={"ca_file": None}), context)


class InBackground(SoundAdapter):
    """Asks in tasks of its own that nobody stops."""

    async def _alone(self, work: Awaitable[Answer]) -> Answer:
        return await asyncio.shield(asyncio.ensure_future(work))

    async def _ask(self, shape: Any, path: str, **params: str | int) -> Any:
        return await self._alone(super()._ask(shape, path, **params))


class Prefetching(SoundAdapter):
    """Reads footage ahead in a task of its own that nobody stops."""

    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        ahead: asyncio.Queue[FootageMessage | None] = asyncio.Queue(1)

        async def read() -> None:
            with suppress(AdapterError):
                async for message in SoundAdapter.open_footage(self, native_id, interval, hold):
                    await ahead.put(message)
            await ahead.put(None)

        READING.append(asyncio.ensure_future(read()))
        while (message := await ahead.get()) is not None:
            yield message


READING: list[asyncio.Task[None]] = []
"""Tasks that go on for ever; `tests` end them."""


class Stubborn(SoundAdapter):
    """Takes a cancellation for the end of the list."""

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        try:
            async for item in super().list_cameras():
                yield item
        except asyncio.CancelledError:
            return


class LeavesOpen(SoundAdapter):
    async def aclose(self) -> None:
        LEFT_OPEN.append(self)


LEFT_OPEN: list[SoundAdapter] = []
"""Kept, so that no collector closes for them; `tests` close them in the end."""


class OneListing(SoundAdapter):
    """Goes on with the listing that was left."""

    def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        self._at = getattr(self, "_at", 0)
        return self._rest()

    async def _rest(self) -> AsyncIterator[CameraRecord | Rejection]:
        items = [item async for item in SoundAdapter.list_cameras(self)]
        while self._at < len(items):
            self._at += 1
            yield items[self._at - 1]


class Talkative(SoundAdapter):
    """Logs with what it signs in, at the lowest level."""

    def __init__(self, options: HttpOptions, context: AdapterContext) -> None:
        super().__init__(options, context)
        LOG.debug("signing in as %s", vars(options.credentials(context.base_dir)))


class ShowsItself(SoundAdapter):
    def __init__(self, options: HttpOptions, context: AdapterContext) -> None:
        super().__init__(options, context)
        self._known = options.credentials(context.base_dir)

    def __repr__(self) -> str:
        return f"ShowsItself(password={self._known.password if self._known else None})"


class ShowsInErrors(SoundAdapter):
    def __init__(self, options: HttpOptions, context: AdapterContext) -> None:
        super().__init__(options, context)
        self._read = lambda: options.credentials(context.base_dir)

    async def _ask(self, shape: Any, path: str, **params: str | int) -> Any:
        try:
            return await super()._ask(shape, path, **params)
        except Refused as error:
            raise Refused(f"the recorder refuses {vars(self._read())}") from error


class Renames(SoundAdapter):
    """Takes whatever happens for a recorder that is away."""

    async def _guarded(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            return await call()
        except AdapterError:
            raise
        except Exception as error:
            raise Unreachable("the recorder cannot be reached") from error

    async def _ask(self, shape: Any, path: str, **params: str | int) -> Any:
        return await self._guarded(lambda: SoundAdapter._ask(self, shape, path, **params))


class Swallows(SoundAdapter):
    """Takes a bug for the end of the list."""

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        with suppress(Exception):
            async for item in super().list_cameras():
                yield item


def wrong_options(options: dict[str, Any], context: AdapterContext) -> SoundAdapter:
    """Does not read the option that names the authority."""
    without = {key: value for key, value in options.items() if key != "ca_file"}
    return DistrustsOwner(parse_options(HttpOptions, without), context)
