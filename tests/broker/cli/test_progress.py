"""Work that may take long shows on a terminal that it is alive; a pipe gets the answer alone."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.broker.cli.test_host_commands import CONFIGURATION

LONG = {
    "ingest": (("ingest", "--once"), "synchronising rail-list"),
    "doctor": (("doctor",), "asking every network"),
    "verify": (("verify", "bundle.zip"), "checking bundle.zip"),
}


@dataclass
class OnTerminal:
    """A command whose standard error is a terminal and whose standard output is a pipe."""

    process: subprocess.Popen[bytes]
    terminal: int
    shown: bytes = b""

    def read_until(self, text: str | None) -> None:
        """Reads what the terminal shows up to the text, to its end for None or where the text never comes."""
        while text is None or text.encode() not in self.shown:
            try:
                piece = os.read(self.terminal, 4096)
            except OSError:  # how Linux says that the terminal's last writer is gone
                return
            if not piece:
                return
            self.shown += piece


@contextmanager
def on_a_terminal(folder: Path, *arguments: str) -> Iterator[OnTerminal]:
    ours, theirs = os.openpty()
    environment = os.environ | {"TERM": "xterm", "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-m", "broker.cli.main", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=theirs
    ) as running:
        os.close(theirs)
        yield OnTerminal(running, ours)
    os.close(ours)


@pytest.mark.parametrize("command", LONG)
def test_what_may_take_long_says_on_a_terminal_what_it_does(tmp_path: Path, command: str) -> None:
    (tmp_path / "entrevue.toml").write_text(CONFIGURATION)
    (tmp_path / "cameras.csv").write_text("id,name,lat,lon\n1,Hall,48.88,2.35\n")
    (tmp_path / "bundle.zip").write_bytes(b"")
    arguments, says = LONG[command]
    host = () if command == "verify" else ("--config", "entrevue.toml")
    with on_a_terminal(tmp_path, *arguments, *host) as running:
        running.read_until(None)
        assert running.process.stdout is not None
        printed = running.process.stdout.read().decode()
    assert says in running.shown.decode()
    assert says not in printed


def test_a_broker_that_takes_long_is_said_to_be_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTREVUE_TOKEN", "t")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with on_a_terminal(tmp_path, "requests", "--server", server) as running:
            running.read_until(f"waiting for {server}")
            accepted, _ = silent.accept()
            accepted.close()
            running.read_until(None)
    assert f"waiting for {server}" in running.shown.decode()
    assert running.process.returncode == 3


def test_the_demo_shows_a_bar_while_it_films(tmp_path: Path) -> None:
    with on_a_terminal(tmp_path, "demo", "--port", "0", "--data", "d") as running:
        running.read_until("%")
        running.process.send_signal(signal.SIGTERM)
        running.read_until(None)
    assert "filming the last minutes" in running.shown.decode()
    assert running.process.returncode == 0
