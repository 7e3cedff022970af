"""Sessions of browsers: begun by a sign-in, ended by their officer, by an administrator, or by time."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from broker.agencies import store
from broker.agencies.authority import Authority
from broker.agencies.credentials import store as credentials
from broker.agencies.models import AgencyAction, Caller, Officer, Session
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation, Verdict
from broker.clock import Clock
from broker.errors import Problem
from broker.identifiers import SESSION_PREFIX, Identifiers, token_hash
from broker.ledger.engine import Ledger


class Sessions:
    """Who signs in is for the caller to know; whether they are designated is looked at here."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        identifiers: Identifiers,
        authority: Authority,
        absolute: timedelta,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._identifiers = identifiers
        self._authority = authority
        self._absolute = absolute

    def begin(
        self, connection: Connection, officer_id: str, provider: str | None, earlier: str | None
    ) -> tuple[Session, str] | None:
        """A session and its cookie's secret, in the caller's transaction; the one of the secret `earlier` ends. None
        for who is not designated now, which is recorded."""
        at = self._clock.now()
        officer = store.find_officer(connection, officer_id)
        if officer is None:
            return None
        if not officer.is_designated(at):
            denied = _entry(officer, "sign_in").model_copy(update={"decision": Verdict.DENIED})
            audit.append(connection, denied, at)
            return None
        if earlier is not None and (before := credentials.read_session(connection, token_hash(earlier))):
            credentials.end_session(connection, before.id, at)
        secret = self._identifiers.secret(SESSION_PREFIX)
        session = Session(
            id=self._identifiers.new("ses"),
            officer_id=officer_id,
            provider=provider,
            started_at=at,
            expires_at=self._end(officer, at),
        )
        credentials.start_session(connection, session, token_hash(secret))
        audit.append(
            connection,
            _entry(officer, "sign_in").model_copy(update={"objects": (session.id, officer.id)}),
            at,
        )
        return session, secret

    def _end(self, officer: Officer, at: datetime) -> datetime:
        """The absolute limit, or the designation's end before it."""
        until = officer.designated_until(at)
        return at + self._absolute if until is None else min(at + self._absolute, until)

    async def end_own(self, caller: Caller, secret: str) -> Session | None:
        """Ends the caller's session; None where it had been already."""
        at = self._clock.now()

        def work(connection: Connection) -> Session | None:
            session = credentials.read_session(connection, token_hash(secret))
            if session is None or not credentials.end_session(connection, session.id, at):
                return None
            entry = _entry(caller.officer, "sign_out").model_copy(
                update={"objects": (session.id, session.officer_id)}
            )
            audit.append(connection, entry, at)
            return session

        return await self._ledger.write(work)

    async def end_all_own(self, caller: Caller) -> int:
        """Every session of the caller's, this one too."""
        return await self._end_all(caller.officer.id, caller)

    async def end_all_of(self, officer_id: str, by: Caller) -> int:
        """Every session of an officer of one's own agency, by its administrator."""
        await self._authority.require(by, AgencyAction.ADMINISTER, "end_sessions")
        return await self._end_all(officer_id, by)

    async def _end_all(self, officer_id: str, by: Caller) -> int:
        at = self._clock.now()

        def work(connection: Connection) -> int:
            officer = store.find_officer(connection, officer_id)
            if officer is None or officer.agency != by.officer.agency:
                raise Problem("not_found", f"there is no officer {officer_id}")
            entry = self._authority.entry(by, Operation.ALTERATION, "end_sessions")
            entry = entry.model_copy(update={"objects": (officer_id,), "owners": (officer.agency,)})
            audit.append(connection, entry, at)
            return credentials.end_sessions(connection, officer_id, at)

        return await self._ledger.write(work)


def end_sessions(connection: Connection, officer_id: str, at: datetime) -> int:
    """Every session of the officer, inside another domain's transaction."""
    return credentials.end_sessions(connection, officer_id, at)


def _entry(officer: Officer, action: str) -> NewEntry:
    return NewEntry(
        operation=Operation.ALTERATION,
        action=action,
        officer_id=officer.id,
        agency=officer.agency,
        person=officer.person,
        objects=(officer.id,),
        owners=(officer.agency,),
    )
