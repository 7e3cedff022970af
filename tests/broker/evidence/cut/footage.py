"""Recordings whose every frame carries its number in its pixels, and readers of that number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.bitstream import BitStreamFilterContext
from av.video.stream import VideoStream

from adapters.contract.models import Interval
from broker.evidence.cut.models import SourceFile

START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ALWAYS = Interval(start=START - timedelta(days=1), end=START + timedelta(days=1))
BITS = 12
BLOCK = 16
WIDTH, HEIGHT = BITS * BLOCK, 64

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Encoding:
    """How a test's recorder encodes. `options` are those of the encoder; `time_base` of the file where it
    can be chosen."""

    codec: str = "libx264"
    rate: int = 25
    gop: int = 50
    b_frames: int = 3
    options: tuple[tuple[str, str], ...] = ()
    width: int = WIDTH

    def encoder_options(self) -> dict[str, str]:
        if self.codec == "libx265":
            parameters = (
                f"keyint={self.gop}:min-keyint={self.gop}:bframes={self.b_frames}:scenecut=0:log-level=none"
            )
            extra = "".join(f":{key}={value}" for key, value in self.options)
            return {"preset": "ultrafast", "x265-params": parameters + extra}
        return {
            "preset": "veryfast",
            "crf": "28",
            "g": str(self.gop),
            "keyint_min": str(self.gop),
            "bf": str(self.b_frames),
            "sc_threshold": "0",
            "threads": "1",
            **dict(self.options),
        }


H264 = Encoding(options=(("b_strategy", "0"),))
H264_OPEN_GOP = Encoding(
    gop=27, options=(("b_strategy", "0"), ("x264-params", "open-gop=1:b-pyramid=strict"))
)
H264_NO_B = Encoding(b_frames=0)
H264_ONE_GOP = Encoding(gop=1000)
H265 = Encoding(codec="libx265", options=(("open-gop", "0"),))
H265_OPEN_GOP = Encoding(codec="libx265", gop=27, options=(("open-gop", "1"),))


def picture_of(number: int, width: int = WIDTH) -> Picture:
    """Grey noise that moves, under one row of black and white blocks, least bit first."""
    noise = np.random.default_rng(number // 5).integers(90, 150, (HEIGHT, width), dtype=np.uint8)
    for bit in range(BITS):
        noise[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = 255 if number >> bit & 1 else 0
    return np.repeat(noise[:, :, None], 3, axis=2)


def number_in(picture: Picture) -> int:
    """Works on any grey or colour picture whose rows and columns are those of the recording."""
    centres = picture[BLOCK // 2, BLOCK // 2 : BITS * BLOCK : BLOCK]
    lit = centres.reshape(BITS, -1).mean(axis=1) > 128
    return int(sum(1 << bit for bit in range(BITS) if lit[bit]))


def record(
    path: Path,
    numbers: Sequence[int],
    encoding: Encoding = H264,
    *,
    times: Sequence[int] | None = None,
    muxer_options: dict[str, str] | None = None,
    sound: bool = False,
) -> Path:
    """One file with a frame per number, at `times` in units of 1/rate (one after another by default)."""
    with av.open(str(path), "w", options=muxer_options or {}) as output:
        stream = output.add_stream(encoding.codec, rate=encoding.rate, options=encoding.encoder_options())
        stream.width, stream.height, stream.pix_fmt = encoding.width, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, encoding.rate)
        voice = output.add_stream("aac", rate=48_000) if sound else None
        at = times or range(len(numbers))
        for number, time in zip(numbers, at, strict=True):
            frame = av.VideoFrame.from_ndarray(picture_of(number, encoding.width), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, encoding.rate)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
        if voice is not None:
            for block in range(len(numbers) * 48_000 // encoding.rate // 1024):
                tone = np.sin(np.arange(block * 1024, block * 1024 + 1024) / 10, dtype=np.float32)
                sounding = av.AudioFrame.from_ndarray(tone[None, :].repeat(2, axis=0), "fltp", "stereo")
                sounding.sample_rate, sounding.pts = 48_000, block * 1024
                output.mux(voice.encode(sounding))
            output.mux(voice.encode())
    return path


@dataclass(frozen=True)
class RawPacket:
    pts: int | None
    is_keyframe: bool
    data: bytes


def packets_of(path: Path) -> list[RawPacket]:
    """Every video packet in decoding order, whatever the file's edit list hides."""
    with av.open(str(path), options={"ignore_editlist": "1"}) as container:
        return [
            RawPacket(packet.pts, packet.is_keyframe, bytes(packet))
            for packet in container.demux(container.streams.video[0])
            if packet.size
        ]


def remux(source: Path, path: Path, keep: Iterable[int]) -> Path:
    """Copies the video packets with those positions, nothing else."""
    kept = set(keep)
    with av.open(str(source)) as container, av.open(str(path), "w") as output:
        video: VideoStream = container.streams.video[0]
        copied = output.add_stream_from_template(video)
        for position, packet in enumerate(each for each in container.demux(video) if each.size):
            if position in kept:
                packet.stream = copied
                output.mux(packet)
    return path


def in_container(source: Path, path: Path) -> Path:
    """The video of a file, bit for bit, in the container that the path's suffix names."""
    with av.open(str(source)) as container, av.open(str(path), "w") as output:
        video: VideoStream = container.streams.video[0]
        copied = output.add_stream_from_template(video)
        # libavformat does this by itself for MPEG-TS, and refuses to write AVI without it.
        filtered = path.suffix == ".avi" and video.codec.canonical_name == "h264"
        framing = BitStreamFilterContext("h264_mp4toannexb", video, copied) if filtered else None
        for packet in (each for each in container.demux(video) if each.size):
            for framed in framing.filter(packet) if framing else [packet]:
                framed.stream = copied
                output.mux(framed)
    return path


def units_of(packet: bytes, *, has_start_codes: bool) -> list[bytes]:
    """A packet's NAL units, however they are framed."""
    if has_start_codes:
        return [unit.rstrip(b"\0") for unit in packet.split(b"\0\0\1")[1:]]
    units, at = [], 0
    while at < len(packet):
        length = int.from_bytes(packet[at : at + 4], "big")
        units.append(packet[at + 4 : at + 4 + length])
        at += 4 + length
    return units


def at(seconds: float) -> datetime:
    """That long after the first frame of a test's first file."""
    return START + timedelta(seconds=seconds)


def between(start_s: float, end_s: float) -> Interval:
    return Interval(start=at(start_s), end=at(end_s))


def source(path: Path, starts_s: float = 0, valid: Interval = ALWAYS) -> SourceFile:
    return SourceFile(path=path, starts_at=at(starts_s), valid=valid)


def numbers_from(first: int, count: int) -> range:
    return range(first, first + count)
