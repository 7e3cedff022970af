"""Makes the clips of approved items: a job of the worker."""

import errno
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection

from adapters.contract.errors import AdapterError, AskOwner, TryLater
from adapters.contract.models import Interval
from broker.agencies.authority import Authority
from broker.agencies.models import PolicyBook
from broker.audit import store as audit
from broker.clock import Clock
from broker.errors import Problem
from broker.evidence.cut.errors import CutError, NoFootage
from broker.evidence.cut.models import CutResult, HiddenFrames, Part
from broker.evidence.cut.service import cut
from broker.holds import orders
from broker.holds.footage import Footage
from broker.ingest.recorder import Recorder, Recorders
from broker.ingest.scratch import scratch_folder, to_its_end
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease, ask_again_at, is_given_up, let_go, put_off, retry_at
from broker.requests import queue, store
from broker.requests.entitlement import still_entitled
from broker.requests.models import Clip, ClipFacts, Item, Request
from broker.requests.service import host_entry
from broker.requests.states import ItemState
from broker.requests.sweeping import keep_named_clips
from broker.vault.keys import clip_key
from broker.vault.store import Vault

Claimed = tuple[Request, Item]


@dataclass(frozen=True)
class Made:
    """An item's clips, in the vault. `problems` is for a person, empty where there were none."""

    clips: tuple[Clip, ...]
    gaps: tuple[Interval, ...]
    problems: str
    clock_offset_ms: float | None


