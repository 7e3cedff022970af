"""A provider in memory: keys that a test makes and changes, and tokens that it signs as it likes."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from broker.identity.client import ProviderClient
from broker.identity.models import ProviderSignIn
from broker.identity.providers import Provider
from broker.settings.sections import IdentityProviderSettings
from tests.world import NOW, StandingClock

ISSUER = "https://login.test"
BEGUN = ProviderSignIn(provider="ministry", state="s", nonce="n-1", verifier="v" * 43, expires_at=NOW)
Key = RSAKey | ECKey | OctKey


def rsa(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}, private=True)


@dataclass
class FakeProvider:
    """Answers discovery, keys and the token that a test gave it; `asked` is what was called."""

    keys: list[Key]
    clock: StandingClock = field(default_factory=StandingClock)
    metadata: dict[str, Any] = field(
        default_factory=lambda: {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
        }
    )
    token: Callable[[], Any] = lambda: None
    asked: list[str] = field(default_factory=list)
    forms: list[httpx.Request] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.metadata)
        if path == "/jwks":
            return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})
        if path == "/token":
            self.forms.append(request)
            return httpx.Response(200, json={"id_token": self.token(), "token_type": "Bearer"})
        return httpx.Response(404)

    def client(self, **settings: Any) -> Provider:
        """The broker's side."""
        configured = {
            "id": "ministry",
            "name": "Ministry",
            "issuer": ISSUER,
            "client_id": "entrevue",
            "agency": "police",
        }
        return Provider(
            IdentityProviderSettings.model_validate(configured | settings),
            ProviderClient(httpx.MockTransport(self.answer)),
            self.clock,
            "http://127.0.0.1:8080/auth/callback/ministry",
        )

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Good ones; None leaves one out."""
        now = int(self.clock.now().timestamp())
        good = {
            "iss": ISSUER,
            "aud": "entrevue",
            "sub": "u-1",
            "nonce": "n-1",
            "iat": now,
            "exp": now + 300,
        }
        return {name: value for name, value in (good | changed).items() if value is not None}

    def signed(self, key: Key, algorithm: str = "RS256", kid: str | None = None, **changed: Any) -> str:
        header = {"alg": algorithm, "kid": kid or key.kid}
        return jwt.encode(header, self.claims(**changed), key, algorithms=[algorithm])


def unsigned(claims: dict[str, Any], algorithm: str = "none", signature: bytes = b"") -> str:
    """A token whose signature is nothing, or bytes of one's own."""
    parts = [json.dumps({"alg": algorithm}).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
