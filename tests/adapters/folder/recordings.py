"""Small recordings made for tests: real H.264 with B-frames, in the shapes that recorders write."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

WIDTH, HEIGHT = 64, 48


def write_recording(
    path: Path,
    *,
    frames: Sequence[int] = range(25),
    fps: int = 10,
    fragmented: bool = False,
    keep_key_frames: bool = True,
    b_frames: int = 2,
) -> Path:
    """A recording whose n-th frame is shown `frames[n] / fps` seconds in; the container follows the suffix.

    Frame `k` is uniformly grey at `(k * 3) % 200 + 20`, so that a picture tells which one it is. Key frames
    come every 10 frames. Fragments are one group of pictures each.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = "frag_keyframe+empty_moov+default_base_moof" if fragmented else ""
    options = {"movflags": flags} if flags else {}
    with av.open(str(path), "w", options=options) as output:
        stream = output.add_stream(
            "libx264", rate=fps, options={"preset": "ultrafast", "bf": str(b_frames), "g": "10"}
        )
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, fps)
        stream.codec_context.thread_count = 1
        stream.codec_context.max_b_frames = b_frames
        packets = []
        for number in frames:
            picture = np.full((HEIGHT, WIDTH, 3), grey(number), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            packets.extend(stream.encode(frame))
        packets.extend(stream.encode(None))
        for packet in packets:
            if keep_key_frames or not packet.is_keyframe:
                output.mux(packet)
    return path


def grey(number: int) -> int:
    return (number * 3) % 200 + 20


def write_audio_only(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        output.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def shown_times_us(path: Path) -> list[int]:
    """Every shown frame's distance from the first, as FFmpeg's demuxer tells it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [p for p in container.demux(stream) if p.size and not p.is_discard]
        # AVI numbers frames as they are stored; its other times are FFmpeg's guesses.
        stated = [p.dts if path.suffix == ".avi" else p.pts for p in packets]
        times = sorted(time for time in stated if time is not None)
        base = stream.time_base
    assert base is not None
    return [round((time - times[0]) * base * 1_000_000) for time in times]
