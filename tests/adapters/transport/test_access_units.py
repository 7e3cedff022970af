"""Pictures put together from packets are those that were taken apart, byte for byte."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.errors import Malformed, TooLarge, TryLater
from adapters.transport import access_units
from adapters.transport.access_units import AccessUnit, Depacketizer
from adapters.transport.rtp import ReplayMark, RtpPacket

UNITS = st.lists(
    st.builds(
        lambda kind, rest: bytes([0x60 | kind]) + rest,
        st.sampled_from([1, 5, 6, 7, 9]),
        st.binary(min_size=1, max_size=400),
    ),
    min_size=1,
    max_size=4,
)


def rtp(payload: bytes, sequence: int, timestamp: int, mark: ReplayMark | None = None) -> RtpPacket:
    return RtpPacket(96, False, sequence & 0xFFFF, timestamp, mark, payload)


def payloads(unit: bytes, largest: int) -> list[bytes]:
    """RFC 6184: whole where it fits, fragments otherwise."""
    if len(unit) <= largest:
        return [unit]
    body = [unit[at : at + largest] for at in range(1, len(unit), largest)]
    flags = [(0x80 if n == 0 else 0) | (0x40 if n == len(body) - 1 else 0) for n in range(len(body))]
    return [
        bytes([unit[0] & 0xE0 | 28, flag | unit[0] & 0x1F]) + part
        for flag, part in zip(flags, body, strict=True)
    ]


def taken(codec: str, *packets: RtpPacket) -> list[AccessUnit]:
    depacketizer = Depacketizer(codec)
    found = [depacketizer.take(packet) for packet in packets]
    return [unit for unit in [*found, depacketizer.flush()] if unit is not None]


@given(
    st.lists(UNITS, min_size=1, max_size=5), st.integers(min_value=2, max_value=200), st.integers(0, 65535)
)
def test_h264_survives_any_way_of_cutting_it(
    pictures: list[list[bytes]], largest: int, first_sequence: int
) -> None:
    packets: list[RtpPacket] = []
    for number, units in enumerate(pictures):
        for unit in units:
            for payload in payloads(unit, largest):
                packets.append(rtp(payload, first_sequence + len(packets), number * 3000))
    found = taken("h264", *packets)
    assert [list(picture.units) for picture in found] == pictures
    assert [picture.is_key for picture in found] == [
        any(unit[0] & 0x1F == 5 for unit in units) for units in pictures
    ]


def test_units_that_share_a_packet_are_told_apart() -> None:
    aggregate = bytes([24]) + b"\x00\x02\x67\x01" + b"\x00\x03\x68\x02\x03"
    (picture,) = taken("h264", rtp(aggregate, 1, 0), rtp(b"\x65\x01", 2, 0))
    assert picture.units == (b"\x67\x01", b"\x68\x02\x03", b"\x65\x01")
    assert picture.data == b"\0\0\0\1\x67\x01\0\0\0\1\x68\x02\x03\0\0\0\1\x65\x01"


def test_h265_fragments_and_aggregates_keep_their_headers() -> None:
    aggregate = bytes([48 << 1, 1]) + b"\x00\x03\x40\x01\xaa" + b"\x00\x03\x42\x01\xbb"
    fragments = [bytes([49 << 1, 1, 0x80 | 19]) + b"one", bytes([49 << 1, 1, 0x40 | 19]) + b"two"]
    (picture,) = taken("h265", *(rtp(each, n, 0) for n, each in enumerate([aggregate, *fragments])))
    assert picture.units == (b"\x40\x01\xaa", b"\x42\x01\xbb", bytes([19 << 1, 1]) + b"onetwo")
    assert picture.is_key


def test_pictures_of_one_timestamp_are_told_apart_by_their_instants() -> None:
    marks = [
        ReplayMark(datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC), True, False, False, False)
        for second in (1, 2)
    ]
    found = taken("h264", *(rtp(b"\x65\x01", n, 0, mark) for n, mark in enumerate(marks)))
    assert [picture.mark for picture in found] == marks


def test_a_mark_on_the_last_packet_counts_too() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    first, last = ReplayMark(at, True, False, False, False), ReplayMark(at, False, True, False, True)
    (picture,) = taken("h264", rtp(b"\x65\x01", 1, 0, first), rtp(b"\x65\x02", 2, 0, last))
    assert picture.mark == ReplayMark(at, True, True, False, True)


def test_a_packet_that_is_missing_is_noticed() -> None:
    with pytest.raises(TryLater):
        taken("h264", rtp(b"\x65\x01", 65535, 0), rtp(b"\x41\x01", 1, 3000))


@pytest.mark.parametrize(
    "sent",
    [
        [bytes([28, 0x05]) + b"middle"],
        [bytes([28, 0x85]) + b"start"],
        [bytes([28, 0x85]) + b"start", b"\x41\x01"],
        [bytes([28, 0x85])],
        [bytes([24]) + b"\x00\x09\x67"],
        [bytes([26]) + b"interleaved"],
        [bytes([0]) + b"x"],
    ],
)
def test_what_breaks_off_or_is_packed_otherwise_is_malformed(sent: list[bytes]) -> None:
    with pytest.raises(Malformed):
        taken("h264", *(rtp(payload, n, 0) for n, payload in enumerate(sent)))


def test_a_picture_without_end_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_units, "PICTURE_BYTES", 1000)
    with pytest.raises(TooLarge):
        taken("h264", *(rtp(bytes([28, 0x85 if n == 0 else 0x05]) + bytes(100), n, 0) for n in range(20)))


def test_another_codec_is_refused_by_name() -> None:
    with pytest.raises(Malformed, match="mjpeg"):
        Depacketizer("mjpeg")
