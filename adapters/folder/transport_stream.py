"""How much of an MPEG transport stream is whole. Owns its packets (ITU-T H.222.0, 2.4.3); decodes none.

A stream has no end: whether its last frame is complete shows only when another begins. So a stream that is still
being written, or that ends inside a packet, ends before its last frame; a finished one ends with it.
"""

PACKET_BYTES = 188
SYNC = 0x47
HEAD_BYTES = 2 * PACKET_BYTES + 1


def is_transport_stream(head: bytes) -> bool:
    """Whether the first `HEAD_BYTES` bytes, or all that there are, open packets one after another."""
    return len(head) > PACKET_BYTES and all(byte == SYNC for byte in head[::PACKET_BYTES])


def whole_packets(size: int) -> int:
    """How many of the file's bytes are complete packets."""
    return size - size % PACKET_BYTES
