"""The simulated MediaMTX behaves as the real one is known to."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from broker.demo.mediamtx import MediaMtxSetup, SimulatedMediaMtx
from broker.demo.serving import served
from tests.servers.filmed import NOW, STEADY, at, between, due, film, shown


@pytest.fixture(scope="module")
async def playback(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    recordings = tmp_path_factory.mktemp("recordings")
    film(recordings)
    simulated = SimulatedMediaMtx(MediaMtxSetup(recordings, timedelta(hours=1), lambda: NOW))
    async with served(simulated.playback) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


async def listed(playback: httpx.AsyncClient, **query: str) -> list[dict[str, object]]:
    answer = await playback.get("/list", params={"path": "hall-2", **query})
    assert answer.status_code == 200
    return [{"start": each["start"], "duration": each["duration"]} for each in answer.json()]


async def test_files_are_joined_and_gaps_kept(playback: httpx.AsyncClient) -> None:
    assert await listed(playback) == [
        {"start": "2026-06-15T11:57:00Z", "duration": 110.0},
        {"start": "2026-06-15T11:59:10Z", "duration": 50.0},
    ]


async def test_a_listing_is_cut_to_its_window(playback: httpx.AsyncClient) -> None:
    window = {"start": at(100).isoformat(), "end": at(140).isoformat()}
    assert await listed(playback, **window) == [
        {"start": "2026-06-15T11:58:40Z", "duration": 10.0},
        {"start": "2026-06-15T11:59:10Z", "duration": 10.0},
    ]


async def test_nothing_recorded_is_404_and_an_unknown_path_400(playback: httpx.AsyncClient) -> None:
    late = {"start": at(900).isoformat()}
    assert (await playback.get("/list", params={"path": "hall-2", **late})).status_code == 404
    assert (await playback.get("/list", params={"path": "nobody"})).status_code == 400


async def clip(playback: httpx.AsyncClient, path: str, start_s: float, duration_s: float) -> bytes:
    query = {"path": path, "start": at(start_s).isoformat(), "duration": str(duration_s)}
    answer = await playback.get("/get", params=query)
    assert answer.status_code == 200 and answer.headers["accept-ranges"] == "none"
    return answer.content


async def test_a_clip_runs_over_files_and_ends_at_a_gap(playback: httpx.AsyncClient) -> None:
    assert shown(await clip(playback, "quai-1", 0, 65)) == due(STEADY, between(0, 65))
    assert len(shown(await clip(playback, "hall-2", 60, 100))) == 500


async def test_a_clip_from_between_keyframes_has_frames_without_their_own_time_in_front(
    playback: httpx.AsyncClient,
) -> None:
    frames = shown(await clip(playback, "quai-1", 7, 3))
    assert frames[0] == at(5)
    assert frames[-1] == at(9.9)
