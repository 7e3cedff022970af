"""How a stream is described inside an MP4: media header and sample entry with the codec's parameter sets.

The description is what libavformat itself writes for the stream, taken from the header of an empty movie,
so that every codec it can carry is carried, and pixel shape and colours come along.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import IO

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from broker.evidence.cut.boxes import Box, MalformedBox, read_boxes

_CODEC_NAMES = {"hevc": "h265"}
_HEADER_OPTIONS = {"movflags": "empty_moov+default_base_moof", "fflags": "bitexact"}


class CannotCarry(ValueError):
    """An MP4 has no place for this codec, or the stream lacks its parameter sets."""


@dataclass(frozen=True)
class StreamDescription:
    """Boxes that describe one stream, ready to be set into a movie.

    `display_size` is the tail of `tkhd`: width and height, 16.16 fixed point. Equal descriptions hold equal
    parameter sets, so that packets of both may follow each other in one track.
    """

    codec: str
    width: int
    height: int
    sample_rate_hz: int
    handler: bytes
    media_header: bytes
    data_information: bytes
    sample_description: bytes
    display_size: bytes

    @property
    def is_video(self) -> bool:
        return self.sample_rate_hz == 0


def describe(stream: VideoStream | AudioStream, extradata: bytes | None = None) -> StreamDescription:
    """CannotCarry where the MP4 muxer refuses the stream. `extradata` stands in for what the stream lacks."""
    try:
        track = _empty_movie(stream, extradata).child(b"trak")
        media_information = track.child(b"mdia", b"minf")
        is_video = isinstance(stream, VideoStream)
        return StreamDescription(
            codec=_CODEC_NAMES.get(stream.codec_context.name, stream.codec_context.name),
            width=stream.codec_context.width if isinstance(stream, VideoStream) else 0,
            height=stream.codec_context.height if isinstance(stream, VideoStream) else 0,
            sample_rate_hz=stream.codec_context.sample_rate if isinstance(stream, AudioStream) else 0,
            handler=track.child(b"mdia", b"hdlr").whole,
            media_header=media_information.child(b"vmhd" if is_video else b"smhd").whole,
            data_information=media_information.child(b"dinf").whole,
            sample_description=media_information.child(b"stbl", b"stsd").whole,
            display_size=track.child(b"tkhd").payload[-8:],
        )
    except (av.FFmpegError, MalformedBox, ValueError) as refusal:
        raise CannotCarry(f"an MP4 cannot carry {stream.codec_context.name}: {refusal}") from refusal


def _empty_movie(stream: VideoStream | AudioStream, extradata: bytes | None) -> Box:
    header: IO[bytes] = BytesIO()
    with av.open(header, "w", format="mp4", options=_HEADER_OPTIONS) as movie:
        copied = movie.add_stream_from_template(stream)
        # A bit rate is an estimate made over one file: it would differ between files that go together.
        copied.codec_context.bit_rate = 0
        if extradata is not None:
            copied.codec_context.extradata = extradata
        movie.start_encoding()
        header.seek(0)
        written = header.read()
    for each in read_boxes(written):
        if each.kind == b"moov":
            return each
    raise MalformedBox("the muxer wrote no movie header")
