"""B pictures are told from the bits alone, in every stream that an encoder makes."""

from io import BytesIO

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.folder.reordering import holds_b_picture


def packets(encoder: str, b_frames: int) -> list[tuple[bytes, bool]]:
    """Packets with start codes, and whether each decodes into a B picture."""
    with av.open(BytesIO(), "w", format="mpegts") as output:
        stream = output.add_stream(encoder, rate=10, options={"g": "10", "bf": str(b_frames), "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.max_b_frames = b_frames
        encoded = []
        for number in range(30):
            picture = np.random.default_rng(number // 3).integers(0, 255, (48, 64, 3), dtype=np.uint8)
            encoded.extend(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        encoded.extend(stream.encode())
        reordered = [packet.pts is not None and packet.dts is not None for packet in encoded]
        assert all(reordered)
        # A B picture is shown before one that was stored ahead of it.
        latest, found = -1, []
        for packet in encoded:
            pts = packet.pts or 0
            found.append((bytes(packet), pts < latest))
            latest = max(latest, pts)
        return found


@pytest.mark.parametrize(("encoder", "codec"), [("libx264", "h264"), ("mpeg4", "mpeg4")])
def test_exactly_the_pictures_that_are_stored_late_are_b_pictures(encoder: str, codec: str) -> None:
    with_b = packets(encoder, 2)
    assert any(late for _, late in with_b)
    assert [holds_b_picture(data, codec) for data, _ in with_b] == [late for _, late in with_b]
    assert not any(holds_b_picture(data, codec) for data, _ in packets(encoder, 0))


@given(st.binary(max_size=60), st.sampled_from(["h264", "mpeg4", "mjpeg"]))
def test_any_bytes_are_answered(data: bytes, codec: str) -> None:
    assert holds_b_picture(b"\0\0\1\x41" + data, codec) in {True, False}
