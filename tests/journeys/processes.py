"""Real processes of the command: started, spoken to, stopped by process id, and looked for afterwards.

Every process of one `Machine` has the machine's temporary folder in its environment, which children inherit,
so that whatever is left running is found, also where its parent died. Valkey overwrites its environment with
its title, but that title names a socket in the same folder.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
COMMAND = (sys.executable, "-m", "broker.cli.main")
AS_FROM_A_TERMINAL = ("env", "--default-signal=INT,HUP")
"""A test run in the background may have been told to ignore these; coreutils' env runs the command in its place."""

DEADLINE_S = 60.0
POLL_S = 0.02
ROOT = Path(__file__).parents[2]


def eventually(what: str, found: Callable[[], T | None], deadline_s: float = DEADLINE_S) -> T:
    """The first thing found that is neither None nor false; AssertionError after the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        seen = found()
        if seen:
            return seen
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        time.sleep(POLL_S)


@dataclass
class Running:
    """A process of the command that goes on until it is stopped; its output goes to files."""

    process: subprocess.Popen[bytes]
    output: Path
    errors: Path

    def first_line(self) -> str:
        """What it printed first; AssertionError when it ends before."""

        def line() -> str | None:
            text = self.output.read_text()
            if "\n" in text:
                return text.partition("\n")[0]
            assert self.process.poll() is None, f"it ended: {self.errors.read_text()}"
            return None

        return eventually("a first line", line)

    def stop(self, number: int = signal.SIGTERM, deadline_s: float = 20.0) -> int:
        """Sends the signal and returns the exit status."""
        self.process.send_signal(number)
        return self.process.wait(deadline_s)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class Machine:
    """Where commands run: an environment of their own and the processes started in it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    temporary: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="ev-", dir="/tmp")))
    started: list[Running] = field(default_factory=list)

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ENTREVUE_")}
        path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
        return (
            kept
            | {"PATH": path, "PYTHONPATH": str(ROOT), "TMPDIR": str(self.temporary)}
            | self.environment
            | more
        )

    def run(
        self, *arguments: str, timeout_s: float = DEADLINE_S, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """One command to its end; `variables` join its environment."""
        return subprocess.run(
            [*COMMAND, *arguments],
            env=self._environment(variables),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def shell(self, script: str, timeout_s: float = DEADLINE_S) -> subprocess.CompletedProcess[str]:
        """A script as a person pastes it; it ends at the first command that fails."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=self._environment({}),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def start(self, *arguments: str, **variables: str) -> Running:
        """A process that goes on."""
        count = len(self.started)
        output, errors = self.folder / f"process-{count}.out", self.folder / f"process-{count}.err"
        with output.open("wb") as out, errors.open("wb") as err:
            process = subprocess.Popen(
                [*AS_FROM_A_TERMINAL, *COMMAND, *arguments],
                env=self._environment(variables),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        running = Running(process, output, errors)
        self.started.append(running)
        return running

    def alive(self) -> dict[int, str]:
        """Every living process of this machine: process id → command line."""
        return dict(self._marked())

    def _marked(self) -> Iterator[tuple[int, str]]:
        mark = str(self.temporary).encode()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with suppress(OSError):
                # a zombie has neither environment nor command line any more
                command = (entry / "cmdline").read_bytes()
                if mark in command or b"TMPDIR=" + mark in (entry / "environ").read_bytes().split(b"\0"):
                    yield int(entry.name), command.replace(b"\0", b" ").decode(errors="replace")

    def wait_until_empty(self, deadline_s: float = 15.0) -> None:
        """Nothing that was started here is left."""
        try:
            eventually("every process ended", lambda: not self.alive(), deadline_s)
        except AssertionError as error:
            raise AssertionError(f"left running: {self.alive()}") from error

    def clear(self) -> None:
        """Ends whatever a failed test left, by process id."""
        for running in self.started:
            if running.process.poll() is None:
                running.kill()
        for process_id in self.alive():
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
        shutil.rmtree(self.temporary, ignore_errors=True)
