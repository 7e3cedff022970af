"""Seals finished requests: a job of the worker that writes the bundle and has every owner sign it."""

import asyncio
import errno
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from broker.agencies.models import Agency
from broker.agencies.officers import read_agencies
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.clock import Clock
from broker.errors import Problem
from broker.evidence.bundle import models as sealed
from broker.evidence.bundle.archive import write_bundle
from broker.evidence.bundle.certificates import open_identity
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease, ask_again_at, let_go, put_off, retry_at
from broker.requests import queue
from broker.requests.models import Clip, Item, Request, Signatory
from broker.requests.scratch import scratch_folder, to_its_end
from broker.requests.states import ItemState
from broker.requests.sweeping import keep_named_bundle, keep_named_clips
from broker.vault.store import Vault, bundle_key

SOFTWARE: Final = "Entrevue"
NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
WAIT_S: Final = 30.0
"""Least wait for a store that is away or full."""


@dataclass(frozen=True)
class SealTools:
    """What sealing needs. `keys` is the private folder of the agencies' signing keys."""

    ledger: Ledger
    vault: Vault
    clock: Clock
    jitter: random.Random
    scratch: Path
    keys: Path


class SealRequests:
    """One bundle a request, written once: the first that the ledger accepts is the bundle."""

    name = "seal requests"
    lanes = 1

    def __init__(self, tools: SealTools) -> None:
        self._tools = tools
        self._ledger = tools.ledger

    async def claim(self, lease: Lease) -> Request | None:
        at = self._tools.clock.now()
        if not await self._ledger.read(lambda c: queue.has_due_request(c, at)):
            return None
        return await self._ledger.write(lambda c: queue.claim_request(c, lease, at))

    async def renew(self, claimed: Request, lease: Lease) -> bool:
        return await self._ledger.write(lambda c: queue.renew_request(c, claimed.id, lease))

    async def carry_out(self, claimed: Request, owner: str) -> None:
        try:
            key = await self._bundle(claimed)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            await self._wait(claimed, owner, "no room on the broker's disk to seal the bundle")
        except Problem as problem:
            if problem.kind.status < 500:
                raise
            await self._wait(claimed, owner, problem.detail)
        else:
            await self._ledger.write(lambda c: self._seal(c, claimed, owner, key))
            await self.clear_up(claimed)

    async def _bundle(self, request: Request) -> str:
        """Writes the bundle into the vault; its key there."""
        at = self._tools.clock.now()
        agencies = await self._ledger.read(read_agencies)
        log = await self._ledger.read(lambda c: audit.about_request(c, request.id))
        facts = bundle_facts(request, agencies, log)
        async with scratch_folder(self._tools.scratch) as folder:
            clips: dict[str, Path] = {}
            for clip in (clip for item in request.items for clip in item.clips):
                clips[clip.name] = folder / f"{clip.name}.mp4"
                await self._tools.vault.get_file(clip.vault_key, clips[clip.name])
            output = folder / "bundle.zip"
            identities = [
                await asyncio.to_thread(open_identity, self._tools.keys, name, facts.agency_name(name), at)
                for name in facts.owners
            ]
            software = sealed.Software(name=SOFTWARE, version=version("entrevue"))
            await to_its_end(
                partial(
                    write_bundle,
                    facts,
                    clips=clips,
                    identities=identities,
                    output=output,
                    now=at,
                    software=software,
                )
            )
            digest = await to_its_end(lambda: _sha256(output))
            key = bundle_key(request.id, digest)
            await self._tools.vault.put_file(key, output)
        return key

    def _seal(self, connection: Connection, request: Request, owner: str, key: str) -> None:
        at = self._tools.clock.now()
        queue.seal(connection, request.id, owner, key, at)
        entry = NewEntry(
            operation=Operation.COMBINATION,
            action="seal_request",
            officer_id=audit.HOST,
            objects=(request.id,),
            owners=(*request.owners, request.agency),
            whose=request.whose,
            purpose=request.purpose,
            case_ref=request.case_ref,
            request_id=request.id,
        )
        audit.append(connection, entry, at)

    async def fail(self, claimed: Request, owner: str) -> None:
        due_at = retry_at(claimed.attempts, self._tools.clock.now(), self._tools.jitter)
        reason = "sealing failed inside; will be tried again"
        await self._ledger.write(
            lambda c: queue.put_off_request(c, claimed.id, owner, reason, let_go(due_at))
        )

    async def _wait(self, request: Request, owner: str, reason: str) -> None:
        """Nothing of a finished request is lost by waiting, so sealing is never given up."""
        at = self._tools.clock.now()
        due_at = ask_again_at(request.finished_at or at, at, self._tools.jitter, WAIT_S)
        await self._ledger.write(
            lambda c: queue.put_off_request(c, request.id, owner, reason, put_off(due_at))
        )

    async def clear_up(self, claimed: Request) -> None:
        """Whoever loses the race takes its own bundle away, whoever wins what others left."""
        await keep_named_clips(self._ledger, self._tools.vault, claimed.id)
        await keep_named_bundle(self._ledger, self._tools.vault, claimed.id)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def bundle_facts(
    request: Request, agencies: Sequence[Agency], log: Sequence[tuple[int, str]]
) -> sealed.RequestFacts:
    """Everything that the bundle states of the request."""
    people = [request.requester, *(d.by for item in request.items for d in item.decisions)]
    named = {*request.owners, *(person.agency for person in people)}
    return sealed.RequestFacts(
        request_id=request.id,
        case_ref=request.case_ref,
        purpose=request.purpose,
        legal_basis=sealed.LegalBasis(kind=request.legal_basis.kind, reference=request.legal_basis.reference),
        reason=request.reason,
        requester=_person(request.requester),
        created_at=request.submitted_at,
        agencies=tuple(sealed.Agency(id=a.id, name=a.name) for a in agencies if a.id in named),
        items=tuple(_item(item) for item in request.items),
        log=tuple(sealed.LogReference(sequence=sequence, event=event) for sequence, event in log),
    )


