"""Signs officers in whom an identity provider vouches for. Denied by default: the provider's subject is bound to an
officer by an administrator, or the provider is one that designates and its claims name a person in full.
"""

import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from broker.agencies.authority import Authority
from broker.agencies.credentials.sessions import Sessions
from broker.agencies.designations import admit, renew, withdraw
from broker.agencies.models import AgencyAction, Caller, NewOfficer, Officer
from broker.agencies.officers import read_officer
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation, Verdict
from broker.clock import Clock
from broker.errors import Problem
from broker.identifiers import CODE_PREFIX, Identifiers, token_hash
from broker.identity import store
from broker.identity.claims import NamedPerson, agency_of, person_of
from broker.identity.models import ProviderSignIn, StartedSession
from broker.identity.providers import Claims, Provider
from broker.ledger.engine import Ledger

SIGN_IN_LASTS: Final = timedelta(minutes=10)
REFUSED: Final = "the identity provider's person is not designated here: ask your agency's administrator"


class ProviderSignIns:
    """By the configured providers, by id."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        identifiers: Identifiers,
        authority: Authority,
        sessions: Sessions,
        providers: Mapping[str, Provider],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._identifiers = identifiers
        self._authority = authority
        self._sessions = sessions
        self._providers = providers

    @property
    def names(self) -> dict[str, str]:
        """Id and name of every provider."""
        return {name: provider.settings.name for name, provider in self._providers.items()}

    def provider(self, provider_id: str) -> Provider:
        if provider_id not in self._providers:
            raise Problem("not_found", f"there is no identity provider {provider_id}")
        return self._providers[provider_id]

    async def begin(self, provider_id: str) -> tuple[str, str]:
        """Where the browser goes, and the secret of the cookie that it comes back with."""
        provider, at = self.provider(provider_id), self._clock.now()
        begun = ProviderSignIn(
            provider=provider_id,
            state=self._identifiers.secret(""),
            nonce=self._identifiers.secret(""),
            verifier=self._identifiers.secret(""),
            expires_at=at + SIGN_IN_LASTS,
        )
        url, cookie = await provider.authorization_url(begun), self._identifiers.secret(CODE_PREFIX)
        await self._ledger.write(
            lambda connection: store.begin_provider_sign_in(connection, token_hash(cookie), begun, at)
        )
        return url, cookie

    async def finish(
        self,
        provider_id: str,
        cookie: str | None,
        state: str,
        code: str,
        sender: str | None,
        earlier: str | None,
    ) -> StartedSession:
        """The session of whom the provider names; `sender` is who sent the browser back. The sign-in is used
        up whatever comes of it."""
        provider, hashed = self.provider(provider_id), token_hash(cookie or "")
        begun = await self._ledger.write(lambda connection: store.take_provider_sign_in(connection, hashed))
        if (
            begun is None
            or begun.provider != provider_id
            or begun.expires_at <= self._clock.now()
            or not hmac.compare_digest(begun.state.encode(), state.encode())
        ):
            await self._ledger.write(lambda connection: self._record_denial(connection, None))
            raise Problem("sign_in_refused", "this browser has no such sign-in under way: begin again")
        try:
            await provider.check_sender(sender)
            claims = await provider.claims(code, begun)
        except Problem as problem:
            if problem.code == "sign_in_refused":
                await self._ledger.write(lambda connection: self._record_denial(connection, None))
            raise
        started = await self._ledger.write(
            lambda connection: self._admit(connection, provider, claims, earlier)
        )
        if started is None:
            raise Problem("sign_in_refused", REFUSED)
        return started

    def _admit(
        self, connection: Connection, provider: Provider, claims: Claims, earlier: str | None
    ) -> StartedSession | None:
        officer_id = self._officer_id(connection, provider, claims)
        if officer_id is None:
            agency = agency_of(provider.settings, claims)
            self._record_denial(connection, agency)
            return None
        begun = self._sessions.begin(connection, officer_id, provider.settings.id, earlier)
        if begun is None:
            return None
        session, secret = begun
        return StartedSession(id=session.id, cookie=secret, expires_at=session.expires_at)

    def _officer_id(self, connection: Connection, provider: Provider, claims: Claims) -> str | None:
        """Who the claims are about, None for nobody of ours; whom the provider designates is brought up to date."""
        settings, at = provider.settings, self._clock.now()
        known = store.find_subject(connection, settings.id, claims["sub"])
        if known is not None and not known.by_claims:
            return known.officer_id
        person = person_of(settings, claims) if settings.designates else None
        if known is None:
            return None if person is None else self._designate(connection, provider, claims["sub"], person)
        officer = read_officer(connection, known.officer_id)
        by = _designator(provider)
        if officer is None:
            return None
        if person is None or person.agency != officer.agency:
            withdraw(connection, officer.id, by, at)
            self._log(connection, "end_designation", officer)
            return None
        until = at + timedelta(hours=settings.designation_h)
        renew(connection, officer, person.roles, by, self._identifiers.new("des"), until, at)
        self._log(connection, "designate", officer)
        return officer.id

    def _designate(
        self, connection: Connection, provider: Provider, subject: str, person: NamedPerson
    ) -> str:
        at, officer_id = self._clock.now(), self._identifiers.new("off")
        new = NewOfficer(
            agency=person.agency,
            name=person.name,
            service=person.service,
            personnel_number=person.personnel_number,
            roles=person.roles,
            designated_by=_designator(provider),
            until=at + timedelta(hours=provider.settings.designation_h),
        )
        admit(connection, officer_id, self._identifiers.new("des"), new, at)
        store.put_subject(connection, provider.settings.id, subject, officer_id, by_claims=True)
        officer = read_officer(connection, officer_id)
        if officer is None:
            raise RuntimeError("the officer just added is not there")
        self._log(connection, "add_officer", officer)
        return officer_id

    def _log(self, connection: Connection, action: str, officer: Officer) -> None:
        """What the host's configuration made of the claims."""
        entry = self._authority.entry_by(None, Operation.ALTERATION, action)
        entry = entry.model_copy(update={"objects": (officer.id,), "owners": (officer.agency,)})
        audit.append(connection, entry, self._clock.now())

    def _record_denial(self, connection: Connection, agency: str | None) -> None:
        """Who tried is not known here; the agency that the claims name sees the attempt."""
        entry = NewEntry(
            operation=Operation.CONSULTATION,
            action="sign_in",
            decision=Verdict.DENIED,
            owners=() if agency is None else (agency,),
        )
        audit.append(connection, entry, self._clock.now())

    async def bind(self, officer_id: str, provider_id: str, subject: str, by: Caller | None) -> None:
        """From now on the provider's subject signs in as this officer, for as long as they are designated."""
        if by is not None:
            await self._authority.require(by, AgencyAction.ADMINISTER, "bind_subject")
        self.provider(provider_id)

        def work(connection: Connection) -> None:
            officer = read_officer(connection, officer_id)
            if officer is None or (by is not None and officer.agency != by.officer.agency):
                raise Problem("not_found", f"there is no officer {officer_id}")
            if store.find_subject(connection, provider_id, subject) is not None:
                raise Problem("state_conflict", "this person of the provider is an officer already")
            store.put_subject(connection, provider_id, subject, officer_id, by_claims=False)
            entry = self._authority.entry_by(by, Operation.ALTERATION, "bind_subject")
            entry = entry.model_copy(update={"objects": (officer_id,), "owners": (officer.agency,)})
            audit.append(connection, entry, self._clock.now())

        await self._ledger.write(work)


def _designator(provider: Provider) -> str:
    return f"provider {provider.settings.id}"
