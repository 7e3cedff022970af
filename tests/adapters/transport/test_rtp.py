"""RTP packets, the replay extension and reports, byte by byte."""

import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.errors import Malformed
from adapters.transport.rtp import (
    is_goodbye,
    ntp_instant,
    ntp_stamp,
    parse_packet,
    parse_sender_report,
)

AT = datetime(2026, 6, 15, 11, 49, 0, 440000, tzinfo=UTC)


def packet(payload: bytes, *, extension: bytes = b"", padding: int = 0) -> bytes:
    first = 0x80 | (0x10 if extension else 0) | (0x20 if padding else 0)
    tail = bytes(padding - 1) + bytes([padding]) if padding else b""
    return struct.pack(">BBHII", first, 0x80 | 96, 7, 9000, 1) + extension + payload + tail


def replay_extension(flags: int, at: datetime = AT) -> bytes:
    return struct.pack(">HHQBBH", 0xABAC, 3, ntp_stamp(at), flags, 1, 0)


@given(
    st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2103, 1, 1)).map(  # noqa: DTZ001 - made aware here
        lambda naive: naive.replace(tzinfo=UTC)
    )
)
def test_an_instant_survives_ntp_to_the_microsecond(at: datetime) -> None:
    assert ntp_instant(ntp_stamp(at)) == at


def test_the_era_turns_in_february_2036() -> None:
    assert ntp_instant(1 << 32) == datetime(2036, 2, 7, 6, 28, 17, tzinfo=UTC)


def test_the_replay_extension_tells_instant_and_flags() -> None:
    parsed = parse_packet(packet(b"abc", extension=replay_extension(0b1101_0000)))
    assert parsed.mark is not None
    assert parsed.mark.at == AT
    assert (parsed.mark.is_clean_point, parsed.mark.ends_section) == (True, True)
    assert (parsed.mark.is_discontinuous, parsed.mark.ends_replay) == (False, True)
    assert (parsed.payload, parsed.sequence, parsed.timestamp, parsed.is_marked) == (b"abc", 7, 9000, True)


def test_another_extension_is_passed_over_and_padding_is_cut_off() -> None:
    parsed = parse_packet(packet(b"abc", extension=struct.pack(">HHI", 0xBEDE, 1, 0), padding=4))
    assert (parsed.mark, parsed.payload) == (None, b"abc")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        b"\x00" * 20,
        b"\xa0" + packet(b"\xff")[1:],
        packet(b"", extension=struct.pack(">HH", 0xABAC, 300)),
        struct.pack(">BBHII", 0x9F, 96, 1, 1, 1),
    ],
)
def test_what_is_no_packet_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_packet(data)


def test_a_report_ties_the_senders_clock_to_its_timestamps() -> None:
    report = struct.pack(">BBHIQIII", 0x80, 200, 6, 1, ntp_stamp(AT), 9000, 1, 1)
    read = parse_sender_report(report)
    assert read is not None
    assert (read.at, read.timestamp) == (AT, 9000)
    assert is_goodbye(report + struct.pack(">BBHI", 0x81, 203, 1, 1))
    assert not is_goodbye(report)


def test_a_clock_that_was_never_set_is_no_clock() -> None:
    for at in (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=5), datetime(1999, 1, 1, tzinfo=UTC)):
        assert parse_sender_report(struct.pack(">BBHIQIII", 0x80, 200, 6, 1, ntp_stamp(at), 9, 1, 1)) is None
    assert parse_sender_report(struct.pack(">BBHIQIII", 0x80, 200, 6, 1, 77 << 32, 9, 1, 1)) is None