def _person(signatory: Signatory) -> sealed.Person:
    return sealed.Person(
        officer_id=signatory.officer_id,
        agency=signatory.agency,
        service=signatory.service,
        number=signatory.personnel_number,
        name=signatory.name,
    )


def _item(item: Item) -> sealed.Item:
    camera = item.camera
    return sealed.Item(
        n=item.n,
        camera=sealed.Camera(
            id=camera.id,
            name=camera.name,
            network=camera.network,
            agency=camera.agency,
            position=camera.position,
            place=camera.place_name or camera.place,
            level=camera.level,
        ),
        requested=item.requested,
        state=sealed.ItemState(item.state.value),
        reason=item.state_reason,
        held=_held(item),
        decision=_decision(item),
        available=item.available,
        delivered=item.delivered,
        gaps=item.gaps,
        clock_offset_ms=item.clock_offset_ms,
        clips=tuple(_clip(clip) for clip in item.clips),
    )


def _held(item: Item) -> sealed.Held:
    hold = item.hold
    if hold is None:
        return sealed.Held(state=sealed.HoldState.FAILED)
    return sealed.Held(
        state=sealed.HoldState(hold.state.value),
        intervals=hold.held,
        how=None if hold.how is None else sealed.HoldMethod(hold.how.value),
        until=hold.until,
    )


def _decision(item: Item) -> sealed.Decision:
    words = item.decisions
    if item.state is ItemState.DENIED:
        state = sealed.DecisionState.DENIED
    elif item.approved is not None:
        state = sealed.DecisionState.APPROVED
    else:
        state = sealed.DecisionState.NONE
    return sealed.Decision(
        state=state,
        by=tuple(_person(word.by) for word in words),
        reason=words[-1].reason if words else None,
        interval=item.approved,
        at=words[-1].at if words else None,
        agreement=item.agreement_id,
    )


def _clip(clip: Clip) -> sealed.Clip:
    facts = clip.facts
    return sealed.Clip(
        name=clip.name,
        path=sealed.clip_path(clip.name),
        sha256=clip.sha256,
        size=clip.size,
        shown=facts.interval,
        first_frame_at=facts.first_frame_at,
        last_frame_at=facts.last_frame_at,
        frames=facts.frames_shown,
        hidden_head=sealed.HiddenPackets(packets=facts.hidden_head_packets, interval=facts.hidden_head),
        hidden_tail=sealed.HiddenPackets(packets=facts.hidden_tail_packets, interval=facts.hidden_tail),
        codec=facts.codec,
        width=facts.width,
        height=facts.height,
    )
