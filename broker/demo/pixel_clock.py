"""A clock that machines read from the picture: draws an instant into a frame and reads it back.

The code fills the top of the frame, two rows of 32 cells. A cell is 1/32 of the frame's width and 1/18 of
its height (16 × 16 pixels in 512 × 288, a macroblock of H.264, so that it costs few bits and survives strong
compression); the reader works from the same fractions, so a frame may be scaled to any size that leaves a
cell a few pixels. Bits run left to right, top to bottom, most significant first, white is 1:

    44 bits   milliseconds since 1970-01-01T00:00:00Z
    20 bits   the low bits of CRC-32 (ISO 3309) over SALT and the milliseconds as 6 bytes, big-endian

It is a test instrument: it proves which instants a clip shows. It is no signature and no watermark.
"""

import zlib
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

COLUMNS = 32
ROWS = 2
ROWS_IN_FRAME = 18
CHECK_BITS = 20
LAST_MS = (1 << 44) - 1
SALT = b"entrevue pixel clock 1"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

BLACK = 16
WHITE = 235
# A cell whose mean lies between these is neither black nor white, and then there is no clock in the picture.
DARKEST_WHITE = 150
LIGHTEST_BLACK = 105
# Samples are taken in a cell's middle half only: its edges blur when the frame is scaled or compressed.
SAMPLES = np.linspace(0.25, 0.75, 5)

Frame = NDArray[np.uint8]
"""Grey or luma `(height, width)`, or any colour layout `(height, width, 3)`."""


def draw(frame: Frame, instant: datetime) -> None:
    """Draws the code into the frame's top rows, in place.

    ValueError for an instant that is naive, before 1970, past 2527, or not a whole millisecond: a clock that
    rounds proves nothing.
    """
    ms = _milliseconds(instant)
    bits = np.unpackbits(np.frombuffer((ms << CHECK_BITS | _check(ms)).to_bytes(8, "big"), dtype=np.uint8))
    cells = np.where(bits, WHITE, BLACK).astype(np.uint8).reshape(ROWS, COLUMNS)
    height, width = frame.shape[:2]
    row_of = np.arange(height * ROWS // ROWS_IN_FRAME) * ROWS_IN_FRAME // height
    column_of = np.arange(width) * COLUMNS // width
    strip = cells[row_of[:, None], column_of]
    frame[: len(row_of)] = strip if frame.ndim == 2 else strip[:, :, None]


def read(frame: Frame) -> datetime | None:
    """The instant that the frame shows, exact to the millisecond; None where no valid code is found."""
    height, width = frame.shape[:2]
    sample_rows = _sample_positions(ROWS, height / ROWS_IN_FRAME)
    sample_columns = _sample_positions(COLUMNS, width / COLUMNS)
    samples = frame[sample_rows[:, None], sample_columns].astype(np.float32)
    if samples.ndim == 3:
        samples = samples.mean(axis=2)
    means = samples.reshape(ROWS, len(SAMPLES), COLUMNS, len(SAMPLES)).mean(axis=(1, 3)).ravel()
    white = means >= DARKEST_WHITE
    if not np.all(white | (means <= LIGHTEST_BLACK)):
        return None
    code = int.from_bytes(np.packbits(white).tobytes(), "big")
    ms, check = code >> CHECK_BITS, code & ((1 << CHECK_BITS) - 1)
    return EPOCH + ms * MILLISECOND if check == _check(ms) else None


def _sample_positions(cells: int, cell_size: float) -> NDArray[np.intp]:
    return ((np.arange(cells)[:, None] + SAMPLES).ravel() * cell_size).astype(np.intp)


def _milliseconds(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError(f"the clock shows UTC, and {instant.isoformat()} names no time zone: make it aware")
    ms, remainder = divmod(instant - EPOCH, MILLISECOND)
    if remainder:
        raise ValueError(f"{instant.isoformat()} is not a whole millisecond: round it before it is drawn")
    if not 0 <= ms <= LAST_MS:
        raise ValueError(
            f"{instant.isoformat()} lies outside 1970 to 2527, which is all that the clock can show"
        )
    return ms


def _check(ms: int) -> int:
    return zlib.crc32(SALT + ms.to_bytes(6, "big")) & ((1 << CHECK_BITS) - 1)
