"""From a replay's pictures to the contract's segments. Owns which GOPs belong to what was asked, and where one file
ends and the next begins: where the codec's parameters change."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from typing import Final

from adapters.contract.errors import Malformed, TooLarge
from adapters.contract.models import FootageMessage, Interval, SegmentData, SegmentEnd, SegmentStart
from adapters.onvif.fragments import FragmentWriter, Picture
from adapters.onvif.models import Piece
from adapters.onvif.replay import ReplayStream, never_arrived

GOP_BYTES: Final = 256 * 1024 * 1024


class SegmentMaker:
    """Turns the pictures of one piece's replay into messages; feed it by `take`, finish it by `end`.

    A segment counts up to its piece's end, and begins with the key frame that is needed for its start.
    """

    def __init__(self, piece: Piece, wanted: Interval) -> None:
        self._piece = piece
        self._wanted = wanted
        self._stream: ReplayStream | None = None
        self._parameters: tuple[bytes, ...] = ()
        self._writer: FragmentWriter | None = None
        self._group: list[Picture] = []
        self._group_bytes = 0
        self._sent_bytes = 0
        self._found_any = False

    def take(self, item: ReplayStream | Picture) -> list[FootageMessage]:
        """What can be sent after this item."""
        if isinstance(item, ReplayStream):
            self._stream, self._parameters = item, item.parameter_sets
            return []
        messages: list[FootageMessage] = []
        if item.unit.is_key:
            # a GOP is of use only if the next one begins after what is wanted has begun
            if self._group and item.at > self._wanted.start:
                messages = self._send_group()
            self._group, self._group_bytes = [], 0
        elif not self._group:
            return []  # before the first key frame nothing can be decoded
        self._group.append(item)
        self._group_bytes += sum(map(len, item.unit.units))
        if self._group_bytes > GOP_BYTES:
            raise TooLarge(f"recording {self._piece.recording}: no key frame within {GOP_BYTES} bytes")
        return messages

    def end(self) -> list[FootageMessage]:
        """The last GOP and the segment's end. `TryLater` where nothing came of what the recorder holds."""
        messages = self._send_group() if self._group else []
        messages += self._close()
        if not self._found_any:
            raise never_arrived(f"recording {self._piece.recording} at {self._wanted}")
        return messages

    def _send_group(self) -> list[FootageMessage]:
        if min(picture.at for picture in self._group) >= self._wanted.end:
            return []
        messages: list[FootageMessage] = []
        parameters = self._parameters_in_group()
        if self._writer is not None and parameters and parameters != self._parameters:
            messages += self._close()
        self._parameters = parameters or self._parameters
        if self._writer is None:
            messages.append(self._open())
        return messages + self._data(self._running().add(self._group))

    def _open(self) -> SegmentStart:
        if self._stream is None:
            raise Malformed(f"recording {self._piece.recording}: its video is not described")
        self._writer = FragmentWriter(self._stream.codec, self._parameters, self._group)
        self._sent_bytes = 0
        self._found_any = True
        begins = self._writer.starts_at
        return SegmentStart(
            name=segment_name(begins),
            container="mp4",
            starts_at=begins,
            valid=Interval(start=max(begins, self._piece.interval.start), end=self._piece.interval.end),
        )

    def _close(self) -> list[FootageMessage]:
        if self._writer is None:
            return []
        messages = self._data(self._writer.close())
        self._writer = None
        return [*messages, SegmentEnd(size=self._sent_bytes)]

    def _running(self) -> FragmentWriter:
        if self._writer is None:
            raise RuntimeError("a segment is written before it is begun")
        return self._writer

    def _data(self, data: bytes) -> list[FootageMessage]:
        self._sent_bytes += len(data)
        return [SegmentData(data=data)] if data else []

    def _parameters_in_group(self) -> tuple[bytes, ...]:
        """The parameter sets that the GOP's key frame carries itself."""
        is_h265 = self._stream is not None and self._stream.codec == "h265"
        return tuple(
            unit
            for unit in self._group[0].unit.units
            if (32 <= unit[0] >> 1 & 0x3F <= 34 if is_h265 else unit[0] & 0x1F in {7, 8})
        )


def segment_name(begins: datetime) -> str:
    return begins.astimezone(UTC).strftime("replay_%Y-%m-%d_%H-%M-%S-%f.mp4")


async def messages_of(
    pictures: AsyncIterator[ReplayStream | Picture], piece: Piece, wanted: Interval
) -> AsyncGenerator[FootageMessage, None]:
    """One piece's segments, as its replay arrives."""
    maker = SegmentMaker(piece, wanted)
    async for item in pictures:
        for message in maker.take(item):
            yield message
    for message in maker.end():
        yield message
