"""From the byte stream of broadcasts to the samples of a movie: the same NAL units, framed otherwise.

MPEG-TS and AVI put a start code before each unit (ITU-T H.264 annex B, H.265 annex B); an MP4 puts the unit's length
there (ISO/IEC 14496-15). The units themselves stay as the recorder wrote them. `describe` lets libavformat write the
description, which states lengths of 4 bytes.
"""

import re
from typing import Final

_START_CODES: Final = (b"\0\0\0\1", b"\0\0\1")
_START_CODE = re.compile(b"\0\0\1")
_LENGTH_BYTES: Final = 4


def has_start_codes(codec: str, extradata: bytes | None) -> bool:
    """Whether a stream's packets are a byte stream: its parameter sets are written in the same way."""
    return codec in {"h264", "h265"} and (not extradata or extradata.startswith(_START_CODES))


def with_lengths(data: memoryview) -> memoryview:
    """The packet with each unit's length in the place of its start code.

    Zero bytes before a start code and after the last unit belong to no unit: a unit never ends in one.
    """
    whole = bytes(data)
    begins = [match.end() for match in _START_CODE.finditer(whole)]
    framed = bytearray()
    for begin, following in zip(begins, [*begins[1:], len(whole) + 3], strict=True):
        unit = whole[begin : following - 3].rstrip(b"\0")
        framed += len(unit).to_bytes(_LENGTH_BYTES, "big") + unit
    return memoryview(bytes(framed))
