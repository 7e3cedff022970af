"""Says who calls and whether they may, records refusals, and logs every answer before it is given."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeVar

from sqlalchemy import Connection

from broker.agencies import store
from broker.agencies.credentials import store as credentials
from broker.agencies.credentials.models import KnownToken
from broker.agencies.models import Action, AgencyAction, Caller, PolicyBook, RecalledCaller
from broker.agencies.policy import may
from broker.agencies.scopes import in_scope
from broker.agencies.tokens import KnownTokens
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation, Verdict
from broker.clock import Clock
from broker.errors import Problem
from broker.identifiers import SESSION_PREFIX, token_hash
from broker.ledger.engine import Ledger

USE_NOTED_EVERY: Final = timedelta(minutes=1)
"""A token's last use is written so often at most."""

T = TypeVar("T")
D = TypeVar("D")

NOBODYS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
"""Says nothing of whose anything is."""


class _Outdated:
    """Stands for: the policy changed, nothing was done."""


def _at_version(version: int, work: Callable[[Connection], T]) -> Callable[[Connection], T | _Outdated]:
    def checked(connection: Connection) -> T | _Outdated:
        if store.read_policy_version(connection) != version:
            return _Outdated()
        return work(connection)

    return checked


class Authority:
    """What every domain asks before it shows or changes anything."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        purposes: tuple[str, ...],
        session_idle: timedelta = timedelta(minutes=30),
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._purposes = purposes
        self._session_idle = session_idle
        self._noting: set[asyncio.Task[None]] = set()
        self._book: PolicyBook | None = None
        self._known = KnownTokens()

    async def authenticate(self, token: str, purpose: str | None, case_ref: str | None) -> Caller:
        """The officer behind a token, or behind a session's cookie. A purpose of the call wins over the session's
        own."""
        at, hashed = self._clock.now(), token_hash(token)
        is_session = token.startswith(SESSION_PREFIX)

        def find(connection: Connection) -> KnownToken | None:
            if is_session:
                return credentials.find_session(connection, hashed, self._session_idle)
            return credentials.find_token(connection, hashed)

        known = self._with_own_use(hashed, await self._ledger.read(find))
        if known is None or not known.lives(at):
            self._known.drop(hashed)
            if is_session:
                raise Problem("session_invalid", "the session is over: sign in again")
            raise Problem("token_invalid", "the token is unknown, revoked or expired: ask for a new one")
        self._known.put(hashed, self._used(known, at))
        if purpose is not None:
            self.check_purpose(purpose)
        elif known.purpose is not None:
            purpose, case_ref = known.purpose, case_ref or known.case_ref
        return known.caller(purpose, case_ref, at)

    async def recall(self, token: str, purpose: str | None, case_ref: str | None) -> Caller | RecalledCaller:
        """The same without asking the ledger, where this process knows the token and the call says what it is for:
        `answer` then asks no more than the commit of its entry does."""
        hashed, at = token_hash(token), self._clock.now()
        known = self._known.get(hashed)
        if known is None or purpose not in self._purposes or not known.lives(at):
            return await self.authenticate(token, purpose, case_ref)
        if (used := self._used(known, at)) is not known:
            self._known.put(hashed, used)
        return RecalledCaller(known.caller(purpose, case_ref, at), token, known.version)

    def _with_own_use(self, hashed: str, known: KnownToken | None) -> KnownToken | None:
        """With the use that this process knows of, where the ledger does not have it yet."""
        before = self._known.get(hashed)
        if known is None or before is None or before.used_at is None:
            return known
        if known.used_at is not None and before.used_at <= known.used_at:
            return known
        return known.model_copy(update={"used_at": before.used_at})

    def _used(self, known: KnownToken, at: datetime) -> KnownToken:
        """The token as used now, where that is to be written: beside the call, which does not wait for it."""
        if known.used_at is not None and at < known.used_at + USE_NOTED_EVERY:
            return known
        task = asyncio.create_task(self._note_use(known, at), name="last use")
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)
        return known.model_copy(update={"used_at": at})

    async def _note_use(self, known: KnownToken, at: datetime) -> None:
        # a use that could not be written, or a ledger that is closing, is no reason to refuse anything
        with suppress(Problem, RuntimeError):
            await self._ledger.write(
                lambda connection: credentials.note_use(connection, known.token_id, known.is_session, at)
            )

    async def noted(self) -> None:
        """Returns once every use until now is written."""
        while self._noting:
            await asyncio.wait(self._noting)

    async def confirm(self, caller: Caller | RecalledCaller) -> Caller:
        """The caller as the ledger knows them now."""
        if isinstance(caller, Caller):
            return caller
        recalled = caller.caller
        return await self.authenticate(caller.token, recalled.purpose, recalled.case_ref)

    def check_purpose(self, purpose: str) -> None:
        if purpose not in self._purposes:
            known = ", ".join(self._purposes)
            raise Problem("purpose_unknown", f"the purpose is not one of: {known}")

    async def book(self) -> PolicyBook:
        """The agreements in force, as this process last read them."""
        if self._book is None:
            self._book = await self._ledger.read(store.read_policy_book)
        return self._book

    async def decide(self, decide: Callable[[PolicyBook], Callable[[Connection], T]]) -> T:
        """Decides by the policy book and carries the decision out in one transaction.

        Where the ledger's policy version is not the book's any more, nothing is written, the book is read
        again and the decision made anew: a right that ended is gone at the next call in every process, and one that was
        given is there.
        """

        async def carry_out(version: int, work: Callable[[Connection], T]) -> T | _Outdated:
            return await self._ledger.write(_at_version(version, work))

        return await self._until_current(decide, carry_out)

    async def decide_and_log(self, decide: Callable[[PolicyBook], tuple[T, NewEntry]]) -> T:
        """Makes an answer by the policy book; its log entry is durable, at the book's version of the policy, before the
        answer is returned."""
        return await self._until_current(decide, self._log)

    async def answer(
        self,
        caller: Caller | RecalledCaller,
        action: AgencyAction,
        attempted: str,
        decide: Callable[[PolicyBook, Caller], tuple[T, NewEntry]],
    ) -> T:
        """`decide_and_log` for whoever may do this for a stated purpose; others are refused, which is recorded.

        Whoever is recalled is believed as long as the entry is committed at the version of the policy that they were
        read at; else, and for every refusal, the ledger is asked.
        """
        if isinstance(caller, RecalledCaller):
            book, recalled = await self.book(), caller.caller
            if caller.version == book.version and may(recalled.officer, action, self._clock.now()):
                decided = decide(book, recalled)
                done = await self._log(book.version, decided)
                if not isinstance(done, _Outdated):
                    return done
                self._book = None
        present = await self.confirm(caller)
        await self.require_purpose(present)
        await self.require(present, action, attempted)
        return await self.decide_and_log(lambda book: decide(book, present))

    async def _log(self, version: int, decided: tuple[T, NewEntry]) -> T | _Outdated:
        """The answer once its entry is durable at this version of the policy."""
        answer, entry = decided
        draft = audit.Draft(entry, self._clock.now(), version)
        receipt = await self._ledger.write_together(audit.append_drafts, draft)
        if isinstance(receipt, audit.Unwritable):
            raise RuntimeError(f"no answer is given: {receipt.reason}")
        return _Outdated() if receipt is None else answer

    async def _until_current(
        self,
        decide: Callable[[PolicyBook], D],
        carry_out: Callable[[int, D], Awaitable[T | _Outdated]],
    ) -> T:
        while True:
            book = await self.book()
            try:
                decided = decide(book)
            except Problem:
                if await self._ledger.read(store.read_policy_version) == book.version:
                    raise
            else:
                done = await carry_out(book.version, decided)
                if not isinstance(done, _Outdated):
                    return done
            self._book = None

    async def require(
        self, caller: Caller, action: AgencyAction, attempted: str, owner: str | None = None
    ) -> None:
        """Passes when the officer's role allows it, with `owner` on what belongs to that agency; else records
        the denial and refuses."""
        if may(caller.officer, action, self._clock.now(), owner):
            return
        await self.require_designation(caller, attempted)
        await self.deny(caller, attempted)
        if not in_scope(caller.officer.scopes, action):
            raise _out_of_scope(caller, action)
        roles = ", ".join(sorted(caller.officer.roles)) or "none"
        if owner is not None and owner != caller.officer.agency:
            raise Problem("role_denied", f"your roles ({roles}) end at your own agency: ask one of {owner}")
        raise Problem("role_denied", f"your roles ({roles}) do not include {action.value.replace('_', ' ')}")

    async def require_scope(
        self, caller: Caller, actions: Collection[Action | AgencyAction], attempted: str
    ) -> None:
        """Passes when the token is good for one of these at all; else records the denial and refuses, without a look
        at what was reached for."""
        if not any(in_scope(caller.officer.scopes, action) for action in actions):
            await self.deny(caller, attempted)
            raise _out_of_scope(caller, *actions)

    async def require_purpose(self, caller: Caller) -> str:
        if caller.purpose is None:
            await self.deny(caller, "call_without_purpose")
            raise Problem(
                "purpose_missing",
                "say what this is for: send the header Entrevue-Purpose, or set it by PUT /v1/me/purpose",
            )
        await self.require_designation(caller, "call_without_designation")
        return caller.purpose

    async def require_designation(self, caller: Caller, attempted: str) -> None:
        """Passes while the officer is designated; else records the denial and refuses."""
        if not caller.officer.is_designated(self._clock.now()):
            await self.deny(caller, attempted)
            raise Problem("not_designated", "your designation is not current: ask your agency to renew it")

    async def deny(
        self,
        caller: Caller,
        attempted: str,
        objects: tuple[str, ...] = (),
        owners: tuple[str, ...] = (),
        whose: Mapping[str, tuple[str, ...]] = NOBODYS,
    ) -> None:
        """Records a refusal; `owners` are the agencies whose things were reached for, so that their auditors
        see the attempt. `whose` is as in a new entry."""
        entry = self.entry(caller, Operation.CONSULTATION, attempted).model_copy(
            update={"decision": Verdict.DENIED, "objects": objects, "owners": owners, "whose": whose}
        )
        await self._ledger.write(lambda connection: audit.append(connection, entry, self._clock.now()))

    def entry_by(self, by: Caller | None, operation: Operation, action: str) -> NewEntry:
        """An entry on what a caller did, or where there is none the host's own command."""
        if by is None:
            return NewEntry(operation=operation, action=action, officer_id=audit.HOST)
        return self.entry(by, operation, action)

    def entry(self, caller: Caller, operation: Operation, action: str) -> NewEntry:
        """An entry with who and why filled in."""
        return NewEntry(
            operation=operation,
            action=action,
            officer_id=caller.officer.id,
            agency=caller.officer.agency,
            person=caller.officer.person,
            purpose=caller.purpose,
            case_ref=caller.case_ref,
        )


def _out_of_scope(caller: Caller, *actions: Action | AgencyAction) -> Problem:
    names = ", ".join(sorted(scope.value for scope in caller.officer.scopes or ())) or "none"
    wanted = " or ".join(sorted(action.value.replace("_", " ") for action in actions))
    return Problem("scope_missing", f"your token's scopes ({names}) do not include {wanted}: use another one")
