"""Proves one entry in a new process, once it is ready to answer, and prints how long it took. `… FILE INDEX`."""

import asyncio
import json
import sys
import time
from pathlib import Path

from broker.audit.service import AuditLog
from broker.audit.tree.service import LogTree
from broker.clock import SystemClock
from broker.ledger.engine import Ledger


async def main() -> None:
    began = time.perf_counter()
    ledger = Ledger(Path(sys.argv[1]))
    tree = LogTree(ledger, SystemClock(), ())
    await AuditLog(ledger, SystemClock()).check()
    opened = time.perf_counter()
    await tree.inclusion(int(sys.argv[2]))
    proven = time.perf_counter()
    ledger.close()
    print(json.dumps({"opening_s": opened - began, "proof_s": proven - opened}))


if __name__ == "__main__":
    asyncio.run(main())
