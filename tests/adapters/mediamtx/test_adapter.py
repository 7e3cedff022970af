"""The adapter against a simulated MediaMTX over HTTP, and what the broker cuts from its footage."""

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.contract.errors import Misconfigured, NotFound, Refused, Unreachable
from adapters.contract.models import CameraStatus, Interval, Position, SegmentEnd, Stream
from tests.adapters.mediamtx.network import PASSWORD, Running, cameras_of, running
from tests.openapi import ApiDocument
from tests.requirements import sample_data
from tests.servers.filmed import FAILED, FAILING, FILMED, STEADY, at, between, cut_from, due, shown, starts_of


async def test_every_path_is_a_camera_with_what_it_records(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path) as adapter:
        records, rejected = await cameras_of(adapter)
    assert rejected == []
    assert set(records) == {"gare/silent", "hall-2", "quai-1"}
    steady = records["quai-1"]
    assert steady.status is CameraStatus.UP
    assert steady.retention_days == 0.5
    assert steady.streams == (Stream(codec="h264", width=256, height=144),)
    assert records["gare/silent"].status is CameraStatus.DOWN
    assert records["gare/silent"].position is None


async def test_a_list_says_where_paths_stand_and_what_else_there_is(server: Running, tmp_path: Path) -> None:
    (tmp_path / "cameras.csv").write_text(
        "id,name,lat,lon,status\nquai-1,Quai A,48.8,2.3,down\nnew,Neuf,48.9,2.4,\n"
    )
    async with server.adapter(tmp_path, cameras="cameras.csv") as adapter:
        records, _ = await cameras_of(adapter)
        silent = await adapter.list_spans("new", FILMED)
    assert records["quai-1"].name == "Quai A"
    assert records["quai-1"].position == Position(lat=48.8, lon=2.3)
    assert records["quai-1"].status is CameraStatus.UP
    assert records["new"].name == "Neuf"
    assert silent.spans == ()


async def test_spans_keep_gaps_and_know_when_they_are_overwritten(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path) as adapter:
        await cameras_of(adapter)
        day = Interval(start=at(-3600), end=at(3600))
        whole = await adapter.list_spans("quai-1", day)
        broken = await adapter.list_spans("hall-2", day)
        inside = await adapter.list_spans("hall-2", between(100, 140))
    assert [span.interval for span in whole.spans] == [FILMED]
    assert whole.spans[0].overwrite_at == FILMED.start + timedelta(hours=12)
    assert [span.interval for span in broken.spans] == [between(0, 110), between(130, 180)]
    assert [span.interval for span in inside.spans] == [between(100, 110), between(130, 140)]
    # cut by the window, the first file may have begun a file's length before
    assert inside.spans[0].overwrite_at == at(100) - timedelta(minutes=1) + timedelta(hours=12)


async def test_no_footage_is_none_and_an_unknown_path_is_not_found(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path) as adapter:
        assert (await adapter.list_spans("quai-1", between(600, 660))).spans == ()
        assert (await adapter.list_spans("gare/silent", FILMED)).spans == ()
        assert [each async for each in adapter.open_footage("hall-2", between(112, 128))] == []
        for unknown in ("nobody", "..", "quai-1/../hall-2"):
            with pytest.raises(NotFound):
                await adapter.list_spans(unknown, FILMED)
            with pytest.raises(NotFound):
                [each async for each in adapter.open_footage(unknown, FILMED)]


async def test_a_clip_begins_with_a_recorded_file_and_says_when(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path) as adapter:
        starts = await starts_of(adapter.open_footage("hall-2", between(70, 140)))
    assert [start.starts_at for start in starts] == [at(60), FAILED.end]
    assert [start.valid for start in starts] == [Interval(start=at(60), end=FAILED.start), between(130, 141)]


@pytest.mark.parametrize("asked", [between(3.25, 7.9), between(58, 121.5), between(0, 180)], ids=str)
async def test_the_cut_shows_exactly_the_frames_asked_for(
    server: Running, tmp_path: Path, asked: Interval
) -> None:
    async with server.adapter(tmp_path) as adapter:
        result = await cut_from(adapter.open_footage("quai-1", asked), asked, tmp_path / "cut")
    assert result.gaps == () and result.problems == ()
    assert [shown(part.path) for part in result.parts] == [due(STEADY, asked)]


async def test_a_gap_is_cut_as_a_gap(server: Running, tmp_path: Path) -> None:
    asked = between(105.5, 133.25)
    async with server.adapter(tmp_path) as adapter:
        result = await cut_from(adapter.open_footage("hall-2", asked), asked, tmp_path / "cut")
    assert result.gaps == (FAILED,)
    assert [instant for part in result.parts for instant in shown(part.path)] == due(FAILING, asked)


async def test_a_clip_that_is_left_early_closes_its_connection(server: Running, tmp_path: Path) -> None:
    async with server.adapter(tmp_path, max_concurrent_calls=1) as adapter:
        messages = adapter.open_footage("quai-1", FILMED)
        await anext(messages)
        await messages.aclose()
        whole = [each async for each in adapter.open_footage("quai-1", between(0, 1))]
    assert isinstance(whole[-1], SegmentEnd)


async def test_a_wrong_password_is_refused_and_never_shown(server: Running, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wr0ng")
    async with server.adapter(tmp_path, password={"file": "wrong"}) as adapter:
        with pytest.raises(Refused) as refused:
            await cameras_of(adapter)
        with pytest.raises(Refused):
            [each async for each in adapter.open_footage("quai-1", FILMED)]
        assert "wr0ng" not in f"{refused.value} {adapter!r} {vars(adapter)!r}"
    async with server.adapter(tmp_path) as adapter:
        assert PASSWORD not in repr(vars(adapter))


async def test_a_server_that_is_gone_is_unreachable(recordings: Path, tmp_path: Path) -> None:
    async with running(recordings) as stopped:
        pass
    async with stopped.adapter(tmp_path) as adapter:
        with pytest.raises(Unreachable):
            await cameras_of(adapter)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"playback_url": "127.0.0.1:9996"}, "playback_url"),
        ({"playback_url": "http://user:pa55@host"}, "playback_url"),
        ({"token": {"env": "TOKEN"}}, "token and username"),
        ({"url": "ftp://host"}, "url"),
        ({"retention": 3}, "retention"),
    ],
)
async def test_options_that_are_wrong_are_named(
    server: Running, tmp_path: Path, options: dict[str, object], named: str
) -> None:
    with pytest.raises(Misconfigured, match=named) as refused:
        async with server.adapter(tmp_path, **options):
            pass
    assert "pa55" not in str(refused.value)


async def test_every_call_and_every_answer_is_documented(recordings: Path, tmp_path: Path) -> None:
    documents = sample_data() / "apis" / "mediamtx"
    async with running(recordings) as server, server.adapter(tmp_path) as adapter:
        await cameras_of(adapter)
        for name in ("quai-1", "hall-2", "gare/silent"):
            await adapter.list_spans(name, FILMED)
            [each async for each in adapter.open_footage(name, between(50, 140))]
        with pytest.raises(NotFound):
            await adapter.list_spans("nobody", FILMED)
    control, playback = (
        ApiDocument(documents / "openapi.yaml"),
        ApiDocument(documents / "playback.openapi.yaml"),
    )
    assert {control.check(each) for each in server.control.exchanges if each.status != 401} == {
        "configPathsList",
        "pathsList",
        "recordingsList",
        "recordingsGet",
        "pathsGet",
    }
    assert {playback.check(each) for each in server.playback.exchanges if each.status != 401} == {
        "listSegments",
        "getSegment",
    }
