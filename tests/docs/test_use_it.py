"""The guide "Use it" is followed word for word against a broker that answers HTTP, and so are the host's commands."""

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import uvicorn

from adapters.contract.models import Interval, format_instant
from broker.agencies.models import Role
from broker.api import create_api
from tests.docs.pages import Page, installed_path, page
from tests.requirements import executable
from tests.world import NOW, TestBroker

GUIDE = page("docs/guide/use-it.md")
ASKED = Interval(start=NOW - timedelta(minutes=5), end=NOW - timedelta(minutes=3))
LONGEST_S = 240.0
"""A dozen processes that load the whole command, on a machine that runs other tests too."""


@dataclass(frozen=True)
class Ran:
    status: int
    output: str
    errors: str


@asynccontextmanager
async def served(broker: TestBroker) -> AsyncIterator[str]:
    """The broker's address on the loopback, with its worker at work."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen()  # who calls before the server has begun waits
    server = uvicorn.Server(
        uvicorn.Config(create_api(broker.broker.services), log_level="warning", lifespan="off")
    )
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    working = asyncio.create_task(broker.broker.worker.run())
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        server.should_exit = True
        await serving
        bound.close()


async def shell(script: str, folder: Path, **variables: str) -> Ran:
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script),
        cwd=folder,
        env={"PATH": installed_path(), "HOME": str(folder), **variables},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), LONGEST_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ran(process.returncode or 0, output.decode(), errors.decode())


async def follow(broker: TestBroker, heading: str, folder: Path) -> Ran:
    """Runs every block below the heading in one shell, with the variables that "Begin" sets."""
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    text = GUIDE.text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    (folder / "requisition.pdf").write_bytes(b"%PDF-1.7\n%%EOF\n")
    written = folder / "part.md"
    written.write_text(text)
    async with served(broker) as address:
        return await shell(
            "".join(Page(written).blocks("sh")),
            folder,
            ENTREVUE_SERVER=address,
            ENTREVUE_PURPOSE="judicial_inquiry",
            ENTREVUE_CASE="PV-2026-118",
            INVESTIGATOR=investigator.token,
            CUSTODIAN=custodian.token,
            CAMERA="rail-cctv:r1",
            START=format_instant(ASKED.start),
            END=format_instant(ASKED.end),
        )


async def test_the_main_job_is_done_by_the_commands_as_they_are_written(
    broker: TestBroker, tmp_path: Path
) -> None:
    done = await follow(broker, "By command", tmp_path)
    assert done.status == 0, done.errors + done.output
    assert "rail-cctv:r1" in done.output
    (bundle,) = (tmp_path / "evidence").glob("*.zip")
    assert "FAILED" not in done.output
    assert (tmp_path / "evidence/clips/1.1.mp4").exists()
    assert bundle.stat().st_size > (tmp_path / "evidence/clips/1.1.mp4").stat().st_size


async def test_the_main_job_is_done_by_the_calls_as_they_are_written(
    broker: TestBroker, tmp_path: Path
) -> None:
    executable("curl", "curl")
    done = await follow(broker, "By HTTP", tmp_path)
    assert done.status == 0, done.errors + done.output
    assert (tmp_path / "bundle.zip").read_bytes()[:2] == b"PK"
    assert (tmp_path / "clip.mp4").stat().st_size == 1024


async def test_the_beginning_takes_the_tokens_from_the_demo(tmp_path: Path) -> None:
    (begin,) = [block for block in GUIDE.blocks("sh") if "demo.json" in block]
    (tmp_path / "entrevue-demo").mkdir()
    (tmp_path / "entrevue-demo/demo.json").write_text(
        '{"officers": {"police.investigator": {"token": "ent_i"}, "sncf.custodian": {"token": "ent_c"}}}'
    )
    done = await shell(f'{begin}\necho "$INVESTIGATOR $CUSTODIAN $START/$END"', tmp_path)
    assert done.status == 0, done.errors
    tokens, _, interval = done.output.strip().rpartition(" ")
    assert tokens == "ent_i ent_c"
    start, _, end = interval.partition("/")
    assert start < end
    assert end.endswith("Z")


async def test_the_stated_backup_is_a_whole_ledger(broker: TestBroker, tmp_path: Path) -> None:
    await broker.officer("rail", Role.CUSTODIAN)
    for folder in ("data/keys", "backup"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (command,) = [block for block in page("docs/guide/run-a-broker.md").blocks("sh") if "backup" in block]
    done = await shell(command, tmp_path)
    assert done.status == 0, done.errors
    with closing(sqlite3.connect(tmp_path / "backup/ledger.sqlite")) as copied:
        assert copied.execute("select count(*) from officers").fetchone() == (1,)
    assert (tmp_path / "backup/vault").is_dir()
