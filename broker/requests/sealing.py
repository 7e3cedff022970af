"""Seals finished requests: a job of the worker that writes the bundle and has every owner sign it."""

import asyncio
import errno
import hashlib
import random
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from broker.agencies.officers import read_agencies
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.audit.tree.excerpts import ExcerptNotReady, Excerpts
from broker.clock import Clock
from broker.errors import Problem
from broker.evidence.bundle.archive import write_bundle
from broker.evidence.bundle.certificates import open_identity
from broker.evidence.bundle.models import Software
from broker.ingest.scratch import scratch_folder, to_its_end
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease, ask_again_at, let_go, put_off, retry_at
from broker.requests import queue
from broker.requests.bundling import bundle_facts, logged_entries
from broker.requests.models import Request
from broker.requests.service import request_entry
from broker.requests.sweeping import keep_named_bundle, keep_named_clips
from broker.settings.sections import BrokerSettings
from broker.vault.keys import bundle_key, document_key
from broker.vault.store import Vault

SOFTWARE: Final = "Entrevue"
NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
WAIT_S: Final = 30.0
"""Least wait for a store that is away or full."""
PATIENCE_WITH_WITNESSES: Final = timedelta(minutes=5)
"""How long after its end a request's bundle waits for the witnesses at work to co-sign its entries: twice the time that
they take to meet on one checkpoint."""
WITNESS_WAIT_S: Final = 5.0


@dataclass(frozen=True)
class SealTools:
    """What sealing needs. `keys` is the private folder of the agencies' signing keys."""

    ledger: Ledger
    vault: Vault
    clock: Clock
    jitter: random.Random
    scratch: Path
    keys: Path
    excerpts: Excerpts
    limits: BrokerSettings


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
        except ExcerptNotReady as error:
            await self._wait(claimed, owner, str(error), WITNESS_WAIT_S)
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
        patient_until = (request.finished_at or at) + PATIENCE_WITH_WITNESSES
        excerpt = await self._tools.excerpts.about(request.id, request.agency, patient_until)
        facts = bundle_facts(request, agencies, excerpt)
        log = logged_entries(excerpt, facts.people)
        async with scratch_folder(self._tools.scratch) as folder:
            clips: dict[str, Path] = {}
            for clip in (clip for item in request.items for clip in item.clips):
                clips[clip.name] = folder / f"{clip.name}.mp4"
                await self._tools.vault.get_file(clip.vault_key, clips[clip.name])
            documents: dict[str, Path] = {}
            for document in facts.documents:
                documents[document.path] = folder / document.sha256
                key = document_key(request.id, document.sha256)
                await self._tools.vault.get_file(key, documents[document.path])
            output = folder / "bundle.zip"
            identities = [
                await asyncio.to_thread(open_identity, self._tools.keys, name, facts.agency_name(name), at)
                for name in facts.owners
            ]
            software = Software(name=SOFTWARE, version=version("entrevue"))
            await to_its_end(
                partial(
                    write_bundle,
                    facts,
                    clips=clips,
                    documents=documents,
                    log=log,
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
        kept = timedelta(days=self._tools.limits.evidence_kept_days(request.legal_basis.kind))
        queue.seal(connection, request.id, owner, key, at, at + kept)
        entry = request_entry(request, "seal_request", Operation.COMBINATION)
        audit.append(connection, entry, at)

    async def fail(self, claimed: Request, owner: str) -> None:
        due_at = retry_at(claimed.attempts, self._tools.clock.now(), self._tools.jitter)
        reason = "sealing failed inside; will be tried again"
        await self._ledger.write(
            lambda c: queue.put_off_request(c, claimed.id, owner, reason, let_go(due_at))
        )

    async def _wait(self, request: Request, owner: str, reason: str, least_s: float = WAIT_S) -> None:
        """Nothing of a finished request is lost by waiting, so sealing is never given up."""
        at = self._tools.clock.now()
        due_at = ask_again_at(request.finished_at or at, at, self._tools.jitter, least_s)
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
