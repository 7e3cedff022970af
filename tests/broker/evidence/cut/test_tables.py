"""Decoding times and boxes: what any MP4 reader relies on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.evidence.cut.boxes import MalformedBox, box, full_box, read_boxes
from broker.evidence.cut.tables import decode_times, leads_open_gop

shown_at = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=60)


@given(shown_at)
def test_decoding_times_increase_and_never_pass_presentation(times: list[int]) -> None:
    decoded_at = decode_times(np.array(times, dtype=np.int64))
    assert (np.diff(decoded_at) > 0).all()
    assert (decoded_at <= np.array(times)).all()
    assert (decoded_at == np.array(times)).any()


def test_frames_in_order_are_decoded_when_they_are_shown() -> None:
    assert decode_times(np.array([0, 40, 80, 200])).tolist() == [0, 40, 80, 200]


def test_reordered_frames_are_decoded_as_early_as_they_must() -> None:
    assert decode_times(np.array([0, 120, 40, 80])).tolist() == [-40, 0, 40, 80]


def test_a_keyframe_with_leading_pictures_is_recognised() -> None:
    assert leads_open_gop(np.array([0, 40, 160, 80, 120])).tolist() == [False, False, True, False, False]


def test_boxes_are_read_as_they_were_built() -> None:
    outer, free = read_boxes(box(b"moov", box(b"trak", full_box(b"tkhd", 1, 3, b"abc"))) + box(b"free"))
    assert outer.child(b"trak", b"tkhd").payload == b"\x01\x00\x00\x03abc"
    assert (free.kind, free.payload) == (b"free", b"")


@pytest.mark.parametrize("data", [b"\0\0\0", b"\0\0\0\x07moov", b"\0\0\0\xffmoov"])
def test_a_box_that_does_not_fit_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedBox):
        list(read_boxes(data))


def test_a_missing_box_is_named() -> None:
    [movie] = read_boxes(box(b"moov"))
    with pytest.raises(MalformedBox, match="trak"):
        movie.child(b"trak")
