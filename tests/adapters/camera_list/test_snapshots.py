"""Pictures come from the servers that the configuration names, as they are, with the time their server states."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from adapters.camera_list.adapter import create
from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, Malformed, Misconfigured, NotFound, NotSupported, TooLarge
from adapters.contract.protocol import Adapter, AdapterContext
from tests.adapters.transport.servers import NOW, ScriptedServer, answer, answering, serving
from tests.requirements import sample_data

PICTURE = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
LOOKED_AT = "Mon, 15 Jun 2026 11:59:30 GMT"


def adapter(folder: Path, **options: Any) -> Adapter:
    return create(
        {"cameras": "cameras.csv", **options}, AdapterContext("streets", folder, folder, lambda: NOW)
    )


def write_list(folder: Path, *rows: str) -> None:
    lines = ["id;lat;lon;status;snapshot_url;clip_url", *rows]
    (folder / "cameras.csv").write_text("\n".join(lines), encoding="utf-8")


@asynccontextmanager
async def network(
    folder: Path, *answers: bytes, clip: bool = False
) -> AsyncIterator[tuple[Adapter, ScriptedServer]]:
    """One camera `c1`, whose picture (or clip) the server gives."""
    async with serving(answering(*answers)) as server:
        place = f";{server.url}/c1.mp4" if clip else f"{server.url}/c1.jpg?x=1;"
        write_list(folder, f"c1;48.85;2.35;;{place}")
        cameras = adapter(folder, hosts=[server.url])
        try:
            yield cameras, server
        finally:
            await cameras.aclose()


def made_clip(frames: int, width: int = 64) -> bytes:
    """Frames that grow brighter, a key frame at the first only."""
    written = BytesIO()
    with av.open(written, "w", format="mp4") as movie:
        stream = movie.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = width, 48, "yuv420p", 1000
        for number in range(frames):
            grey = np.full((48, width, 3), 40 + 10 * number, np.uint8)
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="bgr24")))
        movie.mux(stream.encode())
    return written.getvalue()


async def test_a_picture_is_given_as_it_is_with_the_time_that_its_server_states(tmp_path: Path) -> None:
    told = answer(200, PICTURE, Content_Type="text/plain", Last_Modified=LOOKED_AT)
    async with network(tmp_path, told) as (cameras, server):
        snapshot = await cameras.take_snapshot("c1")
        assert snapshot.data == PICTURE
        assert snapshot.media_type == "image/jpeg"
        assert snapshot.captured_at == datetime(2026, 6, 15, 11, 59, 30, tzinfo=UTC)
        assert [asked.line.split()[1] for asked in server.asked] == ["/c1.jpg?x=1"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Last_Modified": "yesterday"},
        {"Last_Modified": ""},
        {"Last_Modified": LOOKED_AT, "Date": "Mon, 15 Jun 2026 11:59:29 GMT"},
    ],
)
async def test_a_time_that_is_not_stated_is_unknown_and_never_ours(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with network(tmp_path, answer(200, PICTURE, **headers)) as (cameras, _):
        assert (await cameras.take_snapshot("c1")).captured_at is None


async def test_a_png_is_a_picture_and_a_page_is_none(tmp_path: Path) -> None:
    png = cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes()
    page = answer(200, b"<html>camera</html>", Content_Type="text/html")
    async with network(tmp_path, answer(200, png), page) as (cameras, _):
        assert (await cameras.take_snapshot("c1")).media_type == "image/png"
        with pytest.raises(Malformed, match="neither JPEG nor PNG but text/html"):
            await cameras.take_snapshot("c1")


async def test_where_there_is_only_a_clip_its_last_frame_is_the_picture(tmp_path: Path) -> None:
    told = answer(200, made_clip(12), Content_Type="video/mp4", Last_Modified=LOOKED_AT)
    async with network(tmp_path, told, clip=True) as (cameras, server):
        snapshot = await cameras.take_snapshot("c1")
        assert server.asked[0].line.split()[1] == "/c1.mp4"
    shown = cv2.imdecode(np.frombuffer(snapshot.data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    assert shown.mean() == pytest.approx(150, abs=4)
    assert snapshot.captured_at == datetime(2026, 6, 15, 11, 59, 30, tzinfo=UTC)


@pytest.mark.parametrize("clip", [b"", b"#EXTM3U\nfile:///etc/passwd\n", made_clip(3)[:200]])
async def test_a_clip_that_cannot_be_decoded_is_malformed(tmp_path: Path, clip: bytes) -> None:
    async with network(tmp_path, answer(200, clip), clip=True) as (cameras, _):
        with pytest.raises(Malformed, match="the clip of camera c1"):
            await cameras.take_snapshot("c1")


async def test_a_clip_is_never_footage(tmp_path: Path) -> None:
    async with network(tmp_path, answer(200, made_clip(3)), clip=True) as (cameras, _):
        assert cameras.capabilities == {Capability.SNAPSHOT}


async def test_a_server_that_the_configuration_does_not_name_is_never_called(tmp_path: Path) -> None:
    async with (
        serving(answering(answer(200, PICTURE))) as other,
        network(tmp_path, answer(200, PICTURE)) as (cameras, server),
    ):
        write_list(
            tmp_path,
            f"other;48.85;2.35;;{other.url}/c1.jpg;",
            f"tls;48.85;2.35;;https://127.0.0.1:{server.port}/c1.jpg;",
            "inner;48.85;2.35;;http://169.254.169.254/latest/meta-data;",
        )
        for native_id in ("other", "tls", "inner"):
            with pytest.raises(Misconfigured, match="which the option hosts does not name"):
                await cameras.take_snapshot(native_id)
        assert other.asked == server.asked == []


async def test_a_redirect_to_another_server_is_refused(tmp_path: Path) -> None:
    async with serving(answering(answer(200, PICTURE))) as other:
        away = answer(302, Location=f"{other.url}/c1.jpg")
        async with network(tmp_path, away) as (cameras, _):
            with pytest.raises(Misconfigured, match="redirected"):
                await cameras.take_snapshot("c1")
        assert other.asked == []


async def test_each_server_has_its_own_sign_in(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("made-up", encoding="utf-8")
    async with serving(answering(answer(200, PICTURE))) as server:
        write_list(tmp_path, f"c1;48.85;2.35;;{server.url}/c1.jpg;")
        host = {"url": server.url, "username": "broker", "password": {"file": "secret"}, "auth": "basic"}
        cameras = adapter(tmp_path, hosts=[host, "https://cams.example"])
        assert (await cameras.take_snapshot("c1")).data == PICTURE
        await cameras.aclose()


@pytest.mark.parametrize(
    ("row", "error", "reason"),
    [
        ("c1;48.85;2.35;;;", NotFound, "the list names no picture"),
        ("c2;48.85;2.35;;http://127.0.0.1/a.jpg;", NotFound, "not in this network's list"),
        ("c1;48.85;2.35;down;http://127.0.0.1/a.jpg;", NotFound, "is down, says the list"),
    ],
)
async def test_what_has_no_picture_is_not_found(
    tmp_path: Path, row: str, error: type[AdapterError], reason: str
) -> None:
    write_list(tmp_path, row)
    with pytest.raises(error, match=reason):
        await adapter(tmp_path, hosts=["http://127.0.0.1"]).take_snapshot("c1")


async def test_a_list_that_changes_is_read_again(tmp_path: Path) -> None:
    async with network(tmp_path, answer(200, PICTURE)) as (cameras, server):
        await cameras.take_snapshot("c1")
        write_list(tmp_path, f"c1;48.85;2.35;;{server.url}/elsewhere/c1.jpg;")
        await cameras.take_snapshot("c1")
        assert [asked.line.split()[1] for asked in server.asked] == ["/c1.jpg?x=1", "/elsewhere/c1.jpg"]


async def test_a_picture_that_is_too_large_is_not_taken(tmp_path: Path) -> None:
    huge = b"HTTP/1.1 200 X\r\nContent-Length: 99999999\r\n\r\n" + PICTURE
    async with network(tmp_path, huge) as (cameras, _):
        with pytest.raises(TooLarge):
            await cameras.take_snapshot("c1")


async def test_a_cancelled_call_leaves_no_connection(tmp_path: Path) -> None:
    waiting = asyncio.Event()

    async def silent(_asked: Any, _writer: asyncio.StreamWriter) -> None:
        waiting.set()
        await asyncio.Event().wait()

    async with serving(silent) as server:
        write_list(tmp_path, f"c1;48.85;2.35;;{server.url}/c1.jpg;")
        cameras = adapter(tmp_path, hosts=[server.url])
        call = asyncio.ensure_future(cameras.take_snapshot("c1"))
        await waiting.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await cameras.aclose()
        await asyncio.wait_for(server.idle.wait(), 10)


async def test_without_hosts_there_are_no_snapshots(tmp_path: Path) -> None:
    write_list(tmp_path, "c1;48.85;2.35;;http://127.0.0.1/a.jpg;")
    cameras = adapter(tmp_path)
    assert cameras.capabilities == frozenset()
    with pytest.raises(NotSupported):
        await cameras.take_snapshot("c1")


@pytest.mark.parametrize(
    ("hosts", "reason"),
    [
        (["cams.example"], r"hosts\.0\.url"),
        (["https://cams.example/path"], "written without a path"),
        (["https://user:made-up@cams.example"], "carries no user and password"),
        ("https://cams.example", "hosts: Input should be"),
    ],
)
def test_hosts_are_whole_servers(tmp_path: Path, hosts: Any, reason: str) -> None:
    with pytest.raises(Misconfigured, match=reason) as refused:
        adapter(tmp_path, hosts=hosts)
    assert "made-up" not in str(refused.value)


async def test_a_published_picture_and_clip_of_london_are_served_and_shown(tmp_path: Path) -> None:
    folder = sample_data() / "cameras" / "tfl-jamcams"
    picture, clip = ((folder / f"00001.07450.{kind}").read_bytes() for kind in ("jpg", "mp4"))
    async with network(tmp_path, answer(200, picture)) as (cameras, _):
        assert (await cameras.take_snapshot("c1")).data == picture
    async with network(tmp_path, answer(200, clip), clip=True) as (cameras, _):
        shown = (await cameras.take_snapshot("c1")).data
    decoded = cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape == (288, 352, 3)
