"""The last picture of a short clip. Owns the limits of what is decoded for it.

Such a clip is no footage: it is overwritten every few minutes, and nobody says when its first frame was taken, so no
frame of it could be placed in time.
"""

from io import BytesIO
from typing import Final

import av
import cv2
from av.container import InputContainer
from av.video.frame import VideoFrame

LONGEST_CLIP_FRAMES: Final = 3_000
MOST_PIXELS: Final = 3840 * 2160
JPEG_QUALITY: Final = 90
_OPEN_OPTIONS = {"format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"}


def last_picture(clip: bytes) -> bytes | None:
    """A JPEG of the last frame that decodes; None for what is no clip, too long or too large."""
    try:
        with av.open(BytesIO(clip), mode="r", options=_OPEN_OPTIONS, metadata_errors="replace") as container:
            frame = _last_frame(container)
    except av.FFmpegError:
        return None
    if frame is None:
        return None
    encoded, jpeg = cv2.imencode(
        ".jpg", frame.to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    return jpeg.tobytes() if encoded else None


def _last_frame(container: InputContainer) -> VideoFrame | None:
    if not container.streams.video:
        return None
    stream = container.streams.video[0]
    context = stream.codec_context
    if context.width * context.height > MOST_PIXELS or stream.frames > LONGEST_CLIP_FRAMES:
        return None
    last: VideoFrame | None = None
    for number, frame in enumerate(container.decode(stream)):
        if number >= LONGEST_CLIP_FRAMES:
            return None
        last = frame
    return last
