"""Every rule by which something goes, together: what would go by a day, and letting it go now."""

from datetime import datetime

from broker.audit.erasure.service import Erasure
from broker.clock import Clock
from broker.holds import orders
from broker.ledger.engine import Ledger
from broker.requests.retaining import EraseEvidence
from broker.retention.models import Going, Rule
from broker.retention.snapshots import EraseSnapshots


class Retention:
    """The service of retention. Holds are let go by the workers' job that does nothing else."""

    def __init__(
        self,
        evidence: EraseEvidence,
        snapshots: EraseSnapshots,
        people: Erasure,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._evidence = evidence
        self._snapshots = snapshots
        self._people = people
        self._ledger = ledger
        self._clock = clock

    async def due(self, by: datetime | None = None) -> list[Going]:
        """What goes by then, without letting it go; by now where nothing is said. Soonest first."""
        by = by or self._clock.now()
        going = [
            Going(
                rule=Rule.EVIDENCE,
                subject=request.id,
                at=request.erase_at,
                count=len(request.vault_keys),
                owners=request.owners,
            )
            for request in await self._evidence.due(by)
            if request.erase_at is not None
        ]
        going += [
            Going(
                rule=Rule.HOLD,
                subject=hold.id,
                at=hold.over_since or by,
                count=len(hold.parts),
                owners=(hold.camera.agency,),
            )
            for hold in await self._ledger.read(lambda c: orders.ending(c, by))
        ]
        going += [
            Going(
                rule=Rule.SNAPSHOT,
                subject=camera_id,
                at=entry.changed_at + self._snapshots.kept,
                count=1,
                owners=(),
            )
            async for camera_id, entry in self._snapshots.due(by)
        ]
        if (people := await self._people.due(by)) is not None:
            at, count = people
            going.append(Going(rule=Rule.PEOPLE, subject="log", at=at, count=count, owners=()))
        return sorted(going, key=lambda each: (each.at, each.subject))

    async def run(self) -> None:
        """Lets go of what is due: evidence, pictures, people in the log."""
        await self._evidence.run()
        await self._snapshots.run()
        await self._people.run()
