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

from adapters.folder.probe import MAX_REORDERED_FRAMES, Footage, open_whole, video_stream

JPEG_QUALITY = 90


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
    first = _first_shown(container, stream)
    last_s = footage.runs[-1].last_us / 1_000_000
    # Seeking lands on the key frame at or before the target; only key frames are decoded from there.
    container.seek(first + int(last_s / stream.time_base), stream=stream, backward=True)
    stream.codec_context.skip_frame = "NONKEY"
    frame: VideoFrame | None = None
    for frame in container.decode(stream):  # noqa: B007 - the last one is what is wanted
        pass
    if frame is None or frame.pts is None:
        return None
    encoded, jpeg = cv2.imencode(
        ".jpg", frame.to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    if not encoded:
        return None
    since_start = timedelta(seconds=float((frame.pts - first) * stream.time_base))
    return Picture(jpeg.tobytes(), since_start)


def _first_shown(container: InputContainer, stream: VideoStream) -> int:
    """Presentation time of the first shown frame, in the stream's ticks."""
    packets = (
        packet for packet in container.demux(stream) if packet.pts is not None and not packet.is_discard
    )
    return min((packet.pts or 0 for packet in islice(packets, MAX_REORDERED_FRAMES)), default=0)
