"""AAC sound as broadcasts carry it: each frame behind an ADTS header (ISO/IEC 13818-7, 6.2). An MP4 states once, in its
description, what those headers repeat, and holds the frames alone.
"""

from typing import Final

_SYNC: Final = 0xFFF0
_SYNC_MASK: Final = 0xFFF6
"""The sync word, and the layer, which is 0; MPEG version and protection may differ."""
_HEADER_BYTES: Final = 7
_CHECKSUM_BYTES: Final = 2


def is_adts(packet: bytes | memoryview) -> bool:
    """Whether a packet of AAC begins with an ADTS header."""
    return len(packet) > _HEADER_BYTES and int.from_bytes(packet[:2], "big") & _SYNC_MASK == _SYNC


def audio_specific_config(packet: bytes | memoryview) -> bytes:
    """What the header says, as MP4 descriptions write it (ISO/IEC 14496-3, 1.6.2.1): object type, rate, channels."""
    object_type = (packet[2] >> 6) + 1
    rate_index = packet[2] >> 2 & 0xF
    channels = (packet[2] & 1) << 2 | packet[3] >> 6
    return (object_type << 11 | rate_index << 7 | channels << 3).to_bytes(2, "big")


def without_header(packet: memoryview) -> memoryview:
    """The frame alone, as the recorder wrote it."""
    has_checksum = not packet[1] & 1
    return packet[_HEADER_BYTES + _CHECKSUM_BYTES * has_checksum :]
