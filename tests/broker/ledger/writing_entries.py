"""A process of 32 writers of entries in one ledger. `… URL COUNT`: so many by each writer, every entry awaited."""

import asyncio
import sys

from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.clock import SystemClock
from broker.ledger.engine import Ledger
from broker.ledger.postgresql import DatabaseUrl

WRITERS = 32
ENTRY = NewEntry(operation=Operation.CONSULTATION, action="look", agency="rail", officer_id="off_1")


async def main() -> None:
    ledger, clock = Ledger(DatabaseUrl.parsed(sys.argv[1])), SystemClock()

    async def write() -> list[int]:
        found = []
        for _ in range(int(sys.argv[2])):
            entry = audit.write_out(ENTRY, clock.now())
            receipt = await ledger.write_together(audit.append_together, entry)
            assert receipt is not None
            found.append(receipt.sequence)
        return found

    numbers = await asyncio.gather(*(write() for _ in range(WRITERS)))
    ledger.close()
    print(*sorted(number for found in numbers for number in found))  # noqa: T201  # it is read


asyncio.run(main())
