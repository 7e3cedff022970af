"""From RTP packets to whole pictures of H.264 (RFC 6184) and H.265 (RFC 7798), their NAL units byte for byte.

Owns where a picture ends and that nothing is missing in it. Interleaved packetisation, which recorders do not
use, is refused.
"""

from dataclasses import dataclass, field
from typing import Final

from adapters.contract.errors import Malformed, TooLarge, TryLater
from adapters.transport.rtp import ReplayMark, RtpPacket

PICTURE_BYTES: Final = 32 * 1024 * 1024
START_CODE: Final = b"\x00\x00\x00\x01"


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture. `mark` is the recorder's word on it, None in a live stream."""

    units: tuple[bytes, ...] = field(repr=False)
    timestamp: int
    mark: ReplayMark | None
    is_key: bool

    @property
    def data(self) -> bytes:
        """The units as a byte stream with start codes (Annex B)."""
        return b"".join(START_CODE + unit for unit in self.units)


class Depacketizer:
    """Puts one stream's pictures together. `codec` is `h264` or `h265`."""

    def __init__(self, codec: str) -> None:
        if codec not in {"h264", "h265"}:
            raise Malformed(f"video of the codec {codec} cannot be put together here, only h264 and h265")
        self._is_h265 = codec == "h265"
        self._units: list[bytes] = []
        self._fragments: list[bytes] = []
        self._size = 0
        self._timestamp: int | None = None
        self._mark: ReplayMark | None = None
        self._next_sequence: int | None = None

    def take(self, packet: RtpPacket) -> AccessUnit | None:
        """Adds a packet; returns the picture before it once that is complete.

        `TryLater` where a packet is missing: over a connection none is lost, so the sender left it out.
        """
        if self._next_sequence not in {None, packet.sequence}:
            raise TryLater("the recorder left packets out of its stream")
        self._next_sequence = (packet.sequence + 1) & 0xFFFF
        finished = self.flush() if self._begins_picture(packet) else None
        self._timestamp = packet.timestamp
        self._mark = _merged(self._mark, packet.mark)
        if packet.payload:
            self._unpack(packet.payload)
        return finished

    def flush(self) -> AccessUnit | None:
        """The picture in work, at a stream's end."""
        if self._fragments:
            raise Malformed("a picture of the stream breaks off")
        units, self._units, self._size = tuple(self._units), [], 0
        mark, self._mark = self._mark, None
        if not units or self._timestamp is None:
            return None
        return AccessUnit(units, self._timestamp, mark, any(map(self._is_key_unit, units)))

    def _begins_picture(self, packet: RtpPacket) -> bool:
        if self._timestamp is None or packet.timestamp != self._timestamp:
            return True
        return self._mark is not None and packet.mark is not None and packet.mark.at != self._mark.at

    def _is_key_unit(self, unit: bytes) -> bool:
        return 16 <= unit[0] >> 1 & 0x3F <= 21 if self._is_h265 else unit[0] & 0x1F == 5

    def _unpack(self, payload: bytes) -> None:
        header = 2 if self._is_h265 else 1
        if len(payload) < header:
            raise Malformed("a packet of the stream is too short for its codec")
        kind = payload[0] >> 1 & 0x3F if self._is_h265 else payload[0] & 0x1F
        if kind == (49 if self._is_h265 else 28):
            self._add_fragment(payload, header)
        elif self._fragments:
            raise Malformed("a picture of the stream breaks off")
        elif kind == (48 if self._is_h265 else 24):
            self._add_aggregate(payload[header:])
        elif kind > (47 if self._is_h265 else 23) or (kind == 0 and not self._is_h265):
            raise Malformed(f"the stream is packed in a way that is not known here (type {kind})")
        else:
            self._add(payload)

    def _add_fragment(self, payload: bytes, header: int) -> None:
        if len(payload) <= header + 1:
            raise Malformed("a packet of the stream is too short for its codec")
        control, body = payload[header], payload[header + 1 :]
        if control & 0x80:
            if self._fragments:
                raise Malformed("a picture of the stream breaks off")
            if self._is_h265:
                self._fragments = [bytes((payload[0] & 0x81 | (control & 0x3F) << 1, payload[1])), body]
            else:
                self._fragments = [bytes((payload[0] & 0xE0 | control & 0x1F,)), body]
            self._size += 1
        elif not self._fragments:
            raise Malformed("a picture of the stream lacks its beginning")
        else:
            self._fragments.append(body)
        self._count(len(body))
        if control & 0x40:
            unit, self._fragments = b"".join(self._fragments), []
            self._units.append(unit)

    def _add_aggregate(self, rest: bytes) -> None:
        while rest:
            size = int.from_bytes(rest[:2], "big")
            if not 0 < size <= len(rest) - 2:
                raise Malformed("a packet of the stream breaks off")
            self._add(rest[2 : 2 + size])
            rest = rest[2 + size :]

    def _add(self, unit: bytes) -> None:
        self._count(len(unit))
        self._units.append(unit)

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > PICTURE_BYTES:
            raise TooLarge(f"a picture of the stream has more than {PICTURE_BYTES} bytes")


def _merged(known: ReplayMark | None, further: ReplayMark | None) -> ReplayMark | None:
    """A picture's mark stands on its first packet; that a section ends may stand on its last."""
    if known is None or further is None:
        return known or further
    return ReplayMark(
        at=known.at,
        is_clean_point=known.is_clean_point or further.is_clean_point,
        ends_section=known.ends_section or further.ends_section,
        is_discontinuous=known.is_discontinuous,
        ends_replay=known.ends_replay or further.ends_replay,
    )
