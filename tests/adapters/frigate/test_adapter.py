"""The adapter against a simulated Frigate over HTTP, and what the broker cuts from its footage."""

import shutil
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from adapters.contract.errors import Misconfigured, NotFound, Refused, TryLater
from adapters.contract.models import CameraStatus, HoldOrder, Interval, Snapshot
from broker.demo import pixel_clock
from tests.adapters.frigate.network import PASSWORD, Running, cameras_of, holds_of, running
from tests.openapi import ApiDocument
from tests.requirements import sample_data
from tests.servers.filmed import (
    FAILED,
    FAILING,
    FILMED,
    NOW,
    STEADY,
    at,
    between,
    cut_from,
    due,
    film,
    shown,
    starts_of,
)


async def test_cameras_say_whether_frames_come_in_and_what_is_kept(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path) as adapter:
        records, rejected = await cameras_of(adapter)
    assert rejected == []
    assert {name: each.status for name, each in records.items()} == {
        "hall-2": CameraStatus.UP,
        "quai-1": CameraStatus.UP,
        "silent": CameraStatus.DOWN,
    }
    assert records["quai-1"].retention_days == 3


def clock_of(taken: Snapshot) -> object:
    picture = cv2.imdecode(np.frombuffer(taken.data, np.uint8), cv2.IMREAD_GRAYSCALE)
    return pixel_clock.read(picture)


async def test_a_live_picture_is_as_old_as_the_recorder_says(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path) as adapter:
        taken = await adapter.take_snapshot("quai-1")
    assert taken.captured_at == NOW
    assert clock_of(taken) == NOW - STEADY.frame_period


async def test_an_old_picture_never_looks_live(server: Running, tmp_path: Path) -> None:
    server.clock.advance(minutes=10)
    async with server.adapter(tmp_path) as adapter:
        records, _ = await cameras_of(adapter)
        taken = await adapter.take_snapshot("quai-1")
        with pytest.raises(NotFound):
            server.clock.advance(hours=30)
            await adapter.take_snapshot("quai-1")
    assert records["quai-1"].status is CameraStatus.DOWN
    assert taken.captured_at == NOW - timedelta(seconds=1)
    assert clock_of(taken) in {taken.captured_at, taken.captured_at - STEADY.frame_period}


@pytest.mark.parametrize("unknown", ["nobody", "..", "quai-1/../hall-2", ""])
async def test_an_unknown_camera_is_not_found(server: Running, tmp_path: Path, unknown: str) -> None:
    async with server.adapter(tmp_path) as adapter:
        with pytest.raises(NotFound):
            await adapter.take_snapshot(unknown)
        with pytest.raises(NotFound):
            await adapter.list_spans(unknown, FILMED)
        with pytest.raises(NotFound):
            [each async for each in adapter.open_footage(unknown, FILMED)]


async def test_spans_keep_gaps_and_know_when_they_are_overwritten(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path) as adapter:
        week = Interval(start=at(-6 * 86_400), end=at(3600))
        whole = await adapter.list_spans("quai-1", week)
        broken = await adapter.list_spans("hall-2", between(100, 140))
        assert (await adapter.list_spans("silent", week)).spans == ()
    assert [span.interval for span in whole.spans] == [FILMED]
    assert whole.spans[0].overwrite_at == at(60) + timedelta(days=3)
    assert [span.interval for span in broken.spans] == [between(100, 110), between(130, 140)]


async def test_days_that_ended_are_asked_for_once_an_hour(server: Running, tmp_path: Path) -> None:
    days = Interval(start=at(-3 * 86_400), end=at(60))

    def asked() -> int:
        return sum(each.path.endswith("/recordings") for each in server.overheard.exchanges)

    async with server.adapter(tmp_path) as adapter:
        counts = []
        for minutes in (0, 10, 70):
            before = asked()
            server.clock.advance(minutes=minutes)
            await adapter.list_spans("quai-1", days)
            counts.append(asked() - before)
    assert counts == [4, 1, 4]


async def test_a_clip_begins_with_a_segment_and_nothing_before_it(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path) as adapter:
        starts = await starts_of(adapter.open_footage("hall-2", between(70, 140)))
    assert [start.starts_at for start in starts] == [at(60), FAILED.end]
    assert [start.valid for start in starts] == [between(60, 110), between(130, 180)]


@pytest.mark.parametrize("asked", [between(3.25, 7.9), between(58, 121.5), between(61, 119), FILMED], ids=str)
async def test_the_cut_shows_exactly_the_frames_asked_for(
    server: Running, tmp_path: Path, asked: Interval
) -> None:
    async with server.adapter(tmp_path) as adapter:
        result = await cut_from(adapter.open_footage("quai-1", asked), asked, tmp_path / "cut")
    assert result.gaps == () and result.problems == ()
    assert [shown(part.path) for part in result.parts] == [due(STEADY, asked)]


async def test_what_frigate_would_join_is_cut_as_a_gap(server: Running, tmp_path: Path) -> None:
    asked = between(105.5, 133.25)
    async with server.adapter(tmp_path) as adapter:
        result = await cut_from(adapter.open_footage("hall-2", asked), asked, tmp_path / "cut")
    assert result.gaps == (FAILED,)
    assert [instant for part in result.parts for instant in shown(part.path)] == due(FAILING, asked)


