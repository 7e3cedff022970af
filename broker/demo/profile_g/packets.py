"""RTP packets of H.264 with ONVIF's replay extension, as a recorder sends them. Pure: frames in, bytes out."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from broker.demo.profile_g.tape import TapeFrame

PAYLOAD_TYPE: Final = 96
CLOCK_HZ: Final = 90_000
LARGEST_PAYLOAD: Final = 1_400
REPLAY_PROFILE: Final = 0xABAC
NTP_EPOCH: Final = datetime(1900, 1, 1, tzinfo=UTC)
CLEAN_POINT, END_OF_SECTION, DISCONTINUITY, END_OF_REPLAY = 0x80, 0x40, 0x20, 0x10


class Packetizer:
    """Packets of one stream, each framed for the RTSP connection. `ssrc` identifies it; only a replay's packets carry
    the extension."""

    def __init__(self, ssrc: int, clock_offset: timedelta, *, is_replay: bool = True) -> None:
        self._is_replay = is_replay
        self._ssrc = ssrc
        self._clock_offset = clock_offset
        self._sequence = 0
        self._is_first = True

    def frame(self, frame: TapeFrame, *, is_last: bool) -> Iterator[bytes]:
        """The packets of one frame. The last one is marked."""
        shown_at = frame.shown_at + self._clock_offset
        flags = (
            (CLEAN_POINT if frame.is_key else 0)
            | (END_OF_SECTION if frame.ends_section else 0)
            | (DISCONTINUITY if self._is_first else 0)
            | (END_OF_REPLAY if is_last else 0)
        )
        self._is_first = False
        extension = struct.pack(">HHQBBH", REPLAY_PROFILE, 3, _ntp(shown_at), flags, 0, 0)
        timestamp = _timestamp(shown_at)
        payloads = [payload for unit in units_of(frame.data) for payload in _payloads(unit)]
        for number, payload in enumerate(payloads, start=1):
            marker = 0x80 if number == len(payloads) else 0
            first = 0x90 if self._is_replay else 0x80
            header = struct.pack(
                ">BBHII", first, marker | PAYLOAD_TYPE, self._sequence, timestamp, self._ssrc
            )
            self._sequence = (self._sequence + 1) & 0xFFFF
            yield interleaved(0, header + (extension if self._is_replay else b"") + payload)

    def report(self, utc: datetime) -> bytes:
        """A sender report: the device's clock at this moment, and what the stream's clock shows then."""
        at = utc + self._clock_offset
        return interleaved(
            1, struct.pack(">BBHIQIII", 0x80, 200, 6, self._ssrc, _ntp(at), _timestamp(at), 0, 0)
        )

    def goodbye(self) -> bytes:
        return interleaved(1, struct.pack(">BBHI", 0x81, 203, 1, self._ssrc))


def interleaved(channel: int, data: bytes) -> bytes:
    return struct.pack(">cBH", b"$", channel, len(data)) + data


def units_of(data: bytes) -> list[bytes]:
    """NAL units of a byte stream with start codes of three or four bytes."""
    parts = data.split(b"\x00\x00\x01")
    return [unit for unit in (part.rstrip(b"\x00") for part in parts) if unit]


def _payloads(unit: bytes) -> Iterator[bytes]:
    """RFC 6184: whole where it fits, in fragments otherwise."""
    if len(unit) <= LARGEST_PAYLOAD:
        yield unit
        return
    indicator, kind = unit[0] & 0xE0 | 28, unit[0] & 0x1F
    for at in range(1, len(unit), LARGEST_PAYLOAD):
        begins, ends = at == 1, at + LARGEST_PAYLOAD >= len(unit)
        yield bytes((indicator, begins << 7 | ends << 6 | kind)) + unit[at : at + LARGEST_PAYLOAD]


def _timestamp(instant: datetime) -> int:
    return (instant - NTP_EPOCH) // timedelta(microseconds=1) * CLOCK_HZ // 1_000_000 & 0xFFFFFFFF


def _ntp(instant: datetime) -> int:
    microseconds = (instant - NTP_EPOCH) // timedelta(microseconds=1)
    seconds, rest = divmod(microseconds, 1_000_000)
    return (seconds & 0xFFFFFFFF) << 32 | ((rest << 32) + 500_000) // 1_000_000
