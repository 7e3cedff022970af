"""Speaks OpenID Connect with one provider: authorization code with PKCE, tokens checked against the provider's keys.

Refused: unsigned tokens and those signed with a shared secret, whatever their header says; another issuer or audience;
tokens that are expired or not valid yet by more than `LEEWAY_S`; another nonce; a key that the provider does not have.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from broker.clock import Clock
from broker.errors import Problem
from broker.identity.client import ProviderClient, check_address
from broker.identity.models import ProviderSignIn
from broker.settings.sections import IdentityProviderSettings

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_S: Final = 60
METADATA_LASTS: Final = timedelta(hours=1)
KEYS_ASKED_EVERY: Final = timedelta(seconds=30)
"""Tokens with a key that nobody knows make us ask for keys so often at most."""

Claims = dict[str, Any]


class Provider:
    """One configured provider, as this process last read of it."""

    def __init__(
        self,
        settings: IdentityProviderSettings,
        client: ProviderClient,
        clock: Clock,
        callback_url: str,
    ) -> None:
        self.settings = settings
        self._client = client
        self._clock = clock
        self._callback_url = callback_url
        self._metadata: dict[str, Any] | None = None
        self._metadata_at: datetime | None = None
        self._keys: KeySet | None = None
        self._keys_at: datetime | None = None
        self._asked_at: datetime | None = None

    async def authorization_url(self, begun: ProviderSignIn) -> str:
        """Where the browser goes to sign in."""
        metadata = await self._read_metadata()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.settings.client_id,
                "redirect_uri": self._callback_url,
                "scope": " ".join(dict.fromkeys(("openid", *self.settings.scopes))),
                "state": begun.state,
                "nonce": begun.nonce,
                "code_challenge": create_s256_code_challenge(begun.verifier),
                "code_challenge_method": "S256",
            }
        )
        return _with_query(_endpoint(metadata, "authorization_endpoint"), query)

    async def claims(self, code: str, begun: ProviderSignIn) -> Claims:
        """What the provider's token says of who signed in."""
        metadata = await self._read_metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback_url,
            "code_verifier": begun.verifier,
        }
        credentials = None
        if self.settings.client_secret is None:
            form["client_id"] = self.settings.client_id
        else:
            credentials = _for_basic(self.settings.client_id, self.settings.client_secret.read())
        answer = await self._client.post(_endpoint(metadata, "token_endpoint"), form, credentials)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _refused("the provider's answer has no token that says who signed in")
        return await self.check(token, begun.nonce, answer.get("access_token"))

    async def check(self, token: str, nonce: str, access_token: object = None) -> Claims:
        """The claims of an ID token that is the provider's, for us, now and for this sign-in."""
        decoded = await self._decode(token)
        params = {"nonce": nonce, "client_id": self.settings.client_id}
        if isinstance(access_token, str):
            params["access_token"] = access_token
        options = {
            "iss": {"essential": True, "value": self.settings.issuer},
            "aud": {"essential": True, "value": self.settings.client_id},
            "nonce": {"essential": True, "value": nonce},
            "sub": {"essential": True},
        }
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        try:
            claims.validate(now=int(self._clock.now().timestamp()), leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError) as error:
            raise _refused("the provider's token is not for this sign-in, or not valid now") from error
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise _refused("the provider's token names nobody")
        return dict(claims)

    async def _decode(self, token: str) -> jwt.Token:
        """Checked with the provider's keys, which are asked for anew where the one that is named is not among them."""
        now = self._clock.now()
        if self._keys is None or self._keys_at is None or now - self._keys_at >= METADATA_LASTS:
            self._keys = await self._read_keys(now)
        try:
            return _decoded(token, self._keys)
        except InvalidKeyIdError as error:
            if self._asked_at is not None and now - self._asked_at < KEYS_ASKED_EVERY:
                raise _refused("the provider's token is not signed with one of its keys") from error
        self._asked_at = now
        self._keys = await self._read_keys(now)
        try:
            return _decoded(token, self._keys)
        except InvalidKeyIdError as error:
            raise _refused("the provider's token is not signed with one of its keys") from error

    async def _read_keys(self, now: datetime) -> KeySet:
        metadata = await self._read_metadata()
        found = (await self._client.get(_endpoint(metadata, "jwks_uri"))).get("keys")
        keys = [key for key in found if _verifies(key)] if isinstance(found, list) else []
        try:
            read = KeySet.import_key_set({"keys": keys})
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _refused("the provider has no key to check its tokens with") from error
        self._keys_at = now
        return read

    async def check_sender(self, named: str | None) -> None:
        """Passes what came back from this provider; one that says that it names itself must (RFC 9207)."""
        says = (await self._read_metadata()).get("authorization_response_iss_parameter_supported") is True
        if named != self.settings.issuer and (says or named is not None):
            raise _refused("what came back is not from the provider that the sign-in began at")

    async def end_url(self, return_to: str) -> str | None:
        """Where the browser goes to sign out there too, None where the provider has no such address."""
        metadata = await self._read_metadata()
        if not isinstance(metadata.get("end_session_endpoint"), str):
            return None
        query = urlencode({"client_id": self.settings.client_id, "post_logout_redirect_uri": return_to})
        return _with_query(_endpoint(metadata, "end_session_endpoint"), query)

    async def _read_metadata(self) -> dict[str, Any]:
        now = self._clock.now()
        if self._metadata is None or self._metadata_at is None or now - self._metadata_at >= METADATA_LASTS:
            address = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
            found = await self._client.get(address)
            if found.get("issuer") != self.settings.issuer:
                raise Problem(
                    "provider_unavailable",
                    "the identity provider calls itself by another name than configured",
                )
            self._metadata, self._metadata_at = found, now
        return self._metadata


def _endpoint(metadata: dict[str, Any], name: str) -> str:
    address = metadata.get(name)
    if not isinstance(address, str):
        raise Problem("provider_unavailable", f"the identity provider names no {name}")
    check_address(address)
    return address


def _with_query(address: str, query: str) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{query}"


def _for_basic(client_id: str, secret: str) -> tuple[str, str]:
    """Both form-encoded first, as RFC 6749, section 2.3.1 has it."""
    return quote_plus(client_id), quote_plus(secret)


def _verifies(key: object) -> bool:
    """A public key for signatures: a shared secret in a provider's list is none of ours."""
    return isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use") != "enc"


def _decoded(token: str, keys: KeySet) -> jwt.Token:
    try:
        return jwt.decode(token, keys, registry=JWSRegistry(algorithms=list(ALGORITHMS)))
    except InvalidKeyIdError:
        raise
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise _refused("the provider's token is not signed with one of its keys") from error


def _refused(why: str) -> Problem:
    return Problem("sign_in_refused", f"{why}: sign in again")
