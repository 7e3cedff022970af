"""Whether a packet starts a picture that decodes on its own, read from its NAL units.

Files whose index marks every frame as a key frame exist (a muxer that saw none writes no list, which means
"all"), so for H.264 and H.265 the bitstream is asked, not the index. Sources: ITU-T H.264 7.3.1 and D.2.8,
H.265 7.3.1.2; ISO/IEC 14496-15 for `avcC` and `hvcC`.
"""

from collections.abc import Iterator

H264_IDR, H264_SEI = 5, 6
SEI_RECOVERY_POINT = 6
H265_IRAP = range(16, 24)


def starts_decoding(packet: bytes, codec: str, extradata: bytes | None, flagged: bool) -> bool:
    """True for an H.264 IDR picture or recovery point, an H.265 IRAP picture; else as the container says."""
    if codec not in {"h264", "hevc"}:
        return flagged
    units = _units(packet, _length_size(codec, extradata))
    if codec == "hevc":
        return any((unit[0] >> 1) & 0x3F in H265_IRAP for unit in units)
    return any(unit[0] & 0x1F == H264_IDR or _is_recovery_point(unit) for unit in units)


def _length_size(codec: str, extradata: bytes | None) -> int | None:
    """Bytes of the length before each unit; None for start codes (Annex B)."""
    at = 4 if codec == "h264" else 21
    if extradata is None or len(extradata) <= at or extradata[:3] in {b"\0\0\0", b"\0\0\1"}:
        return None
    return (extradata[at] & 3) + 1


def _units(packet: bytes, length_size: int | None) -> Iterator[bytes]:
    """The non-empty NAL units of an access unit, each with enough bytes to tell its kind."""
    if length_size is None:
        for unit in packet.split(b"\0\0\1")[1:]:
            if unit:
                yield unit
        return
    at = 0
    while at + length_size < len(packet):
        length = int.from_bytes(packet[at : at + length_size], "big")
        at += length_size
        if length:
            yield packet[at : at + length]
        at += length


def _is_recovery_point(unit: bytes) -> bool:
    """Whether an SEI unit holds a recovery point message; payload type and size are sums of 0xFF bytes."""
    if unit[0] & 0x1F != H264_SEI:
        return False
    at = 1
    while at + 1 < len(unit) and unit[at] != 0x80:
        kind, at = _sum_of_bytes(unit, at)
        size, at = _sum_of_bytes(unit, at)
        if kind == SEI_RECOVERY_POINT:
            return True
        at += size
    return False


def _sum_of_bytes(unit: bytes, at: int) -> tuple[int, int]:
    total = 0
    while at < len(unit) and unit[at] == 0xFF:
        total, at = total + 255, at + 1
    return (total + unit[at], at + 1) if at < len(unit) else (total, at)
