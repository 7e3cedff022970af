"""A token is asked for once, renewed in time, and once more where the recorder forgot it."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract.errors import Misconfigured, Refused, Unreachable
from adapters.contract.options import parse_options
from adapters.transport.sessions import Session, SignInOptions, Token


class Recorder:
    """Hands out numbered tokens that last an hour and knows the last one only."""

    def __init__(self, lasts: timedelta | None = timedelta(hours=1)) -> None:
        self.now = datetime(2026, 6, 15, 12, tzinfo=UTC)
        self.signed_in = 0
        self.lasts = lasts
        self.session = Session(self.sign_in, lambda: self.now)
        self.has_forgotten = False

    async def sign_in(self) -> Token:
        await asyncio.sleep(0)
        self.signed_in += 1
        self.has_forgotten = False
        return Token(f"token {self.signed_in}", self.lasts)

    async def call(self, token: str | None) -> str:
        if self.has_forgotten or token != f"token {self.signed_in}":
            raise Refused("who are you?")
        return f"done with {token}"

    async def stream(self, token: str | None) -> AsyncGenerator[str, None]:
        yield await self.call(token)
        yield "more"


async def test_many_calls_share_one_token() -> None:
    recorder = Recorder()
    answers = await asyncio.gather(*(recorder.session.use(recorder.call) for _ in range(5)))
    assert set(answers) == {"done with token 1"}
    assert recorder.signed_in == 1


async def test_a_token_is_renewed_before_it_ends() -> None:
    recorder = Recorder()
    await recorder.session.use(recorder.call)
    recorder.now += timedelta(minutes=54)
    assert await recorder.session.use(recorder.call) == "done with token 1"
    recorder.now += timedelta(minutes=2)
    assert await recorder.session.use(recorder.call) == "done with token 2"


async def test_a_token_that_the_recorder_forgot_is_asked_for_once_more() -> None:
    recorder = Recorder(lasts=None)
    await recorder.session.use(recorder.call)
    recorder.has_forgotten = True
    answers = await asyncio.gather(*(recorder.session.use(recorder.call) for _ in range(3)))
    assert set(answers) == {"done with token 2"}
    recorder.has_forgotten = True
    assert [each async for each in recorder.session.stream(recorder.stream)] == ["done with token 3", "more"]


async def test_a_recorder_that_refuses_for_good_is_asked_twice() -> None:
    recorder = Recorder()
    calls: list[str | None] = []

    async def refusing(token: str | None) -> None:
        calls.append(token)
        raise Refused("not you")

    with pytest.raises(Refused):
        await recorder.session.use(refusing)
    assert calls == ["token 1", "token 2"]


async def test_a_stream_that_has_begun_is_not_begun_again() -> None:
    recorder = Recorder()

    async def breaking(token: str | None) -> AsyncGenerator[str, None]:
        yield "first"
        raise Refused("enough")

    pieces = []
    with pytest.raises(Refused):
        async for piece in recorder.session.stream(breaking):
            pieces.append(piece)
    assert pieces == ["first"] and recorder.signed_in == 1


async def test_a_failed_sign_in_is_tried_again_at_the_next_call() -> None:
    answers: list[Token | Exception] = [Unreachable("down"), Token("late")]

    async def sign_in() -> Token:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    session = Session(sign_in, lambda: datetime(2026, 6, 15, tzinfo=UTC))

    async def call(token: str | None) -> str | None:
        return token

    with pytest.raises(Unreachable):
        await session.use(call)
    assert await session.use(call) == "late"


async def test_where_nobody_signs_in_there_is_no_token() -> None:
    async def nobody() -> None:
        return None

    async def refusing(token: str | None) -> None:
        assert token is None
        raise Refused("sign in")

    session = Session(nobody, lambda: datetime(2026, 6, 15, tzinfo=UTC))
    with pytest.raises(Refused):
        await session.use(refusing)


def test_a_token_is_never_shown() -> None:
    assert "s3cret" not in repr(Token("s3cret"))


def test_a_password_is_sent_over_http_only_where_the_owner_allows_it() -> None:
    given = {"url": "http://nvr", "username": "a", "password": {"env": "P"}}
    with pytest.raises(Misconfigured, match="url"):
        parse_options(SignInOptions, given)
    assert parse_options(SignInOptions, {**given, "auth": "basic"}).username == "a"
    assert parse_options(SignInOptions, {**given, "url": "https://nvr"}).username == "a"
    assert parse_options(SignInOptions, {"url": "http://nvr"}).username is None
