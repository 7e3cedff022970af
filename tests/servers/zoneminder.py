"""A real ZoneMinder of the tests' own, recording a live camera whose pixels tell when each frame was filmed."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

SERVERS = Path(__file__).parent
ROOT = SERVERS.parents[1]
ZONE = "Europe/Paris"
USER, PASSWORD = "admin", "admin"
SECTION_S = 3
LIVE, DEAD = "1", "2"
"""The two monitors: one that records, one whose camera never answers."""


@dataclass(frozen=True)
class ZoneMinder:
    """`url` is what an adapter is given; `client` is signed in, with the path of the API as its base."""

    url: str
    client: httpx.AsyncClient

    async def closed_events(self, monitor: str = LIVE) -> list[dict[str, str]]:
        """Events that are complete, oldest first."""
        answer = await self.client.get(f"/events/index/MonitorId:{monitor}.json", params={"limit": 1000})
        events = [each["Event"] for each in answer.json()["events"]]
        return [each for each in events if each["EndDateTime"] is not None]

    async def until_closed(self, count: int) -> list[dict[str, str]]:
        """Waits for so many complete events."""
        async with asyncio.timeout(60):
            while len(events := await self.closed_events()) < count:
                await asyncio.sleep(0.25)
        return events

    async def clip(self, event: str | int) -> bytes:
        query = {"view": "view_video", "eid": str(event)}
        return (await self.client.get(f"{self.url}/index.php", params=query)).content


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@asynccontextmanager
async def _process(*command: str, **more: object) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process group of its own, killed at the end."""
    process = await asyncio.create_subprocess_exec(
        *command, start_new_session=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, **more
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _ready(process: asyncio.subprocess.Process, what: str) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        line = await process.stdout.readline()
    assert line == b"ready\n", f"{what} did not start"


@asynccontextmanager
async def live_camera() -> AsyncIterator[str]:
    """An RTSP camera that films as time passes; yields its address."""
    port = _free_port()
    reading, writing = os.pipe()
    async with AsyncExitStack() as stack:
        try:
            serving = await stack.enter_async_context(
                _process(
                    "/usr/bin/python3",
                    str(SERVERS / "rtsp_live.py"),
                    str(port),
                    "live",
                    stdin=reading,
                    stdout=asyncio.subprocess.PIPE,
                )
            )
            await stack.enter_async_context(
                _process(sys.executable, str(SERVERS / "film_live.py"), stdout=writing)
            )
        finally:
            os.close(reading)
            os.close(writing)
        await _ready(serving, "the RTSP server")
        yield f"rtsp://127.0.0.1:{port}/live"


@asynccontextmanager
async def zoneminder(folder: Path) -> AsyncIterator[ZoneMinder]:
    """Started below the folder, which www-data must reach, with its two monitors recording."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}/zm"
    async with AsyncExitStack() as stack:
        camera = await stack.enter_async_context(live_camera())
        started = await stack.enter_async_context(
            _process(
                "bash",
                str(SERVERS / "zoneminder.sh"),
                str(folder),
                str(port),
                ZONE,
                stdout=asyncio.subprocess.PIPE,
            )
        )
        await _ready(started, "ZoneMinder")
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
        answer = await client.post(f"{url}/api/host/login.json", data={"user": USER, "pass": PASSWORD})
        client.params = httpx.QueryParams(token=answer.json()["access_token"])
        client.base_url = httpx.URL(f"{url}/api")
        await _add_monitor(client, "Quai 1", camera, Latitude="48.8809", Longitude="2.3553")
        await _add_monitor(client, "Hall 2", f"rtsp://127.0.0.1:{_free_port()}/none")
        yield ZoneMinder(url, client)


async def _add_monitor(client: httpx.AsyncClient, name: str, path: str, **more: str) -> None:
    facts = {
        "Name": name,
        "Type": "Ffmpeg",
        "Path": path,
        "Method": "rtpRtsp",
        "Function": "Record",
        "Enabled": "1",
        "Width": "512",
        "Height": "288",
        "Colours": "4",
        "SaveJPEGs": "0",
        "VideoWriter": "2",
        "SectionLength": str(SECTION_S),
        "MinSectionLength": "2",
        **more,
    }
    form = {f"Monitor[{key}]": value for key, value in facts.items()}
    assert (await client.post("/monitors.json", data=form)).json() == {"message": "Saved"}
