"""Films one simulated camera into MP4 files: picture, clock and caption, H.264 with B-frames and long GOPs.

Knows how a file is made and named; when to begin one is decided by `footage` (past) and `recorder` (now).
"""

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from adapters.contract.models import Interval
from broker.demo import pixel_clock
from broker.demo.caption import Caption
from broker.demo.models import SEGMENT, FilmedCamera
from broker.demo.scene import Scene

FILE_NAME = "%Y-%m-%d_%H-%M-%S-%f.mp4"
PATTERN = "{camera}/" + FILE_NAME
"""Where a recording lies below the recordings folder: its camera, and the UTC instant of its first frame."""


def file_path(recordings: Path, camera: FilmedCamera, first_frame_at: datetime) -> Path:
    return recordings / camera.native_id / first_frame_at.astimezone(UTC).strftime(FILE_NAME)


def named_instant(path: Path) -> datetime | None:
    """The instant in a recording's file name; None for a file that is not named as one."""
    try:
        return datetime.strptime(path.name, FILE_NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def segments(camera: FilmedCamera, interval: Interval) -> tuple[Interval, ...]:
    """The files that a recorder makes of an interval, in order: cut at whole minutes and at outages.

    Each starts exactly at its first frame and ends one frame period after its last.
    """
    outages = camera.outage.within(interval) if camera.outage else ()
    found: list[Interval] = []
    for piece in interval.subtract(outages):
        start, end = camera.first_frame_at_or_after(piece.start), camera.first_frame_at_or_after(piece.end)
        while start < end:
            next_minute = pixel_clock.EPOCH + ((start - pixel_clock.EPOCH) // SEGMENT + 1) * SEGMENT
            found.append(Interval(start=start, end=min(next_minute, end)))
            start = min(next_minute, end)
    return tuple(found)


class Film:
    """The camera's pictures, as a pure function of time."""

    def __init__(self, camera: FilmedCamera) -> None:
        self.camera = camera
        self._scene = Scene(camera.setting, camera.seed, camera.width, camera.height)
        self._caption = Caption(camera.name, camera.width, camera.height)

    def frame(self, instant: datetime) -> NDArray[np.uint8]:
        """I420 `(height * 3 / 2, width)` of a whole millisecond."""
        picture = self._scene.picture((instant - pixel_clock.EPOCH) // pixel_clock.MILLISECOND)
        luma = picture[: self.camera.height]
        pixel_clock.draw(luma, instant)
        self._caption.draw(luma, instant)
        return picture


class FilmWriter:
    """Writes one file, frame after frame from `first_frame_at` on.

    `growing` makes fragmented MP4, complete on disk up to its last fragment at any moment, as a recorder's
    current file is; otherwise the index is written at the end. One encoder thread: two would make the bytes
    depend on the machine.
    """

    def __init__(self, film: Film, path: Path, *, growing: bool) -> None:
        self.path = path
        self._film = film
        self._frames = 0
        options: dict[str, str] = {}
        if growing:
            options = {
                # A fragment is a whole GOP. Cut anywhere else, the last one on disk would end in decode
                # order: a frame shown before its last could still be waiting for the next fragment.
                "movflags": "frag_keyframe+empty_moov+default_base_moof",
                "flush_packets": "1",
            }
        self._container = av.open(str(path), "w", format="mp4", options=options)
        self._stream = self._add_stream(film.camera)

    def _add_stream(self, camera: FilmedCamera) -> VideoStream:
        stream = self._container.add_stream("libx264", rate=Fraction(1000, camera.frame_period_ms))
        stream.width, stream.height, stream.pix_fmt = camera.width, camera.height, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {
            "preset": "ultrafast",
            "crf": "26",
            "g": str(camera.gop_s * 1000 // camera.frame_period_ms),
            "bf": str(camera.b_frames),
            "sc_threshold": "0",
        }
        return stream

    def write(self, instant: datetime) -> None:
        """Films the next frame; the caller passes instants one frame period apart."""
        frame = av.VideoFrame.from_ndarray(self._film.frame(instant), format="yuv420p")
        frame.pts = self._frames
        self._frames += 1
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Writes what the encoder still keeps and closes the file."""
        try:
            self._container.mux(self._stream.encode())
        finally:
            self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
