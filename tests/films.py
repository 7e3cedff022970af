"""A small film and a small picture, made once for each test process."""

from fractions import Fraction
from functools import cache
from io import BytesIO

import av
import numpy as np

FPS = 10


@cache
def small_film(seconds: int) -> bytes:
    """An MP4 of 64 by 48 pixels, ten frames a second, a keyframe every two seconds; the grey level tells the frame."""
    target = BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.options = {"g": str(2 * FPS), "bf": "2", "preset": "ultrafast", "threads": "1"}
        for number in range(seconds * FPS):
            picture = np.full((48, 64), 16 + number % 200, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


@cache
def grey_jpeg() -> bytes:
    """A real JPEG of 64 by 48 pixels."""
    import cv2  # noqa: PLC0415 - OpenCV takes long to load and few tests need it

    return bytes(cv2.imencode(".jpg", np.full((48, 64, 3), 128, np.uint8))[1])
