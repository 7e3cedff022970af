"""The embedded Valkey is private, one broker's, ends with it however that ends, and comes back by itself."""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from broker.catalog.connection import client_of_socket
from broker.catalog.embedded import EmbeddedValkey, OwnedData, read_socket_path
from broker.errors import SetupProblem
from tests.broker.catalog.waiting import until
from tests.process_ids import runs

OWNING_BROKER = Path(__file__).with_name("owning_broker.py")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedValkey]:
    started = EmbeddedValkey(tmp_path)
    await started.start()
    yield started
    await started.stop()


async def configured(data: Path, name: str) -> str:
    async with client_of(data) as redis:
        return str((await redis.config_get(name))[name])


@asynccontextmanager
async def client_of(data: Path) -> AsyncIterator[Redis]:
    path = read_socket_path(data)
    assert path is not None
    redis = client_of_socket(path)
    yield redis
    await redis.aclose()


async def test_the_socket_is_its_owners_alone_and_no_port_is_open(
    server: EmbeddedValkey, tmp_path: Path
) -> None:
    path = read_socket_path(tmp_path)
    assert path is not None
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert await configured(tmp_path, "port") == "0"
    inodes = {str(entry.readlink()) for entry in Path(f"/proc/{server.process_id}/fd").iterdir()}
    listening = [
        line.split()[9]
        for name in ("tcp", "tcp6", "udp", "udp6")
        for line in Path(f"/proc/{server.process_id}/net/{name}").read_text().splitlines()[1:]
    ]
    assert not inodes & {f"socket:[{inode}]" for inode in listening}


async def test_nothing_is_kept_on_disk(server: EmbeddedValkey, tmp_path: Path) -> None:
    assert await configured(tmp_path, "save") == ""
    assert await configured(tmp_path, "appendonly") == "no"


async def test_stopping_takes_the_server_the_socket_and_its_folder_away(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path)
    path = await server.start()
    process_id = server.process_id
    assert process_id is not None and runs(process_id)
    await server.stop()
    assert not runs(process_id)
    assert not path.parent.exists()
    assert read_socket_path(tmp_path) is None


async def test_a_server_that_is_killed_comes_back_on_the_same_socket(
    server: EmbeddedValkey, tmp_path: Path
) -> None:
    before, first = read_socket_path(tmp_path), server.process_id
    assert before is not None and first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: server.process_id != first and read_socket_path(tmp_path) == before)
    async with client_of(tmp_path) as redis:
        assert await redis.ping()


async def test_a_server_that_cannot_start_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "valkey.log").mkdir()
    with pytest.raises(SetupProblem, match=r"did not start: see .*valkey\.log"):
        await EmbeddedValkey(tmp_path).start()


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_the_server_ends_with_its_parent_and_frees_the_folder(
    tmp_path: Path, by: signal.Signals
) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, str(OWNING_BROKER), str(tmp_path), stdout=-1, stderr=asyncio.subprocess.DEVNULL
    )
    assert parent.stdout is not None
    process_id = int(await asyncio.wait_for(parent.stdout.readline(), 20))
    assert runs(process_id)
    with pytest.raises(SetupProblem, match=f"process {parent.pid}.*stop it, or choose another folder"):
        OwnedData(tmp_path).take()

    parent.send_signal(by)
    await parent.wait()
    await until(lambda: not runs(process_id))
    assert read_socket_path(tmp_path) is None
    owned = OwnedData(tmp_path)
    owned.take()
    owned.free()


def test_a_folder_has_one_owner_at_a_time(tmp_path: Path) -> None:
    first, second = OwnedData(tmp_path / "data"), OwnedData(tmp_path / "data")
    first.take()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    with pytest.raises(SetupProblem, match=f"process {os.getpid()}"):
        second.take()
    first.free()
    second.take()
    second.free()


def test_a_socket_that_nobody_listens_on_is_no_running_broker(tmp_path: Path) -> None:
    assert read_socket_path(tmp_path) is None
    (tmp_path / "broker.socket").write_text(str(tmp_path / "gone.sock"))
    assert read_socket_path(tmp_path) is None