@dataclass(frozen=True)
class ClipTools:
    """What making a clip needs."""

    ledger: Ledger
    recorders: Recorders
    footage: Footage
    exports_at_once: Mapping[str, int]
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
        self._log = structlog.get_logger("clips")

    async def claim(self, lease: Lease) -> Claimed | None:
        at = self._tools.clock.now()
        if not await self._ledger.read(lambda c: queue.has_due_item(c, at)):
            return None
        return await self._ledger.write(lambda c: queue.claim_item(c, lease, at, self._tools.exports_at_once))

    async def renew(self, claimed: Claimed, lease: Lease) -> bool:
        return await self._ledger.write(lambda c: queue.renew_item(c, claimed[1], lease))

    async def carry_out(self, claimed: Claimed, owner: str) -> None:
        request, item = claimed
        if item.attempts > self._tools.max_attempts:
            reason = f"set aside: {item.attempts - 1} tries ended without a word"
            await self._end(request, item, owner, ItemState.UNAVAILABLE, reason)
            return
        if not await self._entitled(request, item):
            reason = "the right to this footage ended before it was delivered"
            await self._end(request, item, owner, ItemState.CANCELLED, reason)
            return
        try:
            made = await self._make(item)
        except CutError as error:
            await self._end(request, item, owner, ItemState.UNAVAILABLE, error.message)
        except (TryLater, AskOwner) as error:
            await self._wait(request, item, owner, error.message, error.retry_after_s)
        except AdapterError as error:
            await self._end(request, item, owner, ItemState.UNAVAILABLE, error.message)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            await self._wait(request, item, owner, "no room on the broker's disk to cut the clip", 60.0)
        except Problem as problem:
            if problem.kind.status < 500:
                raise
            await self._wait(request, item, owner, problem.detail, 30.0)
        else:
            await self._complete(request, item, owner, made)

    async def fail(self, claimed: Claimed, owner: str) -> None:
        request, item = claimed
        if item.attempts >= self._tools.max_attempts:
            reason = f"set aside: failed inside {item.attempts} times"
            await self._end(request, item, owner, ItemState.UNAVAILABLE, reason)
            return
        due_at = retry_at(item.attempts, self._tools.clock.now(), self._tools.jitter)
        await self._leave(item, owner, "failed inside; will be tried again", let_go(due_at))

    async def clear_up(self, claimed: Claimed) -> None:
        """A request that was withdrawn under way keeps no clip that nobody will ask for."""
        await keep_named_clips(self._ledger, self._tools.vault, claimed[0].id)

    async def _entitled(self, request: Request, item: Item) -> bool:
        at = self._tools.clock.now()

        def decide(book: PolicyBook) -> Callable[[Connection], bool]:
            return lambda connection: still_entitled(connection, request, item, book, at)

        return await self._tools.authority.decide(decide)

    async def _make(self, item: Item) -> Made:
        recorder = await self._tools.recorders.get(item.camera.network).with_clock()
        async with scratch_folder(self._tools.scratch) as folder:
            result = await self._cut(item, recorder, folder)
            clips = [await self._store(item, n, part) for n, part in enumerate(result.parts, start=1)]
        return Made(
            clips=tuple(clips),
            gaps=result.gaps,
            problems="; ".join(problem.text for problem in result.problems),
            clock_offset_ms=recorder.clock_offset_ms,
        )

    async def _cut(self, item: Item, recorder: Recorder, folder: Path) -> CutResult:
        asked = item.approved or item.requested
        sources = await self._tools.footage.fetch(recorder, item.camera, item.hold, asked, folder)
        if not sources:
            raise NoFootage("the recorder has no footage of this interval", ())
        output = folder / "clips"
        output.mkdir()
        lead_in = await self._may_lead_in(item)
        return await to_its_end(
            lambda: cut(
                sources,
                asked,
                output,
                keep_audio=item.audio,
                name=lambda part: f"{item.n}.{part}.mp4",
                lead_in=lead_in,
            )
        )

    async def _may_lead_in(self, item: Item) -> bool:
        """Whether the agreement that the item was approved under lets a clip hold hidden frames from before it."""
        if item.agreement_id is None:
            return True
        wanted = (item.agreement_id, item.agreement_version)
        agreements = (await self._tools.authority.book()).agreements
        return any(a.terms.lead_in for a in agreements if (a.id, a.version) == wanted)

    async def _store(self, item: Item, number: int, part: Part) -> Clip:
        key = clip_key(item.request_id, item.n, number, part.sha256)
        await self._tools.vault.put_file(key, part.path)
        return Clip(
            n=item.n,
            part=number,
            vault_key=key,
            size=part.size,
            sha256=part.sha256,
            facts=_facts(part),
        )

    async def _complete(self, request: Request, item: Item, owner: str, made: Made) -> None:
        at = self._tools.clock.now()

        def work(connection: Connection) -> None:
            queue.check_item_lease(connection, item, owner)
            store.add_clips(connection, item, made.clips, made.gaps, made.clock_offset_ms, at)
            store.move_item(connection, item, ItemState.COMPLETED, at, reason=made.problems or None)
            orders.let_go(connection, item.hold, at)
            digests = tuple(clip.sha256 for clip in made.clips)
            audit.append(connection, host_entry(request, item, "make_clips", digests), at)

        await self._ledger.write(work)

    async def _end(self, request: Request, item: Item, owner: str, state: ItemState, reason: str) -> None:
        at = self._tools.clock.now()

        def work(connection: Connection) -> None:
            queue.check_item_lease(connection, item, owner)
            store.move_item(connection, item, state, at, reason=reason)
            orders.let_go(connection, item.hold, at)
            audit.append(connection, host_entry(request, item, f"item_{state.value}"), at)

        await self._ledger.write(work)

    async def _wait(
        self, request: Request, item: Item, owner: str, reason: str, after_s: float | None
    ) -> None:
        """Waits for somebody else; an outage that lasts too long ends the item, saying why."""
        at, since = self._tools.clock.now(), _approved_at(request, item)
        if is_given_up(item.attempts, since, at):
            await self._end(request, item, owner, ItemState.UNAVAILABLE, f"given up: {reason}")
            return
        due_at = ask_again_at(since, at, self._tools.jitter, after_s)
        await self._leave(item, owner, reason, put_off(due_at))

    async def _leave(self, item: Item, owner: str, reason: str, row: dict[str, Any]) -> None:
        def work(connection: Connection) -> None:
            queue.check_item_lease(connection, item, owner)
            store.move_item(
                connection, item, ItemState.APPROVED, self._tools.clock.now(), reason=reason, **row
            )

        await self._ledger.write(work)


def _approved_at(request: Request, item: Item) -> datetime:
    """When the work on it could begin."""
    return max((decision.at for decision in item.decisions), default=request.submitted_at)


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
