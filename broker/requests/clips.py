"""Makes the clips of approved items: a job of the worker."""

import asyncio
import errno
import random
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from adapters.contract.errors import AdapterError, AskOwner, TryLater
from broker.agencies.authority import Authority
from broker.agencies.models import PolicyBook
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.catalog.models import native_id_of
from broker.clock import Clock
from broker.errors import Problem
from broker.evidence.cut.errors import CutError, NoFootage
from broker.evidence.cut.models import CutResult, HiddenFrames, Part
from broker.evidence.cut.service import cut
from broker.holds import store as holds
from broker.ingest.recorder import Recorders
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease, retry_at
from broker.requests import queue, store
from broker.requests.entitlement import still_entitled
from broker.requests.models import Clip, ClipFacts, Item, Request
from broker.requests.scratch import scratch_folder, spool
from broker.requests.states import ItemState
from broker.vault.store import Vault, clip_key

Claimed = tuple[Request, Item]


@dataclass(frozen=True)
class ClipTools:
    """What making a clip needs."""

    ledger: Ledger
    recorders: Recorders
    vault: Vault
    authority: Authority
    clock: Clock
    jitter: random.Random
    scratch: Path
    max_attempts: int


class MakeClips:
    """Fetches, cuts and stores; the item is completed only when its clips are in the vault."""

    name = "make clips"
    lanes = 2

    def __init__(self, tools: ClipTools) -> None:
        self._tools = tools
        self._ledger = tools.ledger

    async def claim(self, lease: Lease) -> Claimed | None:
        at = self._tools.clock.now()
        if not await self._ledger.read(lambda c: queue.has_due_item(c, at)):
            return None
        return await self._ledger.write(lambda c: queue.claim_item(c, lease, at))

    async def renew(self, claimed: Claimed, lease: Lease) -> bool:
        return await self._ledger.write(lambda c: queue.renew_item(c, claimed[1], lease))

    async def carry_out(self, claimed: Claimed, owner: str) -> None:
        request, item = claimed
        if not await self._entitled(request, item):
            reason = "the right to this footage ended before it was delivered"
            await self._end(request, item, owner, ItemState.CANCELLED, reason)
            return
        try:
            async with scratch_folder(self._tools.scratch) as folder:
                result = await self._cut(item, folder)
                clips = [await self._store(item, n, part) for n, part in enumerate(result.parts, start=1)]
        except NoFootage as error:
            await self._end(request, item, owner, ItemState.UNAVAILABLE, error.message)
        except CutError as error:
            await self._end(request, item, owner, ItemState.UNAVAILABLE, error.message)
        except (TryLater, AskOwner) as error:
            await self._again(request, item, owner, error.message, error.retry_after_s)
        except AdapterError as error:
            await self._end(request, item, owner, ItemState.UNAVAILABLE, error.message)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            await self._again(request, item, owner, "no room on the broker's disk to cut the clip", 60.0)
        except Problem as problem:
            if problem.kind.status < 500:
                raise
            await self._again(request, item, owner, problem.detail, 30.0)
        else:
            await self._complete(request, item, owner, result, tuple(clips))

    async def fail(self, claimed: Claimed, owner: str) -> None:
        await self._again(*claimed, owner, "failed inside; will be tried again", None)

    async def _entitled(self, request: Request, item: Item) -> bool:
        book: PolicyBook = await self._tools.authority.fresh_book()
        at = self._tools.clock.now()
        return await self._ledger.read(lambda c: still_entitled(c, request, item, book, at))

    async def _cut(self, item: Item, folder: Path) -> CutResult:
        recorder = self._tools.recorders.get(item.camera.network)
        asked = item.approved or item.requested
        handle = None if item.hold is None else item.hold.handle
        native_id = native_id_of(item.camera.id)
        await recorder.measure_clock()
        sources = await spool(recorder.footage(native_id, asked, handle), folder)
        if not sources:
            raise NoFootage("the recorder has no footage of this interval", ())
        output = folder / "clips"
        output.mkdir()
        return await asyncio.to_thread(
            cut, sources, asked, output, keep_audio=item.audio, name=lambda part: f"{item.n}.{part}.mp4"
        )

    async def _store(self, item: Item, number: int, part: Part) -> Clip:
        key = clip_key(item.request_id, item.n, number)
        await self._tools.vault.put_file(key, part.path)
        return Clip(
            n=item.n,
            part=number,
            vault_key=key,
            size=part.size,
            sha256=part.sha256,
            facts=_facts(part),
        )

    async def _complete(
        self, request: Request, item: Item, owner: str, result: CutResult, clips: tuple[Clip, ...]
    ) -> None:
        at = self._tools.clock.now()
        problems = "; ".join(problem.text for problem in result.problems)

        def work(connection: Connection) -> None:
            if not queue.is_item_leased(connection, item, owner):
                return
            store.add_clips(connection, item, clips, result.gaps, at)
            store.move_item(connection, item, ItemState.COMPLETED, at, reason=problems or None)
            if item.hold is not None and not item.hold.judicial:
                holds.schedule_release(connection, item.hold.id, at)
            audit.append(connection, _entry(request, item, "make_clips", clips), at)

        await self._ledger.write(work)

    async def _end(self, request: Request, item: Item, owner: str, state: ItemState, reason: str) -> None:
        at = self._tools.clock.now()

        def work(connection: Connection) -> None:
            if not queue.is_item_leased(connection, item, owner):
                return
            store.move_item(connection, item, state, at, reason=reason)
            if item.hold is not None and not item.hold.judicial:
                holds.schedule_release(connection, item.hold.id, at)
            audit.append(connection, _entry(request, item, f"item_{state.value}", ()), at)

        await self._ledger.write(work)

    async def _again(
        self, request: Request, item: Item, owner: str, reason: str, after_s: float | None
    ) -> None:
        """Tries again later; after too many attempts the item ends, saying why."""
        if item.attempts >= self._tools.max_attempts:
            await self._end(
                request, item, owner, ItemState.UNAVAILABLE, f"given up after {item.attempts} tries: {reason}"
            )
            return
        at = self._tools.clock.now()
        due_at = retry_at(item.attempts, at, self._tools.jitter, after_s)

        def work(connection: Connection) -> None:
            if queue.is_item_leased(connection, item, owner):
                store.move_item(connection, item, ItemState.APPROVED, at, reason=reason, due_at=due_at)

        await self._ledger.write(work)


def _facts(part: Part) -> ClipFacts:
    head, tail = part.hidden_head, part.hidden_tail
    return ClipFacts(
        interval=part.interval,
        first_frame_at=part.first_frame_at,
        last_frame_at=part.last_frame_at,
        frames_shown=part.frames_shown,
        hidden_head_packets=_packets(head),
        hidden_head=head.interval if head else None,
        hidden_tail_packets=_packets(tail),
        hidden_tail=tail.interval if tail else None,
        codec=part.codec,
        width=part.width,
        height=part.height,
        has_audio=part.has_audio,
    )


def _packets(hidden: HiddenFrames | None) -> int:
    return hidden.packets if hidden else 0


def _entry(request: Request, item: Item, action: str, clips: tuple[Clip, ...]) -> NewEntry:
    return NewEntry(
        operation=Operation.COLLECTION,
        action=action,
        officer_id=audit.HOST,
        objects=(request.id, item.camera.id, *(clip.sha256 for clip in clips)),
        owners=(item.camera.agency, request.agency),
        purpose=request.purpose,
        case_ref=request.case_ref,
        request_id=request.id,
    )
