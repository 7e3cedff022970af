"""The order in which frames are shown, from the bits alone, against what the encoder says of it."""

from fractions import Fraction
from io import BytesIO

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.evidence.cut.bits import BitReader, EndOfBits
from broker.evidence.cut.picture_order import CannotOrder, PictureOrder, Stored, shown_times
from tests.broker.evidence.cut import footage
from tests.broker.evidence.cut.footage import HEIGHT, WIDTH, Encoding, picture_of

INTERLACED = Encoding(options=(("x264-params", "interlaced=1"),))
HIGH_444 = Encoding(gop=20, options=(("b_strategy", "0"),))


def packets(encoding: Encoding, pixels: str = "yuv420p") -> list[tuple[bytes, int]]:
    """Packets with start codes, and when the encoder has each shown."""
    with av.open(BytesIO(), "w", format="mpegts") as output:
        stream = output.add_stream("libx264", rate=25, options=encoding.encoder_options())
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        stream.codec_context.time_base = Fraction(1, 25)
        encoded = []
        for number in range(120):
            frame = av.VideoFrame.from_ndarray(picture_of(number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            encoded.extend(stream.encode(frame))
        encoded.extend(stream.encode())
        return [(bytes(packet), packet.pts or 0) for packet in encoded]


@pytest.mark.parametrize(
    ("encoding", "pixels"),
    [
        (footage.H264, "yuv420p"),
        (footage.H264_OPEN_GOP, "yuv420p"),
        (footage.H264_ONE_GOP, "yuv420p"),
        (footage.H264_NO_B, "yuv420p"),
        (INTERLACED, "yuv420p"),
        (HIGH_444, "yuv444p"),
    ],
    ids=["b frames", "open gop", "one gop", "no b frames", "interlaced", "4:4:4"],
)
def test_frames_are_shown_when_the_encoder_says(encoding: Encoding, pixels: str) -> None:
    encoded = packets(encoding, pixels)
    order = PictureOrder(encoded[0][0])
    stored = [Stored(number, *order.count(data)) for number, (data, _) in enumerate(encoded)]
    assert list(shown_times(stored, 33)) == [shown_at for _, shown_at in encoded]
    assert order.changes_order == (encoding is not footage.H264_NO_B)


@given(
    st.lists(st.permutations(range(9)), min_size=1, max_size=5),
    st.integers(9, 40),
)
def test_any_order_between_idr_pictures_is_found_and_times_stay_the_same(
    groups: list[list[int]], reorder_frames: int
) -> None:
    stored: list[Stored] = []
    wanted: list[int] = []
    for group in groups:
        begin = len(stored)
        places = [0, *(place + 1 for place in group)]
        stored += [Stored(begin + at, place, at == 0) for at, place in enumerate(places)]
        wanted += [begin + place for place in places]
    assert list(shown_times(stored, reorder_frames)) == wanted


@pytest.mark.parametrize("data", [None, b"", b"\0\0\1\x67", b"\0\0\1\x67\x64\0\x1f", b"\0\0\1\x65\x88"])
def test_a_stream_without_parameters_has_no_order(data: bytes | None) -> None:
    with pytest.raises(CannotOrder):
        PictureOrder(data)


@pytest.mark.parametrize("packet", [b"", b"\0\0\1\x09\x10", b"\0\0\1\x41"])
def test_a_frame_without_a_slice_has_no_place(packet: bytes) -> None:
    order = PictureOrder(packets(footage.H264)[0][0])
    with pytest.raises(CannotOrder):
        order.count(packet)


def test_numbers_are_read_as_the_standard_writes_them() -> None:
    bits = BitReader(b"\0" + bytes([0b1_010_011_0, 0b0100_0010, 0b1_1_000000]), 9)
    assert [bits.unsigned() for _ in range(4)] == [0, 1, 2, 3]
    assert bits.signed() == -2
    assert bits.flag()
    with pytest.raises(EndOfBits):
        bits.take(7)
    assert BitReader(b"\0\0\0\3\1", 9).take(24) == 1
