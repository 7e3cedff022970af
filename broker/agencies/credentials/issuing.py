"""Issues tokens, lists and revokes them: an officer's own, an administrator's for those of their agency, the host's.

No token is wider than what it is made with, or outlives the designation that it is made under.
"""

from datetime import datetime

from sqlalchemy import Connection

from broker.agencies import store
from broker.agencies.authority import Authority
from broker.agencies.credentials import store as credentials
from broker.agencies.models import AgencyAction, Caller, IssuedToken, NewToken, Officer, Scope, TokenFacts
from broker.agencies.policy import useful_scopes
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.clock import Clock
from broker.errors import Problem
from broker.identifiers import Identifiers, token_hash
from broker.keyed_calls import KeyedCall
from broker.ledger.engine import Ledger
from broker.ledger.idempotency import create_once


class Tokens:
    """`by` None stands for the host's own command."""

    def __init__(self, ledger: Ledger, clock: Clock, identifiers: Identifiers, authority: Authority) -> None:
        self._ledger = ledger
        self._clock = clock
        self._identifiers = identifiers
        self._authority = authority

    async def issue_own(
        self, new: NewToken, caller: Caller, call: KeyedCall | None
    ) -> tuple[TokenFacts, str | None]:
        """A token for oneself, no wider than what one calls with. A keyed call that is repeated finds it without its
        secret: only the hash was kept."""
        await self._authority.require_designation(caller, "issue_token")
        held = caller.officer.scopes
        if held is not None:
            asked = held if new.scopes is None else new.scopes
            if asked - held:
                await self._authority.deny(caller, "issue_token")
                names = ", ".join(sorted(scope.value for scope in asked - held))
                raise Problem("scope_missing", f"your own token does not include {names}: it gives no more")
            new = new.model_copy(update={"scopes": asked})
        latest = None if caller.is_session else caller.expires_at
        return await self._issue(new, caller.officer.id, caller, latest, call)

    async def issue(self, new: NewToken, officer_id: str) -> tuple[TokenFacts, str]:
        """A token for an officer, by the host."""
        facts, secret = await self._issue(new, officer_id, None, None, None)
        if secret is None:
            raise RuntimeError("a call without a key found an earlier one")
        return facts, secret

    async def _issue(
        self,
        new: NewToken,
        officer_id: str,
        by: Caller | None,
        latest: datetime | None,
        call: KeyedCall | None,
    ) -> tuple[TokenFacts, str | None]:
        at = self._clock.now()
        issued = IssuedToken(id=self._identifiers.new("tok"), token=self._identifiers.secret())

        def work(connection: Connection) -> TokenFacts:
            officer = store.find_officer(connection, officer_id)
            if officer is None:
                raise Problem("not_found", f"there is no officer {officer_id}")

            def create(connection: Connection) -> None:
                bounded = _bounded(new, officer, latest, at)
                credentials.add_token(
                    connection, issued.id, officer_id, token_hash(issued.token), bounded, at
                )
                audit.append(connection, self._entry(by, "issue_token", issued.id, officer), at)

            caller_id = audit.HOST if by is None else by.officer.id
            (made,) = create_once(connection, caller_id, call, (issued.id,), at, create)
            for facts in credentials.list_tokens(connection, officer_id, at):
                if facts.id == made:
                    return facts
            raise Problem("not_found", "the token that this key made is revoked or expired")

        facts = await self._ledger.write(work)
        return facts, issued.token if facts.id == issued.id else None

    async def own(self, caller: Caller) -> list[TokenFacts]:
        await self._authority.require_designation(caller, "list_tokens")
        return await self._list(caller.officer.id, caller, caller.officer.agency)

    async def of(self, officer_id: str, by: Caller) -> list[TokenFacts]:
        """Those of an officer of one's own agency, for its administrator."""
        await self._authority.require(by, AgencyAction.ADMINISTER, "list_tokens")
        return await self._list(officer_id, by, by.officer.agency)

    async def list_for_host(self, officer_id: str) -> list[TokenFacts]:
        return await self._list(officer_id, None, None)

    async def _list(self, officer_id: str, by: Caller | None, agency: str | None) -> list[TokenFacts]:
        at = self._clock.now()

        def work(connection: Connection) -> list[TokenFacts]:
            officer = _officer_of(connection, officer_id, agency)
            audit.append(connection, self._entry(by, "list_tokens", officer_id, officer, reading=True), at)
            return credentials.list_tokens(connection, officer_id, at)

        return await self._ledger.write(work)

    async def revoke_own(self, token_id: str, caller: Caller) -> None:
        await self._revoke(caller.officer.id, token_id, caller, caller.officer.agency)

    async def revoke_of(self, officer_id: str, token_id: str, by: Caller) -> None:
        await self._authority.require(by, AgencyAction.ADMINISTER, "revoke_token")
        await self._revoke(officer_id, token_id, by, by.officer.agency)

    async def revoke_for_host(self, officer_id: str, token_id: str) -> None:
        await self._revoke(officer_id, token_id, None, None)

    async def _revoke(self, officer_id: str, token_id: str, by: Caller | None, agency: str | None) -> None:
        at = self._clock.now()

        def work(connection: Connection) -> None:
            officer = _officer_of(connection, officer_id, agency)
            if not credentials.revoke_token(connection, officer_id, token_id, at):
                raise Problem("not_found", f"there is no token {token_id}")
            audit.append(connection, self._entry(by, "revoke_token", token_id, officer), at)

        await self._ledger.write(work)

    def _entry(
        self, by: Caller | None, action: str, name: str, officer: Officer, *, reading: bool = False
    ) -> NewEntry:
        operation = Operation.CONSULTATION if reading else Operation.ALTERATION
        return self._authority.entry_by(by, operation, action).model_copy(
            update={"objects": tuple(dict.fromkeys((name, officer.id))), "owners": (officer.agency,)}
        )


def _officer_of(connection: Connection, officer_id: str, agency: str | None) -> Officer:
    """The officer, of this agency where one is named: those of others are as if they were not there."""
    officer = store.find_officer(connection, officer_id)
    if officer is None or agency not in (None, officer.agency):
        raise Problem("not_found", f"there is no officer {officer_id}")
    return officer


def _bounded(new: NewToken, officer: Officer, latest: datetime | None, at: datetime) -> NewToken:
    """As much of what is asked for as the officer may have; `Problem` for what they may not."""
    useful = useful_scopes(officer.roles)
    if new.scopes is not None:
        if not new.scopes:
            raise Problem("invalid", "a token needs a scope: " + ", ".join(scope.value for scope in Scope))
        if beyond := new.scopes - useful:
            names = ", ".join(sorted(scope.value for scope in beyond))
            raise Problem("invalid", f"the officer's roles give nothing to do with {names}")
    until = new.until
    if until is not None and until <= at:
        raise Problem("invalid", "the token would end before it begins: name a later instant")
    if not officer.is_designated(at):
        raise Problem("not_designated", "the officer's designation is not current: renew it first")
    ends = [end for end in (until, latest, officer.designated_until(at)) if end is not None]
    return new.model_copy(update={"until": min(ends, default=None)})
