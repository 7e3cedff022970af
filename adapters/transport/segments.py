"""A download as a segment of footage. Owns that a segment is announced only once its recorder has begun to send
it, so that what is gone or refused never leaves a torn one behind."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from adapters.contract.errors import NotFound
from adapters.contract.models import FootageMessage, SegmentData, SegmentEnd, SegmentStart


async def segment(
    start: SegmentStart, chunks: AsyncGenerator[bytes, None]
) -> AsyncGenerator[FootageMessage, None]:
    """The messages of one file. Nothing where the recorder says that the file has gone, or sends none of it."""
    async with aclosing(chunks):
        size = 0
        try:
            chunk = await anext(chunks, b"")
        except NotFound:
            return
        while chunk:
            if size == 0:
                yield start
            size += len(chunk)
            yield SegmentData(data=chunk)
            chunk = await anext(chunks, b"")
        if size:
            yield SegmentEnd(size=size)
