"""Pictures come out of the file as they went in: byte for byte, each at its instant."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import av
import pytest

from adapters.contract.errors import Malformed
from adapters.onvif.fragments import FragmentWriter, Picture
from adapters.transport.access_units import AccessUnit
from tests.requirements import sample_data

BEGIN = datetime(2026, 6, 15, 11, 0, 0, 123457, tzinfo=UTC)
FILES = [
    ("intel/one-by-one-person-detection.mp4", "h264", 200),
    ("mediamtx/offline_h264.mp4", "h264", 30),
    ("mediamtx/offline_h265.mp4", "h265", 30),
]


def recorded(file: Path, codec: str, most: int) -> list[Picture]:
    """The first pictures of a file, in decoding order, as a replay tells them."""
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        convert = av.BitStreamFilterContext(
            "h264_mp4toannexb" if codec == "h264" else "hevc_mp4toannexb", stream
        )
        found: list[tuple[bytes, int, bool]] = []
        for packet in container.demux(stream):
            if packet.size == 0 or packet.pts is None or len(found) == most:
                break
            pts_us = round(packet.pts * (stream.time_base or 0) * 1_000_000)
            is_key = packet.is_keyframe
            found.append((b"".join(bytes(part) for part in convert.filter(packet)), pts_us, is_key))
    first_us = min(pts_us for _, pts_us, _ in found)
    return [
        Picture(
            BEGIN + timedelta(microseconds=pts_us - first_us), AccessUnit(tuple(units(data)), 0, None, is_key)
        )
        for data, pts_us, is_key in found
    ]


def units(data: bytes) -> list[bytes]:
    return [unit for unit in (part.rstrip(b"\0") for part in data.split(b"\0\0\1")) if unit]


def groups(pictures: list[Picture]) -> Iterator[list[Picture]]:
    group: list[Picture] = []
    for picture in pictures:
        if picture.unit.is_key and group:
            yield group
            group = []
        group.append(picture)
    yield group


def written(codec: str, pictures: list[Picture], parameter_sets: tuple[bytes, ...] = ()) -> bytes:
    gops = list(groups(pictures))
    writer = FragmentWriter(codec, parameter_sets, gops[0])
    return b"".join([*(writer.add(gop) for gop in gops), writer.close()])


def read_back(data: bytes) -> list[tuple[int, int, list[bytes], bool]]:
    with av.open(BytesIO(data)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        assert stream.time_base.denominator == 1_000_000
        return [
            (packet.pts or 0, packet.dts or 0, length_prefixed(bytes(packet)), packet.is_keyframe)
            for packet in container.demux(stream)
            if packet.size
        ]


def length_prefixed(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


@pytest.mark.parametrize(("name", "codec", "most"), FILES)
def test_every_picture_is_byte_identical_and_at_its_instant(name: str, codec: str, most: int) -> None:
    pictures = recorded(sample_data() / "video" / name, codec, most)
    packets = read_back(written(codec, pictures))
    assert [units_ for _, _, units_, _ in packets] == [list(picture.unit.units) for picture in pictures]
    assert [is_key for *_, is_key in packets] == [picture.unit.is_key for picture in pictures]
    first = min(pts for pts, *_ in packets)
    assert [timedelta(microseconds=pts - first) for pts, *_ in packets] == [
        picture.at - BEGIN for picture in pictures
    ]
    decoding = [dts for _, dts, *_ in packets]
    assert decoding == sorted(set(decoding)), "decoding times rise"
    assert all(dts <= pts for pts, dts, *_ in packets)


def test_a_file_decodes_to_all_its_pictures() -> None:
    pictures = recorded(sample_data() / "video" / FILES[0][0], "h264", 100)
    with av.open(BytesIO(written("h264", pictures))) as container:
        assert sum(1 for _ in container.decode(video=0)) == 100


def test_data_can_be_sent_before_the_file_is_closed() -> None:
    gops = list(groups(recorded(sample_data() / "video" / FILES[0][0], "h264", 200)))
    writer = FragmentWriter("h264", (), gops[0])
    sizes = [len(writer.add(gop)) for gop in gops]
    assert all(size > 1000 for size in sizes[1:])
    writer.close()


def test_parameter_sets_from_outside_the_stream_describe_it() -> None:
    pictures = recorded(sample_data() / "video/mediamtx/offline_h264.mp4", "h264", 10)
    outside = tuple(unit for unit in pictures[0].unit.units if unit[0] & 0x1F in {7, 8})
    bare = [
        Picture(
            picture.at,
            AccessUnit(
                tuple(unit for unit in picture.unit.units if unit not in outside),
                0,
                None,
                picture.unit.is_key,
            ),
        )
        for picture in pictures
    ]
    with av.open(BytesIO(written("h264", bare, outside))) as container:
        assert sum(1 for _ in container.decode(video=0)) == 10
    with pytest.raises(Malformed):
        written("h264", bare)


def test_frames_that_run_backwards_are_malformed() -> None:
    pictures = recorded(sample_data() / "video" / FILES[0][0], "h264", 100)
    gops = list(groups(pictures))
    writer = FragmentWriter("h264", (), gops[1])
    writer.add(gops[1])
    with pytest.raises(Malformed, match="backwards"):
        writer.add(gops[0])
