"""One process that runs a network's rounds, for `benchmarks.ingest.rounds`. `… SOCKET FOLDER`.

For each line on its standard input it synchronises the list of that folder once, as the schedule does, and prints when
the round began and ended, in seconds of the machine's monotonic clock, what it found, and the most memory that the
process ever had, in bytes.
"""

import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from broker.app import Host, build
from broker.catalog.connection import client_of_socket
from broker.catalog.store import CatalogStore
from broker.clock import SystemClock
from broker.garbage import collect_seldom
from broker.identifiers import RandomIdentifiers
from broker.logs import configure_logs
from broker.settings import Settings
from broker.stores import open_ledger

NETWORK = "list"


def settings_of(folder: Path) -> Settings:
    """A broker of one network, whose list lies in the folder."""
    network = {"id": NETWORK, "agency": "town", "adapter": "camera_list", "refresh_s": 3600}
    return Settings.model_validate(
        {
            "broker": {"data": folder / "broker"},
            "agency": [{"id": "town", "name": "Town"}],
            "network": [network | {"options": {"cameras": str(folder / "cameras.csv")}}],
            "base_dir": folder,
        }
    )


async def main() -> None:
    socket, folder = Path(sys.argv[1]), Path(sys.argv[2])
    configure_logs()
    collect_seldom()
    settings = settings_of(folder)
    host = Host(SystemClock(), RandomIdentifiers(), random.SystemRandom())
    async with open_ledger(settings) as ledger, client_of_socket(socket) as redis:
        broker = build(settings, host, ledger, CatalogStore(redis))
        print("ready", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            began, processor = time.monotonic(), time.process_time()
            report = await broker.schedule.run_now(settings.network[0])
            if report.error is not None:
                raise RuntimeError(report.error)
            counts = report.model_dump(include={"found", "added", "changed", "vanished"})
            told: dict[str, Any] = {
                "began": began,
                "ended": time.monotonic(),
                "peak_bytes": _peak_bytes(),
                **counts,
            }
            told["processor_s"] = time.process_time() - processor
            print(json.dumps(told), flush=True)
        await broker.recorders.aclose()


def _peak_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