def order(key: str, interval: Interval, camera: str = "hall-2") -> HoldOrder:
    return HoldOrder(key=key, native_id=camera, interval=interval)


async def test_a_hold_outlives_the_recordings(tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    film(recordings, [FAILING])
    asked = between(105, 135)
    async with running(recordings, tmp_path / "exports") as server, server.adapter(tmp_path) as adapter:
        placed = await adapter.place_hold(order("case-1", asked))
        shutil.rmtree(recordings / "hall-2")
        (recordings / "hall-2").mkdir()
        assert [each async for each in adapter.open_footage("hall-2", asked)] == []
        result = await cut_from(adapter.open_footage("hall-2", asked, "case-1"), asked, tmp_path / "cut")
        assert await adapter.place_hold(order("case-1", asked)) == placed
        assert await holds_of(adapter) == {"case-1": placed}
    assert placed.held == (between(60, 110), between(130, 180))
    assert result.gaps == (FAILED,)
    assert [instant for part in result.parts for instant in shown(part.path)] == due(FAILING, asked)


async def test_the_same_order_exports_nothing_twice(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path) as adapter:
        first = await adapter.place_hold(order("a_b-1", between(10, 20)))
        assert await adapter.place_hold(order("a_b-1", between(10, 20))) == first
        other = await adapter.place_hold(order("a_b", between(10, 20)))
        assert other.held == first.held
    ordered = [each for each in server.overheard.exchanges if "/api/export/" in each.path]
    assert len(ordered) == 2


async def test_a_hold_that_is_not_finished_goes_on_when_it_is_ordered_again(
    server: Running, tmp_path: Path
) -> None:
    async with server.adapter(tmp_path, export_wait_s=0.001) as impatient:
        with pytest.raises(TryLater):
            await impatient.place_hold(order("slow", between(10, 20)))
    async with server.adapter(tmp_path) as adapter:
        assert (await adapter.place_hold(order("slow", between(10, 20)))).held == (between(0, 60),)
    assert sum("/api/export/" in each.path for each in server.overheard.exchanges) == 1


async def test_a_released_hold_is_gone_and_others_stay(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path) as adapter:
        kept = await adapter.place_hold(order("kept", between(10, 20)))
        await adapter.place_hold(order("gone", between(100, 140)))
        await adapter.release_hold("gone")
        await adapter.release_hold("gone")
        assert await holds_of(adapter) == {"kept": kept}
        with pytest.raises(NotFound):
            [each async for each in adapter.open_footage("hall-2", FILMED, "gone")]
    assert len(list((tmp_path / "exports").glob("*.mp4"))) == 1


async def test_nothing_is_held_where_there_is_nothing(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path) as adapter:
        assert (await adapter.place_hold(order("none", between(900, 960)))).held == ()
        assert (await adapter.place_hold(order("none", FILMED, "silent"))).held == ()
        assert await holds_of(adapter) == {}
        with pytest.raises(NotFound):
            await adapter.place_hold(order("none", FILMED, "nobody"))


async def test_a_session_that_frigate_forgot_is_signed_in_again(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path) as adapter:
        await cameras_of(adapter)
        server.simulated.token = "another"
        assert (await adapter.list_spans("quai-1", FILMED)).spans
        server.simulated.token = "a third"
        assert await starts_of(adapter.open_footage("quai-1", FILMED))


async def test_a_wrong_password_is_refused_and_never_shown(server: Running, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wr0ng")
    async with server.adapter(tmp_path, password={"file": "wrong"}) as adapter:
        with pytest.raises(Refused) as refused:
            await cameras_of(adapter)
        assert "wr0ng" not in f"{refused.value} {vars(adapter)!r}"
    async with server.adapter(tmp_path) as adapter:
        await cameras_of(adapter)
        assert PASSWORD not in repr(vars(adapter))


async def test_a_password_is_not_sent_in_the_clear_unasked(server: Running, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="basic"):
        async with server.adapter(tmp_path, auth="auto"):
            pass


async def test_every_call_and_every_answer_is_documented(server: Running, tmp_path: Path) -> None:
    document = ApiDocument(sample_data() / "apis" / "frigate" / "frigate-api.yaml", prefix="/api")
    async with server.adapter(tmp_path) as adapter:
        await cameras_of(adapter)
        await adapter.take_snapshot("quai-1")
        await adapter.list_spans("quai-1", FILMED)
        await starts_of(adapter.open_footage("quai-1", between(50, 140)))
        await adapter.place_hold(order("documented", between(100, 140)))
        await starts_of(adapter.open_footage("hall-2", between(50, 140), "documented"))
        await adapter.release_hold("documented")
        server.clock.advance(minutes=10)
        await adapter.take_snapshot("quai-1")
    # exported files are served beside the API, which the document does not describe
    calls = [each for each in server.overheard.exchanges if not each.path.startswith("/exports/")]
    assert {document.check(each).partition("__")[0] for each in calls} == {
        "login_login_post",
        "config_config_get",
        "stats_stats_get",
        "latest_frame",
        "recordings",
        "recording_clip",
        "get_snapshot_from_recording",
        "get_exports_exports_get",
        "get_active_export_jobs_jobs_export_get",
        "export_recording_export",
        "bulk_delete_exports_exports_delete_post",
    }
