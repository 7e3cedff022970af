"""A recorder's session for those that want a token instead of a password with each call. Owns when it is asked for:
once for many calls, again before it ends, and once more where the recorder has forgotten it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self, TypeVar

from pydantic import model_validator

from adapters.contract.errors import Refused
from adapters.transport.config import HttpOptions

RENEWED_BEFORE: Final = timedelta(minutes=5)
T = TypeVar("T")


class SignInOptions(HttpOptions):
    """For recorders that are sent the password to sign in."""

    @model_validator(mode="after")
    def _keeps_the_password(self) -> Self:
        if self.username is not None and self.url.startswith("http:") and self.auth != "basic":
            raise ValueError(
                "url: signing in over http shows the password on the way: use https, or allow it by auth = 'basic'"
            )
        return self


@dataclass(frozen=True)
class Token:
    """`lasts` is None where the recorder does not say."""

    value: str = field(repr=False)
    lasts: timedelta | None = None


class Session:
    """`sign_in` asks for a token; None where the recorder wants nobody to sign in, and is told so once."""

    def __init__(self, sign_in: Callable[[], Awaitable[Token | None]], now: Callable[[], datetime]) -> None:
        self._sign_in = sign_in
        self._now = now
        self._token: Token | None = None
        self._ends: datetime | None = None
        self._is_signed_in = False
        self._signing_in = asyncio.Lock()

    async def use(self, call: Callable[[str | None], Awaitable[T]]) -> T:
        """What the call answers, which is given the token; asked twice where the recorder knows it no longer."""
        token = await self._current(None)
        try:
            return await call(token.value if token else None)
        except Refused:
            if token is None:
                raise
        renewed = await self._current(token)
        return await call(renewed.value if renewed else None)

    async def stream(
        self, open_stream: Callable[[str | None], AsyncGenerator[T, None]]
    ) -> AsyncGenerator[T, None]:
        """As `use`, for what comes in pieces: only before the first is it asked twice."""
        token = await self._current(None)
        has_begun = False
        try:
            async with aclosing(open_stream(token.value if token else None)) as pieces:
                async for piece in pieces:
                    has_begun = True
                    yield piece
                return
        except Refused:
            if token is None or has_begun:
                raise
        renewed = await self._current(token)
        async with aclosing(open_stream(renewed.value if renewed else None)) as pieces:
            async for piece in pieces:
                yield piece

    async def _current(self, refused: Token | None) -> Token | None:
        """The token, a new one where there is none, it ends soon, or it is the one that was refused."""
        async with self._signing_in:
            ends_soon = self._ends is not None and self._now() >= self._ends - RENEWED_BEFORE
            if not self._is_signed_in or ends_soon or (refused is not None and refused is self._token):
                self._is_signed_in = False
                self._token = await self._sign_in()
                lasts = self._token.lasts if self._token is not None else None
                self._ends = None if lasts is None else self._now() + max(lasts, 2 * RENEWED_BEFORE)
                self._is_signed_in = True
            return self._token
