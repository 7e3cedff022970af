from datetime import UTC, datetime, timedelta
from io import BytesIO

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from broker.demo.pixel_clock import EPOCH, LAST_MS, MILLISECOND, draw, read

instants = st.integers(0, LAST_MS).map(lambda ms: EPOCH + ms * MILLISECOND)
seeds = st.integers(0, 2**32 - 1)


def busy_picture(seed: int, width: int = 512, height: int = 288) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@given(instants, st.integers(96, 1300), st.integers(60, 800), st.booleans())
def test_an_instant_is_read_back_from_a_frame_of_any_size(
    instant: datetime, width: int, height: int, coloured: bool
) -> None:
    frame = np.zeros((height, width, 3) if coloured else (height, width), dtype=np.uint8)
    draw(frame, instant)
    assert read(frame) == instant


@given(instants, seeds, st.integers(8, 95))
@settings(max_examples=60, deadline=None)
def test_the_clock_survives_jpeg_and_half_size(instant: datetime, seed: int, quality: int) -> None:
    frame = busy_picture(seed)
    draw(frame, instant)
    _, encoded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert read(decoded) == instant
    assert read(cv2.resize(decoded, (256, 144), interpolation=cv2.INTER_AREA)) == instant
    assert read(cv2.resize(decoded, (256, 144), interpolation=cv2.INTER_LINEAR)) == instant


@given(st.lists(instants, min_size=2, max_size=12), seeds)
@settings(max_examples=8, deadline=None)
def test_the_clock_survives_strong_h264_and_half_size(shown: list[datetime], seed: int) -> None:
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "38", "preset": "superfast"})
        stream.width, stream.height, stream.pix_fmt = 512, 288, "yuv420p"
        for instant in shown:
            frame = busy_picture(seed)
            draw(frame, instant)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert [read(frame) for frame in frames] == shown
    assert [read(cv2.resize(frame, (256, 144), interpolation=cv2.INTER_AREA)) for frame in frames] == shown


@given(instants, st.integers(0, 63))
def test_one_wrong_cell_is_noticed(instant: datetime, cell: int) -> None:
    frame = np.zeros((288, 512), dtype=np.uint8)
    draw(frame, instant)
    row, column = divmod(cell, 32)
    wrong = frame[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16]
    wrong[:] = 251 - wrong
    assert read(frame) is None


@given(seeds)
def test_a_picture_without_a_clock_shows_none(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 2, (18, 32), dtype=np.uint8) * 255
    assert read(np.repeat(np.repeat(noise, 16, axis=0), 16, axis=1)) is None
    assert read(busy_picture(seed)) is None


@pytest.mark.parametrize("level", [0, 16, 128, 235, 255])
def test_an_even_picture_shows_none(level: int) -> None:
    assert read(np.full((288, 512), level, dtype=np.uint8)) is None


@pytest.mark.parametrize(
    ("instant", "complaint"),
    [
        (datetime(2026, 3, 1, 12), "names no time zone"),  # noqa: DTZ001 - a naive instant is the point
        (datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC), "not a whole millisecond"),
        (EPOCH - MILLISECOND, "1970 to 2527"),
        (EPOCH + timedelta(milliseconds=LAST_MS + 1), "1970 to 2527"),
    ],
)
def test_what_the_clock_cannot_show_exactly_is_refused(instant: datetime, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        draw(np.zeros((288, 512), dtype=np.uint8), instant)
