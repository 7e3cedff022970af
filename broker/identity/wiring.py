"""What is known of who calls, put together: of one process, on its ledger."""

from dataclasses import dataclass
from datetime import timedelta

from pwdlib import PasswordHash

from broker.agencies.authority import Authority
from broker.agencies.credentials.issuing import Tokens
from broker.agencies.credentials.sessions import Sessions
from broker.agencies.designations import Designations
from broker.clock import Clock
from broker.identifiers import Identifiers
from broker.identity.accounts import Accounts
from broker.identity.client import ProviderClient
from broker.identity.passwords import Passwords
from broker.identity.provider_sign_ins import ProviderSignIns
from broker.identity.providers import Provider
from broker.ledger.engine import Ledger
from broker.settings import Settings


@dataclass(frozen=True)
class Identity:
    """The services about who signs in. `client` is closed with the process."""

    designations: Designations
    tokens: Tokens
    sessions: Sessions
    accounts: Accounts
    provider_sign_ins: ProviderSignIns
    client: ProviderClient


def callback_path(provider_id: str) -> str:
    """Where a provider sends the browser back to, below `public_url`."""
    return f"/auth/callback/{provider_id}"


def build_identity(
    settings: Settings, ledger: Ledger, clock: Clock, identifiers: Identifiers, authority: Authority
) -> Identity:
    """Opens nothing."""
    absolute = timedelta(hours=settings.session.absolute_h)
    sessions = Sessions(ledger, clock, identifiers, authority, absolute)
    passwords = Passwords(PasswordHash.recommended(), identifiers.secret())
    client = ProviderClient()
    providers = {
        each.id: Provider(each, client, clock, settings.broker.public_url + callback_path(each.id))
        for each in settings.identity_provider
    }
    return Identity(
        designations=Designations(ledger, clock, identifiers, authority),
        tokens=Tokens(ledger, clock, identifiers, authority),
        sessions=sessions,
        accounts=Accounts(ledger, clock, identifiers, authority, sessions, passwords),
        provider_sign_ins=ProviderSignIns(ledger, clock, identifiers, authority, sessions, providers),
        client=client,
    )
