"""Local accounts: a user name and a password, which a one-time code of an administrator sets.

Unknown names, wrong passwords, accounts without one and officers who are not designated get one answer, after the same
work.
"""

import math
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from broker.agencies.authority import Authority
from broker.agencies.credentials.sessions import Sessions, end_sessions
from broker.agencies.models import AgencyAction, Caller, Officer
from broker.agencies.officers import read_officer
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation, Verdict
from broker.clock import Clock
from broker.errors import Problem
from broker.identifiers import CODE_PREFIX, Identifiers, token_hash
from broker.identity import store
from broker.identity.lockout import (
    FORGOTTEN_AFTER,
    OF_ADDRESS,
    OF_NAME,
    after_failure,
    subject_of_address,
    subject_of_name,
    wait_s,
)
from broker.identity.models import Account, Failures, IssuedCode, StartedSession
from broker.identity.passwords import Passwords, check_fit
from broker.ledger.engine import Ledger

CODE_LASTS: Final = timedelta(days=1)
REFUSED: Final = "the user name or the password is wrong, or the designation is not current"


class Accounts:
    """`by` None stands for the host's own command."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        identifiers: Identifiers,
        authority: Authority,
        sessions: Sessions,
        passwords: Passwords,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._identifiers = identifiers
        self._authority = authority
        self._sessions = sessions
        self._passwords = passwords

    async def issue_code(self, officer_id: str, username: str | None, by: Caller | None) -> IssuedCode:
        """A code that sets the officer's password, for the account with this name or the one that they have. An older
        code is worth nothing more."""
        if by is not None:
            await self._authority.require(by, AgencyAction.ADMINISTER, "issue_code")
        at, code = self._clock.now(), self._identifiers.secret(CODE_PREFIX)

        def work(connection: Connection) -> IssuedCode:
            officer = read_officer(connection, officer_id)
            if officer is None or (by is not None and officer.agency != by.officer.agency):
                raise Problem("not_found", f"there is no officer {officer_id}")
            known = store.account_of(connection, officer_id)
            name = known.username if username is None and known else folded(username or "")
            if not name:
                raise Problem("invalid", "the officer has no account yet: say which user name it gets")
            holder = store.find_account(connection, name)
            if holder is not None and holder.officer_id != officer_id:
                raise Problem("invalid", "the user name belongs to another officer: choose another one")
            issued = IssuedCode(officer_id=officer_id, username=name, code=code, expires_at=at + CODE_LASTS)
            store.put_code(connection, officer_id, name, token_hash(code), issued.expires_at)
            entry = self._authority.entry_by(by, Operation.ALTERATION, "issue_code")
            audit.append(
                connection,
                entry.model_copy(update={"objects": (officer_id,), "owners": (officer.agency,)}),
                at,
            )
            return issued

        return await self._ledger.write(work)

    async def set_password(self, code: str, password: str, address: str) -> str:
        """Sets it and ends every session that the old one began; the user name that goes with it."""
        at = self._clock.now()
        await self._count_try(address, None)

        def find(connection: Connection) -> tuple[Account, Officer] | None:
            account = store.find_code(connection, token_hash(code), at)
            officer = None if account is None else read_officer(connection, account.officer_id)
            return None if account is None or officer is None else (account, officer)

        found = await self._ledger.read(find)
        if found is None:
            await self._record_failure(None, "set_password")
            raise Problem("sign_in_refused", "the code is unknown, used or too old: ask for a new one")
        account, officer = found
        check_fit(password, account.username, officer.name)
        hashed = await self._passwords.hash(password)

        def work(connection: Connection) -> str:
            if store.find_code(connection, token_hash(code), at) is None:
                raise Problem("sign_in_refused", "the code is unknown, used or too old: ask for a new one")
            store.set_password(connection, officer.id, hashed)
            end_sessions(connection, officer.id, at)
            store.forget_failures(connection, subject_of_name(account.username))
            _forgive(connection, address)
            audit.append(connection, entry_of(officer, "set_password"), at)
            return account.username

        return await self._ledger.write(work)

    async def sign_in(
        self, username: str, password: str, address: str, earlier: str | None
    ) -> StartedSession:
        """A session of its own; the one of the secret `earlier` ends."""
        name = folded(username)
        await self._count_try(address, name)
        account = await self._ledger.read(lambda connection: store.find_account(connection, name))
        known = None if account is None else account.password_hash
        fits, upgraded = await self._passwords.check(password, known)
        if not fits or account is None or known is None:
            await self._record_failure(name, "sign_in")
            raise Problem("sign_in_refused", REFUSED)
        officer_id, hashed = account.officer_id, known

        def work(connection: Connection) -> StartedSession | None:
            present = store.account_of(connection, officer_id)
            if present is None or present.password_hash != hashed:
                return None  # it was changed while it was checked
            begun = self._sessions.begin(connection, officer_id, None, earlier)
            if begun is None:
                return None
            store.forget_failures(connection, subject_of_name(name))
            _forgive(connection, address)
            if upgraded is not None:
                store.upgrade_hash(connection, officer_id, hashed, upgraded)
            session, secret = begun
            return StartedSession(id=session.id, cookie=secret, expires_at=session.expires_at)

        started = await self._ledger.write(work)
        if started is None:
            raise Problem("sign_in_refused", REFUSED)
        return started

    async def _count_try(self, address: str, name: str | None) -> None:
        """Counts the try as failed before anything is looked at, so that of many at once no more count than one after
        the other; `sign_in_locked` while it has to wait. What succeeds is taken back."""
        at = self._clock.now()
        counted = [(subject_of_address(address), OF_ADDRESS)]
        if name is not None:
            counted.append((subject_of_name(name), OF_NAME))

        def work(connection: Connection) -> None:
            store.forget_failures_before(connection, at - FORGOTTEN_AFTER)
            known = [(subject, store.find_failures(connection, subject), how) for subject, how in counted]
            left_s = max(wait_s(failures, at) for _, failures, _ in known)
            if left_s > 0:
                raise Problem(
                    "sign_in_locked",
                    "too many sign-ins failed: wait before the next one",
                    retry_after_s=math.ceil(left_s),
                )
            for subject, failures, patience in known:
                store.put_failures(connection, subject, after_failure(failures, patience, at))

        await self._ledger.write(work)

    async def _record_failure(self, name: str | None, attempted: str) -> None:
        """Records the denial; of somebody's account, with whose it is. Who tried is not known."""
        at = self._clock.now()

        def work(connection: Connection) -> None:
            account = None if name is None else store.find_account(connection, name)
            officer = None if account is None else read_officer(connection, account.officer_id)
            entry = NewEntry(operation=Operation.CONSULTATION, action=attempted, decision=Verdict.DENIED)
            if officer is not None:
                entry = entry.model_copy(update={"objects": (officer.id,), "owners": (officer.agency,)})
            audit.append(connection, entry, at)

        await self._ledger.write(work)


def _forgive(connection: Connection, address: str) -> None:
    """Takes back the try that succeeded; what failed before it from the same address still counts."""
    subject = subject_of_address(address)
    known = store.find_failures(connection, subject)
    if known is not None and known.count > 1:
        store.put_failures(
            connection, subject, Failures(count=known.count - 1, at=known.at, locked_until=None)
        )
    else:
        store.forget_failures(connection, subject)


def folded(username: str) -> str:
    """A user name as it is kept: case and outer spaces tell none from another."""
    return username.strip().casefold()


def entry_of(officer: Officer, action: str) -> NewEntry:
    """What an officer did to their own account."""
    return NewEntry(
        operation=Operation.ALTERATION,
        action=action,
        officer_id=officer.id,
        agency=officer.agency,
        person=officer.person,
        objects=(officer.id,),
        owners=(officer.agency,),
    )
