"""The last picture of a recorded file that decodes on its own, as JPEG. Owns decoding of that one frame."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

import av
import cv2
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from adapters.folder.demuxing import MAX_REORDERED_FRAMES, open_whole, video_stream
from adapters.folder.probe import Footage

JPEG_QUALITY = 90
BEFORE_ALL_S = 10.0
STEPS_BACK_S = (0, 2, 10, 60, float("inf"))
"""How far before the last frame a key frame is looked for: MPEG-TS has no index, and a seek lands anywhere."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`since_start` is the frame's distance from the first shown frame of its file."""

    jpeg: bytes
    since_start: timedelta


def last_key_picture(path: Path, footage: Footage) -> Picture | None:
    """The file's last key frame; None where it does not decode or the file has gone."""
    try:
        with path.open("rb") as file, open_whole(file, footage.whole_bytes) as container:
            stream = video_stream(container)
            return None if stream is None else _picture(container, stream, footage)
    except (av.FFmpegError, OSError):
        return None


def _picture(container: InputContainer, stream: VideoStream, footage: Footage) -> Picture | None:
    if stream.time_base is None:
        return None
    is_avi = footage.container == "avi"
    first = _first_shown(container, stream, is_avi)
    last_s = footage.runs[-1].last_us / 1_000_000
    stream.codec_context.skip_frame = "NONKEY"
    for step_s in STEPS_BACK_S:
        # Seeks go by when frames are decoded, which is before they are shown: the beginning lies before its time.
        target_s = max(-BEFORE_ALL_S, last_s - step_s)
        frame, shown_at = _last_from(container, stream, first + int(target_s / stream.time_base), is_avi)
        if frame is not None:
            break
    if frame is None or shown_at is None:
        return None
    encoded, jpeg = cv2.imencode(
        ".jpg", frame.to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    if not encoded:
        return None
    since_start = timedelta(seconds=float((shown_at - first) * stream.time_base))
    return Picture(jpeg.tobytes(), since_start)


def _last_from(
    container: InputContainer, stream: VideoStream, target: int, is_avi: bool
) -> tuple[VideoFrame | None, int | None]:
    """The last key frame at or after where a seek lands (in a file with an index, that of the target), and when
    it is shown."""
    container.seek(target, stream=stream, backward=True)
    stated: dict[int | None, int | None] = {}
    last: VideoFrame | None = None
    for packet in container.demux(stream):
        if packet.is_keyframe:
            # AVI numbers frames as they are stored; what else a demuxer says of one is a guess.
            stated[packet.pts] = packet.dts if is_avi else packet.pts
        for frame in packet.decode():
            last = frame
    return last, None if last is None else stated.get(last.pts, last.pts)


def _first_shown(container: InputContainer, stream: VideoStream, is_avi: bool) -> int:
    """When the first frame is shown, in the stream's ticks."""
    packets = (packet for packet in container.demux(stream) if not packet.is_discard and packet.size)
    times = (packet.dts if is_avi else packet.pts for packet in packets)
    return min(islice((time for time in times if time is not None), MAX_REORDERED_FRAMES), default=0)
