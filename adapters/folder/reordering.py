"""Whether frames are stored in another order than they are shown in, read from the bitstream.

AVI numbers frames as they are stored and states no other time. Where B pictures change the order, H.264 says it in its
slices: between two IDR pictures the n-th frame shown has the n-th time stored. In other codecs it is nowhere to be
found, and a demuxer's answer is a guess. Sources: ITU-T H.264 7.3.3, table 7-6 and 8.2.1; ISO/IEC 14496-2 6.2.5.
"""

SLICES = frozenset({1, 2, 5})
IDR_SLICE = 5
H264_B = frozenset({1, 6})
VOP_START = b"\0\0\1\xb6"
B_VOP = 2
START_CODE = b"\0\0\1"


def holds_b_picture(packet: bytes, codec: str) -> bool:
    """Whether an H.264 access unit (with start codes) or an MPEG-4 VOP is bidirectional."""
    if codec == "h264":
        return any(_slice_type(unit) in H264_B for unit in packet.split(START_CODE)[1:] if _is_slice(unit))
    if codec == "mpeg4":
        at = packet.find(VOP_START)
        return 0 <= at < len(packet) - 4 and packet[at + 4] >> 6 == B_VOP
    return False


def is_idr_picture(packet: bytes) -> bool:
    """Whether an H.264 access unit (with start codes) is an IDR picture."""
    return any(unit[:1] and unit[0] & 0x1F == IDR_SLICE for unit in packet.split(START_CODE)[1:])


def _is_slice(unit: bytes) -> bool:
    return len(unit) > 1 and unit[0] & 0x1F in SLICES


def _slice_type(unit: bytes) -> int:
    """The second of a slice header's numbers, after that of its first macroblock."""
    bits = int.from_bytes(unit[1:13].ljust(12, b"\0"), "big")
    left = 96
    value = 0
    for _ in range(2):
        zeroes = left - (bits & ((1 << left) - 1)).bit_length()
        length = 2 * zeroes + 1
        if length > left:
            return -1
        left -= length
        value = (bits >> left & ((1 << length) - 1)) - 1
    return value
