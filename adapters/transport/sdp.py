"""Descriptions of streams (SDP, RFC 8866), as far as a player needs them: what is in each, and where to set it up.

Pure and bounded; an attribute that cannot be read is as if it were not there.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from typing import Final

from adapters.contract.errors import Malformed

MOST_MEDIA: Final = 32
STATIC_ENCODINGS: Final = {"26": "JPEG", "0": "PCMU", "8": "PCMA"}
CODECS: Final = {"H264": "h264", "H265": "h265", "JPEG": "mjpeg", "MP4V-ES": "mpeg4", "AV1": "av1"}


@dataclass(frozen=True)
class MediaDescription:
    """One media section. `encoding` is the RTP name in capitals, None where the section does not say."""

    kind: str
    payload_type: str
    encoding: str | None = None
    control: str | None = None
    format_parameters: dict[str, str] = field(default_factory=dict)
    fps: float | None = None

    @property
    def codec(self) -> str | None:
        """As the contract names codecs; None for an encoding that it has no name for."""
        return CODECS.get(self.encoding or "")

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        """NAL units that the description carries outside the stream, in the order a decoder wants them."""
        given = self.format_parameters
        if self.encoding == "H264":
            texts = given.get("sprop-parameter-sets", "").split(",")
        else:
            texts = [
                text for name in ("vps", "sps", "pps") for text in given.get(f"sprop-{name}", "").split(",")
            ]
        return tuple(unit for unit in map(_decoded, texts) if unit)


@dataclass(frozen=True)
class SessionDescription:
    media: tuple[MediaDescription, ...]

    def video(self) -> MediaDescription | None:
        """The first video section."""
        return next((media for media in self.media if media.kind == "video"), None)


def parse_description(body: bytes) -> SessionDescription:
    """`Malformed` where the body is no SDP or describes too much."""
    lines = body.decode("utf-8", errors="replace").splitlines()
    if not lines or not lines[0].strip().startswith("v="):
        raise Malformed("the description of a stream is no SDP")
    sections: list[list[str]] = []
    for line in map(str.strip, lines):
        if line.startswith("m="):
            sections.append([])
        if sections:
            sections[-1].append(line)
    if len(sections) > MOST_MEDIA:
        raise Malformed(f"a stream describes more than {MOST_MEDIA} media")
    return SessionDescription(tuple(media for media in map(_media, sections) if media is not None))


def _media(lines: list[str]) -> MediaDescription | None:
    words = lines[0][2:].split()
    if len(words) < 4:
        return None
    kind, payload_type = words[0], words[3]
    attributes: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.removeprefix("a=").partition(":")
        if name in {"rtpmap", "fmtp"}:
            of, _, value = value.partition(" ")
            if of != payload_type:
                continue
        if line.startswith("a="):
            attributes.setdefault(name, value.strip())
    encoding = attributes.get("rtpmap", "").partition("/")[0].upper() or STATIC_ENCODINGS.get(payload_type)
    parameters = (each.partition("=") for each in attributes.get("fmtp", "").split(";"))
    return MediaDescription(
        kind=kind,
        payload_type=payload_type,
        encoding=encoding or None,
        control=attributes.get("control"),
        format_parameters={name.strip().lower(): value.strip() for name, _, value in parameters},
        fps=_rate(attributes.get("framerate")),
    )


def _rate(text: str | None) -> float | None:
    try:
        rate = float(text or "")
    except ValueError:
        return None
    return rate if 0 < rate < 10_000 else None


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (Base64Error, ValueError):
        return b""
