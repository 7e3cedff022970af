"""Starts the real OpenID provider of server.mjs, whose packages are installed once into the user's cache."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.requirements import executable, node_packages

FOLDER = Path(__file__).resolve().parent
CLIENT_ID = "entrevue"
CLIENT_SECRET = "a secret of these tests & no other"


@dataclass(frozen=True)
class RealProvider:
    """A running one. `issuer` is its address."""

    issuer: str

    def set_client(self, public_url: str) -> None:
        """Where the broker is: browsers are sent back there and nowhere else."""
        httpx.post(f"{self.issuer}/control/client", json={"public_url": public_url}).raise_for_status()

    def set_person(self, sub: str, **claims: Any) -> None:
        """Whoever signs in next is this one."""
        httpx.post(f"{self.issuer}/control/person", json={"sub": sub, **claims}).raise_for_status()

    def rotate_keys(self) -> None:
        """It signs with a new key from now on, and has the old one no more."""
        httpx.post(f"{self.issuer}/control/keys").raise_for_status()


def installed() -> Path:
    """The folder with the packages, named by what they are."""
    lock = (FOLDER / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "entrevue-tests"
    folder = cache / f"identity-provider-{hashlib.sha256(lock).hexdigest()[:16]}"
    executable("node", "nodejs")
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as begun:
            made = Path(begun) / "made"
            made.mkdir()
            node_packages(made, FOLDER)
            made.rename(folder)
    return folder


@contextmanager
def run_provider(errors: Path) -> Iterator[RealProvider]:
    """Runs until the block ends; what it complains about is in `errors`."""
    server = installed() / "server.mjs"
    shutil.copy(FOLDER / "server.mjs", server)
    command = ["node", server, CLIENT_ID, CLIENT_SECRET]
    with (
        errors.open("w") as complaints,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            issuer = process.stdout.readline().strip()
            assert issuer.startswith("http://127.0.0.1:"), errors.read_text()
            yield RealProvider(issuer)
        finally:
            process.terminate()
