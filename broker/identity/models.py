"""Frozen facts about accounts and sign-ins."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from adapters.contract.models import Instant

LOCAL: Final = "local"
"""Stands for accounts of the broker's own where a provider is named."""


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Account(Model):
    """A local account. Without a password nobody signs in to it."""

    officer_id: str
    username: str
    password_hash: str | None = Field(repr=False)


class IssuedCode(Model):
    """Shown once: it sets the account's password, and nothing else."""

    officer_id: str
    username: str
    code: str = Field(repr=False)
    expires_at: Instant


class Failures(Model):
    """How often signing in failed of late for a name or an address."""

    count: int
    at: Instant
    locked_until: Instant | None


class StartedSession(Model):
    """`cookie` is the secret that the browser keeps, shown this once."""

    id: str
    cookie: str = Field(repr=False)
    expires_at: Instant


class ProviderSignIn(Model):
    """A sign-in that is at its provider."""

    provider: str
    state: str = Field(repr=False)
    nonce: str = Field(repr=False)
    verifier: str = Field(repr=False)
    expires_at: Instant


class Subject(Model):
    """An officer as an identity provider knows them; `by_claims` where the provider designated them itself."""

    officer_id: str
    by_claims: bool
