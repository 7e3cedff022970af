"""Work that may take long shows on a terminal that it is alive; a pipe gets the answer alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.broker.cli.test_host_commands import CONFIGURATION

LONG = {
    "ingest": (("ingest", "--once"), "synchronising rail-list"),
    "doctor": (("doctor",), "asking every network"),
    "verify": (("verify", "bundle.zip"), "checking bundle.zip"),
}


def on_a_terminal(folder: Path, *arguments: str) -> tuple[str, str]:
    """Standard output as in a pipe, standard error as a terminal shows it."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "broker.cli.main", *arguments]
    environment = os.environ | {"TERM": "xterm", "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=theirs
    ) as running:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # how Linux says that the terminal's last writer is gone
                break
            if not piece:
                break
            shown += piece
        assert running.stdout is not None
        printed = running.stdout.read().decode()
    os.close(ours)
    return printed, shown.decode()


@pytest.mark.parametrize("command", LONG)
def test_what_may_take_long_says_on_a_terminal_what_it_does(tmp_path: Path, command: str) -> None:
    (tmp_path / "entrevue.toml").write_text(CONFIGURATION)
    (tmp_path / "cameras.csv").write_text("id,name,lat,lon\n1,Hall,48.88,2.35\n")
    (tmp_path / "bundle.zip").write_bytes(b"")
    arguments, says = LONG[command]
    host = () if command == "verify" else ("--config", "entrevue.toml")
    printed, shown = on_a_terminal(tmp_path, *arguments, *host)
    assert says in shown
    assert says not in printed
