"""A picture that is kept as it came loses its metadata and nothing of its pixels; one that cannot is encoded anew."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.snapshots.jpeg import stripped
from broker.snapshots.masks import Masks
from broker.snapshots.picture import KEPT_BYTES, UnusablePicture, as_it_came
from broker.snapshots.references import HourClass, Scene
from broker.snapshots.taking import Occasion, take
from tests.broker.snapshots.scenes import Picture, taken, view
from tests.broker.snapshots.test_taking import AT

PLAIN = taken(view(3), 1)
SECRET = b"48.8809N 2.3553E Jean Exemple"


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def exif(orientation: int, order: str = ">") -> bytes:
    head = b"MM" if order == ">" else b"II"
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = head + struct.pack(f"{order}HIH", 42, 8, 1) + entry + struct.pack(f"{order}I", 0)
    return segment(0xE1, b"Exif\0\0" + tiff + SECRET)


def with_segments(*parts: bytes) -> bytes:
    return PLAIN[:2] + b"".join(parts) + PLAIN[2:]


def pixels(data: bytes, how: int = cv2.IMREAD_COLOR) -> Picture:
    found = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    assert found is not None
    return np.asarray(found, np.uint8)


@pytest.mark.parametrize(
    "data",
    [
        with_segments(exif(1)),
        with_segments(exif(1, "<")),
        with_segments(segment(0xE2, b"ICC_PROFILE\0\x01\x01" + SECRET)),
        with_segments(segment(0xFE, SECRET), segment(0xED, b"Photoshop 3.0\0" + SECRET)),
        with_segments(segment(0xE0, b"JFXX\0" + SECRET)),
        PLAIN + SECRET,
    ],
    ids=["exif", "exif little", "icc", "comment", "thumbnail", "trailer"],
)
def test_metadata_is_gone_and_every_pixel_is_there(data: bytes) -> None:
    assert SECRET in data
    found = as_it_came(data)
    assert found is not None and SECRET not in found
    assert (pixels(found) == pixels(PLAIN)).all()


@pytest.mark.parametrize("orientation", [0, 2, 3, 6, 8, 99])
def test_a_picture_that_its_metadata_turns_is_encoded_anew_and_upright(orientation: int) -> None:
    data = with_segments(exif(orientation))
    assert as_it_came(data) is None
    found = take(data, 1 << 23, Scene(), None, Occasion("1", HourClass.MIDDAY, AT))
    assert SECRET not in found.jpeg
    upright, kept = pixels(data), pixels(found.jpeg)
    assert kept.shape == upright.shape
    assert np.abs(kept.astype(int) - upright).mean() < 10


def test_masks_lie_over_the_picture_as_it_is_shown() -> None:
    data = with_segments(exif(6))
    scene = Scene(Masks((((0, 0), (1, 0), (1, 0.3), (0, 0.3)),)))
    kept = pixels(take(data, 1 << 23, scene, None, Occasion("1", HourClass.MIDDAY, AT)).jpeg)
    assert kept.shape[:2] == (640, 360)
    assert np.abs(kept[:176].astype(int) - 96).max() <= 2
    assert np.ptp(kept[210:]) > 100


@pytest.mark.parametrize(
    "data",
    [
        bytes(cv2.imencode(".png", view(3))[1]),
        bytes(cv2.imencode(".jpg", view(3), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1]),
        bytes(cv2.imencode(".jpg", view(3, 2560, 1440))[1]),
        PLAIN.replace(b"\xff\xc0", b"\xff\xc9"),
        PLAIN[:-2],
        b"\xff\xd8\xff\xd9",
        with_segments(segment(0xC0, PLAIN[PLAIN.index(b"\xff\xc0") + 4 :][:15])),
    ],
    ids=["png", "progressive", "large", "arithmetic", "cut", "empty", "two frames"],
)
def test_what_is_not_of_the_common_kind_is_not_kept_as_it_came(data: bytes) -> None:
    try:
        found = as_it_came(data)
    except UnusablePicture:
        found = stripped(data)
    assert found is None


def test_a_picture_of_too_many_bytes_is_encoded_anew() -> None:
    grain = np.random.default_rng(1).integers(0, 255, (1080, 1920, 3), dtype=np.uint8)
    data = bytes(cv2.imencode(".jpg", grain, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])
    assert len(data) > KEPT_BYTES and as_it_came(data) is None
    assert as_it_came(taken(view(3, 1920, 1080), 1)) is not None


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8), st.floats(0, 1))
def test_damaged_bytes_are_kept_decodable_or_not_at_all(flips: list[tuple[float, int]], share: float) -> None:
    damaged = bytearray(with_segments(exif(1)))
    for where, value in flips:
        damaged[min(len(damaged) - 1, int(where * 1200))] = value
    for data in (bytes(damaged), bytes(damaged[: int(share * len(damaged))])):
        found = stripped(data) if data.startswith(b"\xff\xd8") else None
        if found is not None:
            assert found.startswith(b"\xff\xd8") and found.endswith(b"\xff\xd9") and len(found) <= len(data)
