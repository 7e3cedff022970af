"""Looks into footage with a decoder of its own: what an adapter says of it is held against this."""

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import av
import av.error

from adapters.conformance.verdicts import NotConformant

CODECS: Final = {"hevc": "h265"}
"""FFmpeg's names where the contract's differ."""


@dataclass(frozen=True)
class Measured:
    """One file's pictures: from the first to the end of the last shown one."""

    codec: str
    width: int
    height: int
    fps: float | None
    duration: timedelta


def measure(data: bytes, container: str) -> Measured:
    """Decodes every picture; `NotConformant` where there is none."""
    try:
        with av.open(io.BytesIO(data), "r", metadata_errors="ignore") as opened:
            stream = opened.streams.video[0]
            times = sorted(frame.time for frame in opened.decode(stream) if frame.time is not None)
            rate = stream.average_rate or stream.guessed_rate
            codec = stream.codec_context.name
            width, height = stream.codec_context.width, stream.codec_context.height
    except (av.error.FFmpegError, IndexError) as error:
        raise NotConformant(f"the {container} of {len(data)} bytes does not decode") from error
    if not times:
        raise NotConformant(f"the {container} of {len(data)} bytes shows no picture")
    fps = float(rate) if rate else None
    seconds = times[-1] - times[0] + (1 / fps if fps else 0.0)
    decoder_free = codec.removeprefix("lib").removesuffix("dec")
    return Measured(CODECS.get(decoder_free, decoder_free), width, height, fps, timedelta(seconds=seconds))
