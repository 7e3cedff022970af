"""Real footage of fixed cameras from the sample data, one source a file, as pictures in BGR."""

from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

SOURCES: Final = {
    "bottles": "video/intel/bottle-detection.mp4",
    "cars": "video/intel/car-detection.mp4",
    "persons": "video/intel/one-by-one-person-detection.mp4",
    "walk": "video/intel/walk.mkv",
    "jamcam": "cameras/tfl-jamcams/00001.07450.mp4",
}
"""Every file that shows what a fixed camera saw. Left out: Kerberos' moving logo and MediaMTX's black film, which no
camera took."""

CARD: Final = "video/mediamtx/offline_h264.mp4"
"""What MediaMTX shows while a stream is offline: a real picture without a signal."""


def pictures(file: Path, count: int) -> list[Picture]:
    """So many frames, spread over the whole film; all of them where it has fewer."""
    with av.open(str(file)) as container:
        total = sum(1 for _ in container.decode(video=0))
    wanted = set(np.linspace(0, total - 1, min(count, total)).astype(int).tolist())
    with av.open(str(file)) as container:
        return [
            np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
            for number, frame in enumerate(container.decode(video=0))
            if number in wanted
        ]
