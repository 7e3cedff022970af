"""Reads the clock of every frame of a recording, as two independent players show it."""

from datetime import datetime
from io import BytesIO
from pathlib import Path

import av
import cv2
import numpy as np

from adapters.contract.models import Interval
from broker.demo import pixel_clock
from broker.demo.models import FilmedCamera


def shown_by_pyav(recording: Path | bytes) -> list[datetime | None]:
    source = str(recording) if isinstance(recording, Path) else BytesIO(recording)
    with av.open(source) as container:
        frames = container.decode(video=0)
        return [pixel_clock.read(np.asarray(frame.to_ndarray(format="gray"), np.uint8)) for frame in frames]


def shown_by_opencv(recording: Path) -> list[datetime | None]:
    capture = cv2.VideoCapture(str(recording))
    shown: list[datetime | None] = []
    while True:
        more, frame = capture.read()
        if not more:
            capture.release()
            return shown
        shown.append(pixel_clock.read(np.asarray(frame, np.uint8)))


def frame_instants(camera: FilmedCamera, interval: Interval) -> list[datetime]:
    """Every instant of the camera's grid inside the interval, outages included."""
    instant, found = camera.first_frame_at_or_after(interval.start), []
    while instant < interval.end:
        found.append(instant)
        instant += camera.frame_period
    return found
