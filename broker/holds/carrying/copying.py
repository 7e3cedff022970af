"""Copies footage that its recorder cannot keep into its owner's vault, sealed to the owner's key."""

from collections import Counter
from collections.abc import Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from adapters.contract.models import Interval
from broker.catalog.models import native_id_of
from broker.holds import store
from broker.holds.carrying.jobs import JobTools
from broker.holds.carrying.keeping import KeepHolds, NotePlaced
from broker.holds.copies import Copies
from broker.holds.models import CopiedFile, Ending, Finding, Hold, HoldMethod, HoldPart, HoldState, merged
from broker.holds.store import HoldTask, Room
from broker.ingest.recorder import Recorder
from broker.ledger import exports
from broker.ledger.leases import Lease

FILES_A_PART: Final = 16
"""After so many files what is copied is made durable: whoever takes over goes on from there."""


class CopyHolds(KeepHolds):
    """Fetches as a clip does, at most so many at a time from one recorder, of all that is fetched there."""

    name = "copy holds"
    task = HoldTask.COPY
    lanes = 2

    def __init__(
        self,
        tools: JobTools,
        extend_s: float,
        note_placed: NotePlaced,
        copies: Copies,
        exports_at_once: Mapping[str, int],
    ) -> None:
        super().__init__(tools, extend_s, note_placed)
        self._copies = copies
        self._exports_at_once = exports_at_once

    def _claim(self, connection: Connection, lease: Lease, at: datetime) -> list[Hold]:
        full = exports.full_networks(connection, at, self._exports_at_once)
        return store.claim(connection, lease, at, self.task, Room(1, Counter(dict.fromkeys(full, 1))))

    async def _keep(
        self, hold: Hold, recorder: Recorder, missing: Interval, owner: str
    ) -> tuple[HoldPart, ...]:
        parts, files = hold.parts, list[CopiedFile]()
        footage = recorder.footage(native_id_of(hold.camera.id), missing, None)
        async with aclosing(self._copies.seal(footage, hold, len(parts) + 1)) as copied:
            async for file in copied:
                files.append(file)
                if len(files) == FILES_A_PART:
                    parts, files = (*parts, _part(files)), []
                    await self._save(hold, owner, parts)
        return (*parts, _part(files)) if files else parts

    async def _without(
        self, hold: Hold, recorder: Recorder, finding: Finding | None
    ) -> Ending | dict[str, Any]:
        reason = "its recorder handed out none of it to copy"
        return Ending(hold=hold, state=HoldState.FAILED, reason=reason, finding=finding)


def _part(files: list[CopiedFile]) -> HoldPart:
    return HoldPart(how=HoldMethod.COPIED, held=merged([file.valid for file in files]), files=tuple(files))
