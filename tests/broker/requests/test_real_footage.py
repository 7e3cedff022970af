"""Requests over what real cameras recorded, read by the folder adapter: exactly the interval's frames come back."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import pytest
from redis.asyncio import Redis

from adapters.contract.models import Interval
from adapters.contract.protocol import AdapterContext
from adapters.folder.adapter import FolderAdapter, create
from broker.agencies.models import Role
from tests.adapters.folder.recordings import shown_times_us
from tests.broker.evidence.cut.footage import in_container
from tests.broker.evidence.cut.players import shown_by_ffmpeg
from tests.broker.requests.people import decide, in_ledger, submit
from tests.requirements import sample_data
from tests.world import NOW, default_recorders, open_test_broker, settings

START = NOW - timedelta(minutes=10)
"""When, in true time, each recording begins."""


def recorder(root: Path, source: Path, offset_s: float = 0.0, suffix: str | None = None) -> FolderAdapter:
    """A folder whose camera `real` recorded the file, in the container of the suffix; its clock is `offset_s`
    ahead of UTC."""
    folder = root / "recordings" / "real"
    folder.mkdir(parents=True)
    stamped = START + timedelta(seconds=offset_s)
    recorded = folder / f"{stamped:%Y-%m-%d_%H-%M-%S-%f}{suffix or source.suffix}"
    if suffix is None:
        shutil.copy(source, recorded)
    else:
        in_container(source, recorded)
    context = AdapterContext("rail-cctv", root, root / "cache", lambda: NOW)
    pattern = "{camera}/%Y-%m-%d_%H-%M-%S-%f"
    options: dict[str, Any] = {"recordings": "recordings", "pattern": pattern, "holds": "holds"}
    if offset_s:
        options["clock_offset_ms"] = offset_s * 1000
    return create(options, context)


async def deliver(
    tmp_path: Path, redis: Redis, adapter: FolderAdapter, asked: Interval, *, audio: bool = False
) -> tuple[Any, list[Path]]:
    """The finished item and its clips as files."""
    configured = settings(tmp_path / "data")
    agreements = tuple(a.model_copy(update={"audio": audio}) for a in configured.agreement)
    configured = configured.model_copy(update={"agreement": agreements})
    recorders: dict[str, Any] = default_recorders() | {"rail-cctv": adapter}
    async with open_test_broker(tmp_path / "data", redis, recorders, configuration=configured) as broker:
        await broker.synchronise()
        investigator = await broker.officer("police", Role.INVESTIGATOR)
        custodian = await broker.officer("rail", Role.CUSTODIAN)
        request_id = (await submit(investigator, "rail-cctv:real", interval=asked))["id"]
        await decide(custodian, "approve", request_id)
        await broker.work()
        item = (await in_ledger(broker, request_id)).items[0]
        assert item.state == "completed", item.state_reason
        files = []
        for clip in item.clips:
            path = f"/v1/requests/{request_id}/clips/{clip.name}.mp4"
            answer = await investigator.get(path, None)
            files.append(tmp_path / f"{clip.name}.mp4")
            files[-1].write_bytes(answer.content)
        return item, files


@pytest.mark.parametrize("offset_s", [0.0, 75.0])
@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("intel/car-detection.mp4", None),
        ("intel/bottle-detection.mp4", None),
        ("intel/bottle-detection.mp4", ".ts"),
        ("intel/car-detection.mp4", ".avi"),
    ],
)
async def test_exactly_the_frames_of_the_interval_are_shown(
    tmp_path: Path, redis: Redis, name: str, suffix: str | None, offset_s: float
) -> None:
    source = sample_data() / "video" / name
    adapter = recorder(tmp_path, source, offset_s, suffix)
    asked = Interval(start=START + timedelta(seconds=7.3), end=START + timedelta(seconds=11.02))
    item, files = await deliver(tmp_path, redis, adapter, asked)
    # AVI's clock ticks 600 times a second: its frames are shown when the AVI says, not when the source did.
    (recorded,) = (tmp_path / "recordings" / "real").iterdir()
    times_us, hashes = shown_times_us(recorded), shown_by_ffmpeg(source)
    assert len(times_us) == len(hashes)
    wanted = [
        shown
        for at_us, shown in zip(times_us, hashes, strict=True)
        if asked.start <= START + timedelta(microseconds=at_us) < asked.end
    ]
    (clip,), (file,) = item.clips, files
    assert clip.facts.frames_shown == len(wanted) > 30
    assert shown_by_ffmpeg(file) == wanted
    assert asked.start <= clip.facts.first_frame_at <= clip.facts.last_frame_at < asked.end
    assert item.clock_offset_ms == (offset_s * 1000 or None)
    assert item.hold.state == "held"


@pytest.mark.parametrize("audio", [False, True])
async def test_sound_comes_only_where_the_agreement_allows_it(
    tmp_path: Path, redis: Redis, audio: bool
) -> None:
    source = sample_data() / "video" / "mediamtx" / "emptyvideoaudio.mkv"
    with av.open(str(source)) as container:
        assert container.streams.audio
    asked = Interval(start=START + timedelta(seconds=2), end=START + timedelta(seconds=8))
    item, files = await deliver(tmp_path, redis, recorder(tmp_path, source), asked, audio=audio)
    with av.open(str(files[0])) as container:
        assert bool(container.streams.audio) is audio
        assert len(container.streams.video) == 1
    assert item.clips[0].facts.has_audio is audio


async def test_a_recording_that_ends_inside_the_interval_says_what_is_missing(
    tmp_path: Path, redis: Redis
) -> None:
    source = sample_data() / "video" / "kerberos" / "test-480p.mp4"
    asked = Interval(start=START + timedelta(seconds=1), end=START + timedelta(seconds=30))
    item, _ = await deliver(tmp_path, redis, recorder(tmp_path, source), asked)
    (delivered,), (gap,) = item.delivered, item.gaps
    assert delivered.start >= asked.start
    assert delivered.end == gap.start
    assert gap.end == asked.end
    assert abs((delivered.end - START).total_seconds() - 3.167) < 0.1
    assert item.requested == asked
    assert item.available[0].end < asked.end
