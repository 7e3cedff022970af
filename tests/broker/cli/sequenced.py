"""A set-up on disk whose log has entries and a tree, made by host commands and the broker's own sequencer."""

import asyncio
from pathlib import Path

from broker.audit.tree.keys import open_log_key
from broker.audit.tree.sequencer import Sequencer
from broker.clock import SystemClock
from broker.ledger.engine import Ledger
from tests.broker.cli.commands import Done, Entrevue
from tests.broker.cli.test_host_commands import CONFIGURATION

ORIGIN = "127.0.0.1:8080/log"


def host_options(folder: Path) -> tuple[str, str]:
    """The options that name a set-up in the folder; its data are in `data`."""
    (folder / "entrevue.toml").write_text(CONFIGURATION)
    (folder / "cameras.csv").write_text("id,name,lat,lon\n1,Hall,48.88,2.35\n")
    return ("--config", str(folder / "entrevue.toml"))


def add_officer(entrevue: Entrevue, host: tuple[str, str], name: str) -> Done:
    """One officer more, and an entry."""
    return entrevue(
        *("officer", "add", *host, "--agency", "rail", "--name", name, "--service", "Tests"),
        *("--number", "T-1", "--role", "auditor"),
    )


def sequence(data: Path) -> int:
    """Brings every entry into the tree, as a broker that runs does; how many there are."""
    key = open_log_key(data / "keys", ORIGIN)

    async def work() -> int:
        ledger = Ledger(data / "ledger.sqlite")
        try:
            return await Sequencer(ledger, SystemClock(), key).catch_up()
        finally:
            ledger.close()

    return asyncio.run(work())
