"""The footage behind a clip: what is held, and the originals where a hold is gone or cannot be opened."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog

from adapters.contract.errors import AskOwner, NotFound
from adapters.contract.models import Interval
from broker.catalog.models import Camera, native_id_of
from broker.errors import Problem
from broker.evidence.cut.models import SourceFile
from broker.holds.copies import Copies, CopyDamaged, CopySealed
from broker.holds.models import Hold, HoldPart, merged
from broker.ingest.recorder import Recorder
from broker.ingest.scratch import spool

WHOLE: Final = timedelta(seconds=1)


class Footage:
    """Brings files to a scratch folder, from wherever they are kept."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies
        self._log = structlog.get_logger("footage")

    async def fetch(
        self, recorder: Recorder, camera: Camera, hold: Hold | None, asked: Interval, folder: Path
    ) -> list[SourceFile]:
        """The files that cover what is asked. A hold that is gone does not matter while the originals are not."""
        native_id = native_id_of(camera.id)
        lacking: Exception | None = None
        if hold is not None and hold.is_kept and hold.held:
            try:
                return await self._held(recorder, hold, asked, folder)
            except NotFound as error:
                self._log.warning("hold is gone", hold=hold.id, error=error.message)
            except (CopySealed, CopyDamaged) as error:
                lacking = error
            except Problem as problem:
                if problem.code != "not_found":
                    raise
                lacking = CopyDamaged("the copy is no longer in the vault")
        sources = await spool(recorder.footage(native_id, asked, None), folder / "recorded")
        if lacking is None or hold is None or _covers(sources, hold, asked):
            return sources
        self._log.warning("copy is not used", hold=hold.id, error=str(lacking))
        if isinstance(lacking, CopySealed):
            raise AskOwner(str(lacking))
        if sources:
            return sources
        raise NotFound(str(lacking))

    async def _held(self, recorder: Recorder, hold: Hold, asked: Interval, folder: Path) -> list[SourceFile]:
        sources = list[SourceFile]()
        for number, (part, piece) in enumerate(_pieces(hold, asked)):
            beside = folder / f"held{number}"
            if part.handle is not None:
                messages = recorder.footage(native_id_of(hold.camera.id), piece, part.handle)
                sources += await spool(messages, beside)
            else:
                files = [file for file in part.files if file.valid.intersect(piece)]
                sources += await self._copies.open(hold.camera.agency, files, beside)
        return sources


def _pieces(hold: Hold, asked: Interval) -> list[tuple[HoldPart, Interval]]:
    """Of each part what is wanted of it: a file that two parts have is taken once."""
    parts = [part for part in hold.parts if not part.is_lost]
    if len(parts) == 1:
        return [(parts[0], asked)]
    pieces = []
    start = asked.start
    for part in parts:
        end = min(asked.end, max(held.end for held in part.held))
        if start < end:
            pieces.append((part, Interval(start=start, end=end)))
            start = end
    return pieces


def _covers(sources: Sequence[SourceFile], hold: Hold, asked: Interval) -> bool:
    """Whether they have whatever the hold has of what is asked."""
    there = merged([source.valid for source in sources])
    wanted = [part for held in hold.held if (part := held.intersect(asked)) is not None]
    return all(gap.duration <= WHOLE for part in wanted for gap in part.subtract(there))
