"""Importing any module does nothing: no file is written, no socket, thread or process is started."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, SHIPPED, sources

PROBE = Path(__file__).with_name("import_probe.py")
NOT_MODULES = ("broker.ledger.migrations.",)
"""Scripts that the migration tool runs by their path."""


def acts_of_importing(*modules: str, path: Path = ROOT) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-B", str(PROBE), *modules],
        env={"PYTHONPATH": f"{path}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_importing_every_module_does_nothing_else() -> None:
    modules = [source.module for source in sources(*SHIPPED) if not source.module.startswith(NOT_MODULES)]
    assert len(modules) > 100
    assert acts_of_importing(*modules) == []


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("open('written', 'w')", "writes"),
        ("import socket; socket.socket().bind(('127.0.0.1', 0))", "socket.bind"),
        (
            "import threading, time; threading.Thread(target=lambda: time.sleep(1)).start()",
            "starts the thread",
        ),
        ("import subprocess, sys; subprocess.Popen([sys.executable, '-V']).wait()", "subprocess.Popen"),
        ("import sqlite3; sqlite3.connect(':memory:').close()", "opens a database"),
    ],
)
def test_the_probe_notices_an_act(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loud.py").write_text(act + "\n")
    assert any(told in line for line in acts_of_importing("loud", path=tmp_path))
