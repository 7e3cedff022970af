"""A picture from outside becomes a small JPEG or is refused, whatever its bytes are, at bounded cost."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.snapshots.picture import UnusablePicture, decode, decode_grey, encode, picture_size
from tests.requirements import sample_data

LIMIT = 8 * 1024 * 1024


def small_jpeg(data: bytes, limit: int) -> bytes:
    """As a picture under masks is kept."""
    decode_grey(data, limit)
    return encode(decode(data, limit))


def noise(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 7 % 256, columns * 5 % 256, (rows + columns) * 3 % 256], axis=2).astype(np.uint8)


def encoded(kind: str, height: int, width: int, *options: int) -> bytes:
    return bytes(cv2.imencode(kind, noise(height, width), list(options))[1])


def decoded(data: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return picture


def png(width: int, height: int, content: bytes = b"") -> bytes:
    """A PNG that states a size, with whatever content."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(content))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def jpeg_stating(width: int, height: int) -> bytes:
    """A real small JPEG whose frame header claims another size."""
    data = bytearray(encoded(".jpg", 16, 16))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


JPEG, PNG = encoded(".jpg", 48, 64), encoded(".png", 48, 64)
PROGRESSIVE = encoded(".jpg", 48, 64, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((48, 64), (48, 64)),
        ((1080, 1920), (540, 960)),
        ((1920, 1080), (960, 540)),
        ((2160, 3840), (540, 960)),
        ((2000, 3000), (500, 750)),
        ((1000, 11000), (116, 1280)),
        ((720, 1280), (720, 1280)),
        ((721, 1282), (361, 641)),
        ((1, 5000), (1, 1280)),
        ((3000, 1), (1280, 1)),
    ],
)
@pytest.mark.parametrize("kind", [".jpg", ".png"])
def test_a_picture_becomes_a_jpeg_of_at_most_1280_pixels_a_side(
    kind: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    plain = cv2.imencode(kind, np.full((*size, 3), 99, np.uint8))[1]
    small = small_jpeg(bytes(plain), LIMIT)
    assert small.startswith(b"\xff\xd8")
    found = decoded(small).shape[:2]
    assert all(abs(a - b) <= 1 for a, b in zip(found, expected, strict=True)), found


@pytest.mark.parametrize(
    "data", [JPEG, PROGRESSIVE, JPEG + bytes(200), PNG], ids=["jpg", "prog", "pad", "png"]
)
def test_usual_encodings_are_taken_and_look_as_before(data: bytes) -> None:
    difference = np.abs(decoded(small_jpeg(data, LIMIT)).astype(int) - noise(48, 64).astype(int))
    assert np.median(difference) < 40
    assert picture_size(data) == (64, 48)


def test_grey_and_transparent_pictures_are_taken() -> None:
    grey = cv2.imencode(".png", np.full((20, 30), 77, np.uint8))[1]
    clear = cv2.imencode(".png", np.full((20, 30, 4), 77, np.uint8))[1]
    for data in (bytes(grey), bytes(clear)):
        assert decoded(small_jpeg(data, LIMIT)).shape[:2] == (20, 30)


def test_too_many_bytes_are_refused_without_looking_at_them() -> None:
    with pytest.raises(UnusablePicture, match=f"{len(JPEG)} bytes, over the limit of {len(JPEG) - 1}"):
        small_jpeg(JPEG, len(JPEG) - 1)
    assert small_jpeg(JPEG, len(JPEG))


@pytest.mark.parametrize(
    "bomb",
    [png(65_000, 65_000), png(2**31 - 1, 2**31 - 1), png(50_001, 1000), jpeg_stating(65_000, 65_000)],
    ids=["png", "huge png", "just over", "jpeg"],
)
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(
    bomb: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(*_: object) -> None:
        pytest.fail("the bomb was decoded")

    monkeypatch.setattr(cv2, "imdecode", decode)
    with pytest.raises(UnusablePicture, match="over the limit of 50000000"):
        small_jpeg(bomb, LIMIT)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "neither a JPEG nor a PNG"),
        (b"GIF89a" + bytes(50), "neither a JPEG nor a PNG"),
        (b"<html>", "neither a JPEG nor a PNG"),
        (b"\xff\xd8", "without a frame and a scan"),
        (b"\xff\xd8\xff\xd9", "without a frame and a scan"),
        (b"\xff\xd8" + b"\xff" * 100_000, "without a frame and a scan"),
        (JPEG[:-2], "cut off before its end"),
        (JPEG[: len(JPEG) // 2], "cut off before its end|without a frame and a scan"),
        (PNG[:-4], "cut off before its end"),
        (PNG[: len(PNG) // 2], "cut off before its end"),
        (PNG[:20], "without its header"),
        (PNG[:12] + b"JUNK" + PNG[16:], "without its header"),
        (png(0, 10), "without pixels"),
        (jpeg_stating(16, 0), "without pixels"),
        (png(100, 100), "cannot be decoded"),
    ],
)
def test_what_is_no_whole_picture_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnusablePicture, match=reason):
        small_jpeg(data, LIMIT)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([JPEG, PROGRESSIVE, PNG, jpeg_stating(3000, 2000)]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12),
    st.floats(0.02, 1),
)
def test_damaged_bytes_give_a_small_jpeg_or_a_refusal_and_nothing_else(
    whole: bytes, flips: list[tuple[float, int]], share: float
) -> None:
    damaged = bytearray(whole)
    for where, value in flips:
        damaged[min(len(damaged) - 1, int(where * len(damaged)))] = value
    for data in (bytes(damaged), bytes(damaged[: int(share * len(damaged))])):
        try:
            small = small_jpeg(data, LIMIT)
        except UnusablePicture as refused:
            assert str(refused)
        else:
            assert max(decoded(small).shape[:2]) <= 1280


@given(
    st.binary(max_size=400), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xc0", b"\x89PNG\r\n\x1a\n"])
)
def test_any_bytes_are_refused(tail: bytes, head: bytes) -> None:
    with pytest.raises(UnusablePicture):
        small_jpeg(head + tail, LIMIT)


def test_real_cameras_pictures_become_small() -> None:
    files = [p for p in sample_data().rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png")]
    for file in files:
        assert max(decoded(small_jpeg(file.read_bytes(), LIMIT)).shape[:2]) <= 1280, file


def test_a_decoder_that_fails_refuses_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise cv2.error("assertion failed")

    monkeypatch.setattr(cv2, "imdecode", fail)
    with pytest.raises(UnusablePicture, match="cannot be decoded"):
        small_jpeg(JPEG, LIMIT)


def test_a_picture_is_judged_at_a_quarter_of_its_width_and_never_below_half_of_what_is_looked_at() -> None:
    for width, expected in ((1920, 480), (3840, 480), (960, 480), (640, 320), (480, 480), (200, 200)):
        data = cv2.imencode(".jpg", np.full((width // 2, width, 3), 99, np.uint8))[1]
        assert decode_grey(bytes(data), LIMIT).shape == (expected // 2, expected)


def test_a_progressive_picture_of_thousands_of_scans_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    header = bytearray(encoded(".jpg", 16, 16, cv2.IMWRITE_JPEG_PROGRESSIVE, 1))
    at = header.index(b"\xff\xc2")
    header[at + 5 : at + 9] = struct.pack(">HH", 5000, 5000)
    scan = header.index(b"\xff\xda")
    bomb = bytes(header[:scan]) + bytes(header[scan:-2]) * 200 + b"\xff\xd9"
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("the bomb was decoded"))
    with pytest.raises(UnusablePicture, match="scans of 5000 by 5000 pixels, over 1000000000 in all"):
        decode(bomb, LIMIT)
    with pytest.raises(UnusablePicture, match="scans"):
        decode_grey(bomb, LIMIT)
