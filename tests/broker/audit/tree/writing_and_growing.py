"""A process that writes entries and grows the tree until it is killed. `… FILE PEM`; a line when it has begun."""

import asyncio
import sys
from pathlib import Path

from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.audit.tree.sequencer import Sequencer
from broker.clock import SystemClock
from broker.ledger.engine import Ledger
from broker.transparency.notes import KeyKind, read_key

ENTRY = NewEntry(operation=Operation.CONSULTATION, action="look", agency="rail", officer_id="off_1")


async def main() -> None:
    ledger, clock = Ledger(Path(sys.argv[1])), SystemClock()
    sequencer = Sequencer(
        ledger, clock, read_key(Path(sys.argv[2]).read_bytes(), "log.test/log", KeyKind.NOTE)
    )
    while True:
        for _ in range(3):
            await ledger.write_together(audit.append_together, audit.write_out(ENTRY, clock.now()))
        if await sequencer.catch_up():
            print(sequencer.standing, flush=True)  # noqa: T201  # it is waited for


asyncio.run(main())
