"""The simulated Frigate behaves as the real one is known to."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from broker.demo.frigate import FrigateSetup, SimulatedFrigate
from broker.demo.serving import served
from tests.servers.filmed import FAILED, FAILING, NOW, STEADY, at, between, due, film, shown


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
