"""What three players show of a file: each a list of frame hashes in the order shown."""

import hashlib
import subprocess
from pathlib import Path

import av
import cv2

from tests.broker.evidence.cut.footage import Picture, number_in
from tests.requirements import executable


def shown_by_ffmpeg(path: Path) -> list[str]:
    ffmpeg = executable("ffmpeg", "ffmpeg")
    command = [
        ffmpeg,
        "-v",
        "error",
        "-i",
        path,
        "-map",
        "0:v:0",
        "-fps_mode",
        "passthrough",
        "-f",
        "framemd5",
        "-",
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.rsplit(",", 1)[-1].strip() for line in run.stdout.splitlines() if not line.startswith("#")]


def shown_by_opencv(path: Path) -> list[str]:
    return [
        hashlib.md5(picture.tobytes(), usedforsecurity=False).hexdigest()
        for picture in _opencv_pictures(path)
    ]


def shown_by_pyav(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [
            hashlib.md5(frame.to_ndarray().tobytes(), usedforsecurity=False).hexdigest()
            for frame in container.decode(container.streams.video[0])
        ]


def numbers_shown(path: Path) -> list[int]:
    """The numbers in the pixels, as OpenCV shows them."""
    return [number_in(picture) for picture in _opencv_pictures(path)]


PLAYERS = {"ffmpeg": shown_by_ffmpeg, "opencv": shown_by_opencv, "pyav": shown_by_pyav}


def _opencv_pictures(path: Path) -> list[Picture]:
    capture = cv2.VideoCapture(str(path))
    pictures = []
    while True:
        more, picture = capture.read()
        if not more:
            capture.release()
            return pictures
        pictures.append(picture)
