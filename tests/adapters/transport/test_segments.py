"""A download becomes a segment once it has begun."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract.errors import AdapterError, NotFound, Unreachable
from adapters.contract.models import FootageMessage, Interval, SegmentData, SegmentEnd, SegmentStart
from adapters.transport.segments import segment

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
START = SegmentStart(
    name="a", container="mp4", starts_at=NOON, valid=Interval(start=NOON, end=NOON + timedelta(minutes=1))
)


async def sent(*chunks: bytes, failure: AdapterError | None = None) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk
    if failure is not None:
        raise failure


async def test_what_is_sent_is_announced_counted_and_closed() -> None:
    messages = [each async for each in segment(START, sent(b"ab", b"c"))]
    assert messages == [START, SegmentData(data=b"ab"), SegmentData(data=b"c"), SegmentEnd(size=3)]


@pytest.mark.parametrize("chunks", [sent(), sent(failure=NotFound("gone"))])
async def test_what_has_gone_is_never_announced(chunks: AsyncGenerator[bytes, None]) -> None:
    assert [each async for each in segment(START, chunks)] == []


async def test_a_refusal_comes_before_anything_is_announced() -> None:
    messages: list[FootageMessage] = []
    with pytest.raises(Unreachable):
        async for message in segment(START, sent(failure=Unreachable("no"))):
            messages.append(message)
    assert messages == []


async def test_a_download_that_breaks_off_is_never_closed_as_whole() -> None:
    messages = []
    with pytest.raises(NotFound):
        async for message in segment(START, sent(b"ab", failure=NotFound("gone"))):
            messages.append(message)
    assert messages == [START, SegmentData(data=b"ab")]
