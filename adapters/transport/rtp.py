"""RTP packets (RFC 3550), ONVIF's replay extension and sender reports. Pure: bytes to values."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.contract.errors import Malformed

REPLAY_EXTENSION: Final = 0xABAC
"""Profile of the header extension of ONVIF's streaming specification, section "RTP header extension"."""

_NTP_EPOCH: Final = datetime(1900, 1, 1, tzinfo=UTC)
_ERA_S: Final = 1 << 32
_SENDER_REPORT: Final = 200
_SANE_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReplayMark:
    """What a recorder says of a replayed frame: its instant, whether decoding can begin here, and whether a
    contiguous section ends with it, or the whole replay."""

    at: datetime
    is_clean_point: bool
    ends_section: bool
    is_discontinuous: bool
    ends_replay: bool


@dataclass(frozen=True, slots=True)
class RtpPacket:
    payload_type: int
    is_marked: bool
    sequence: int
    timestamp: int
    mark: ReplayMark | None
    payload: bytes


def parse_packet(data: bytes) -> RtpPacket:
    """`Malformed` for what is no RTP packet of version 2, or breaks off."""
    if len(data) < 12 or data[0] >> 6 != 2:
        raise Malformed("a packet of the stream is no RTP")
    at = 12 + 4 * (data[0] & 0x0F)
    end = len(data) - (data[-1] if data[0] & 0x20 else 0)
    mark = None
    if data[0] & 0x10:
        if len(data) < at + 4:
            raise Malformed("a packet of the stream breaks off in its header")
        profile, words = struct.unpack_from(">HH", data, at)
        at += 4
        if profile == REPLAY_EXTENSION and words >= 3 and len(data) >= at + 12:
            mark = _replay_mark(data, at)
        at += 4 * words
    if at > end:
        raise Malformed("a packet of the stream breaks off in its header")
    sequence, timestamp = struct.unpack_from(">HI", data, 2)
    return RtpPacket(data[1] & 0x7F, bool(data[1] & 0x80), sequence, timestamp, mark, data[at:end])


def _replay_mark(data: bytes, at: int) -> ReplayMark:
    stamp, flags = struct.unpack_from(">QB", data, at)
    return ReplayMark(
        at=ntp_instant(stamp),
        is_clean_point=bool(flags & 0x80),
        ends_section=bool(flags & 0x40),
        is_discontinuous=bool(flags & 0x20),
        ends_replay=bool(flags & 0x10),
    )


def ntp_instant(stamp: int) -> datetime:
    """A 64-bit NTP timestamp, rounded to the microsecond. Seconds whose top bit is not set lie past 2036."""
    seconds, fraction = stamp >> 32, stamp & 0xFFFFFFFF
    if not seconds & 0x80000000:
        seconds += _ERA_S
    return _NTP_EPOCH + timedelta(seconds=seconds, microseconds=(fraction * 1_000_000 + (1 << 31)) >> 32)


def ntp_stamp(instant: datetime) -> int:
    """The nearest 64-bit NTP timestamp, its era dropped."""
    microseconds = (instant - _NTP_EPOCH) // timedelta(microseconds=1)
    seconds, rest = divmod(microseconds, 1_000_000)
    return (seconds % _ERA_S) << 32 | ((rest << 32) + 500_000) // 1_000_000


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The sender's clock at one RTP timestamp."""

    at: datetime
    timestamp: int


def parse_sender_report(data: bytes) -> SenderReport | None:
    """The report that a compound RTCP packet begins with; None where there is none, or its clock was never set."""
    if len(data) < 20 or data[0] >> 6 != 2 or data[1] != _SENDER_REPORT:
        return None
    stamp, timestamp = struct.unpack_from(">QI", data, 8)
    at = ntp_instant(stamp)
    return SenderReport(at, timestamp) if stamp >> 63 and at >= _SANE_FROM else None


def is_goodbye(data: bytes) -> bool:
    """Whether a compound RTCP packet holds a BYE."""
    at = 0
    while at + 4 <= len(data):
        if data[at + 1] == 203:
            return True
        at += 4 * (struct.unpack_from(">H", data, at + 2)[0] + 1)
    return False
