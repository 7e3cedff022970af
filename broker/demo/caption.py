"""The line that people read at the bottom of a demo picture: the camera's name and the time in UTC.

Letters are rendered once; a frame costs one gather over a sheet of glyphs. Accents are folded to ASCII,
because not every OpenCV can draw them.
"""

import unicodedata
from datetime import UTC, datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from broker.demo.pixel_clock import BLACK, ROWS_IN_FRAME, WHITE

GLYPHS = "0123456789-:.TZ "
CODE_OF = {ord(glyph): index for index, glyph in enumerate(GLYPHS)}


class Caption:
    """Draws into the lowest 1/18 of frames of one size."""

    def __init__(self, name: str, width: int, height: int) -> None:
        self._height = height // ROWS_IN_FRAME
        self._scale = self._height / 40
        self._glyph_width = max(5, self._height // 2)
        folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        self._banner = self._render(folded, width)
        self._sheet = np.stack([self._render(glyph, self._glyph_width) for glyph in GLYPHS])

    def draw(self, luma: NDArray[np.uint8], instant: datetime) -> None:
        """Writes name and time into the luma plane `(height, width)`, in place."""
        text = instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        codes = [CODE_OF[ord(glyph)] for glyph in text]
        clock = self._sheet[codes].transpose(1, 0, 2).reshape(self._height, -1)
        luma[-self._height :] = self._banner
        luma[-self._height :, -clock.shape[1] :] = clock

    def _render(self, text: str, width: int) -> NDArray[np.uint8]:
        image = np.full((self._height, width), BLACK, dtype=np.uint8)
        baseline = round(self._height * 0.75)
        cv2.putText(image, text, (1, baseline), cv2.FONT_HERSHEY_SIMPLEX, self._scale, WHITE, 1, cv2.LINE_AA)
        return image
