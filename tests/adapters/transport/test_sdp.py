"""Descriptions of streams, as cameras send them."""

import pytest

from adapters.contract.errors import Malformed
from adapters.transport.sdp import parse_description

CAMERA = b"""v=0\r
o=- 1 1 IN IP4 10.0.0.5\r
s=Live\r
t=0 0\r
a=control:*\r
m=audio 0 RTP/AVP 0\r
a=control:track2\r
m=video 0 RTP/AVP 96\r
a=rtpmap:96 H264/90000\r
a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAKNoB4AiflwEQAAADABAAAAMDwPGDKg==,aM48gA==\r
a=framerate:12.5\r
a=control:rtsp://10.0.0.5/live/track1\r
"""


def test_the_video_of_a_camera_is_found_with_all_that_a_decoder_needs() -> None:
    video = parse_description(CAMERA).video()
    assert video is not None
    assert (video.codec, video.fps, video.control) == ("h264", 12.5, "rtsp://10.0.0.5/live/track1")
    assert [unit[0] & 0x1F for unit in video.parameter_sets] == [7, 8]


def test_h265_carries_its_parameter_sets_in_the_order_of_a_stream() -> None:
    body = (
        b"v=0\nm=video 0 RTP/AVP 97\na=rtpmap:97 H265/90000\n"
        b"a=fmtp:97 sprop-pps=RAHAc8GJ; sprop-vps=QAEMAf//AWAAAAMAkAAAAwAAAwB4ugJA; sprop-sps=QgEBAWAAAAMA\n"
    )
    video = parse_description(body).video()
    assert video is not None
    assert [unit[0] >> 1 for unit in video.parameter_sets] == [32, 33, 34]


def test_a_static_payload_type_needs_no_name() -> None:
    video = parse_description(b"v=0\nm=video 0 RTP/AVP 26\n").video()
    assert video is not None
    assert video.codec == "mjpeg"


def test_what_cannot_be_read_is_as_if_it_were_not_there() -> None:
    body = (
        b"v=0\nm=video\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=framerate:often\n"
        b"a=fmtp:96 sprop-parameter-sets=%%%\na=fmtp:99 sprop-parameter-sets=aM48gA==\n"
    )
    (video,) = parse_description(body).media
    assert (video.fps, video.parameter_sets, video.control) == (None, (), None)


@pytest.mark.parametrize("body", [b"", b"<html>", b"v=0\n" + b"m=video 0 RTP/AVP 96\n" * 33])
def test_what_is_no_description_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_description(body)
