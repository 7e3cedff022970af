"""The simulated Frigate behaves as the real one is known to."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from broker.demo.frigate import FrigateSetup, SimulatedFrigate
from broker.demo.recorder import LiveRecorder, RecorderTask, RecordingOrder
from broker.demo.serving import served
from tests.servers.filmed import BEGUN, FAILED, FAILING, NOW, STEADY, at, between, due, film, shown
from tests.world import StandingClock


@pytest.fixture(scope="module")
async def frigate(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path_factory.mktemp("frigate")
    film(folder / "recordings")
    setup = FrigateSetup(folder / "recordings", folder / "exports", timedelta(days=1), lambda: NOW)
    async with (
        served(SimulatedFrigate(setup).app) as url,
        httpx.AsyncClient(base_url=f"{url}/api") as client,
    ):
        yield client


async def clip(frigate: httpx.AsyncClient, camera: str, start_s: float, end_s: float) -> bytes:
    path = f"/{camera}/start/{at(start_s).timestamp()}/end/{at(end_s).timestamp()}/clip.mp4"
    answer = await frigate.get(path)
    assert answer.status_code == 200
    return answer.content


async def test_a_clip_from_the_start_of_a_segment_begins_in_the_one_before(
    frigate: httpx.AsyncClient,
) -> None:
    assert shown(await clip(frigate, "quai-1", 60, 120))[0] == at(55)
    assert shown(await clip(frigate, "quai-1", 60.001, 120)) == due(STEADY, between(60, 120))


async def test_a_clip_is_cut_at_whole_seconds_and_keyframes(frigate: httpx.AsyncClient) -> None:
    frames = shown(await clip(frigate, "quai-1", 7.9, 12.9))
    assert frames[0] == at(5)
    assert frames[-1] is not None and frames[-1] < at(12.5)


async def test_a_clip_joins_what_lies_apart(frigate: httpx.AsyncClient) -> None:
    frames = shown(await clip(frigate, "hall-2", 60.001, 180))
    assert frames == due(FAILING, between(60, 180))
    assert FAILED.start not in frames


async def test_without_bounds_the_last_hour_is_listed(frigate: httpx.AsyncClient) -> None:
    listed = (await frigate.get("/quai-1/recordings")).json()
    assert [each["start_time"] for each in listed] == [at(seconds).timestamp() for seconds in (0, 60, 120)]
    before = {"after": 0, "before": at(-1).timestamp()}
    assert (await frigate.get("/quai-1/recordings", params=before)).json() == []
    assert (await frigate.get("/nobody/recordings")).json() == []


def growing(folder: Path, until: datetime) -> LiveRecorder:
    """A recorder that films on from the start of the minute, up to the instant."""
    task = RecorderTask(recordings=folder, cameras=(STEADY,), retention=timedelta(days=1))
    recorder = LiveRecorder(RecordingOrder(tasks=(task,), start=BEGUN))
    recorder.advance(until)
    return recorder


async def test_a_segment_that_is_still_recorded_is_shown_live_and_not_listed(tmp_path: Path) -> None:
    recorder = growing(tmp_path / "recordings", at(72))
    clock = StandingClock(at(72))
    setup = FrigateSetup(tmp_path / "recordings", tmp_path / "exports", timedelta(days=1), clock.now)
    async with (
        served(SimulatedFrigate(setup).app) as url,
        httpx.AsyncClient(base_url=f"{url}/api") as client,
    ):
        listed = (await client.get("/quai-1/recordings")).json()
        live = await client.get("/quai-1/latest.jpg")
        recorder.close()
        clock.advance(minutes=5)
        later = (await client.get("/quai-1/recordings")).json()
        old = await client.get("/quai-1/latest.jpg")
    assert [each["end_time"] for each in listed] == [at(60).timestamp()]
    assert [each["end_time"] for each in later] == [at(60).timestamp(), at(72).timestamp()]
    assert "x-frigate-offline" not in live.headers
    assert old.headers["x-frigate-offline"] == "true"


async def test_exports_are_known_again_after_a_restart(tmp_path: Path) -> None:
    film(tmp_path / "recordings", [STEADY])
    setup = FrigateSetup(tmp_path / "recordings", tmp_path / "exports", timedelta(days=1), lambda: NOW)
    ordered = f"/api/export/quai-1/start/{at(60).timestamp()}/end/{at(120).timestamp()}"
    async with served(SimulatedFrigate(setup).app) as url, httpx.AsyncClient(base_url=url) as client:
        await client.post(ordered, json={"source": "recordings", "name": "kept"})
        for _ in range(2):
            await client.get("/api/jobs/export")
        before = (await client.get("/api/exports")).json()
    async with served(SimulatedFrigate(setup).app) as url, httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/api/exports")).json() == before
        exported = await client.get(before[0]["video_path"].removeprefix("/media/frigate"))
        again = (await client.post(ordered, json={"source": "recordings", "name": "other"})).json()
    assert [each["name"] for each in before] == ["kept"]
    assert shown(exported.content) == due(STEADY, between(60, 120))
    assert again["export_id"] != before[0]["id"]
