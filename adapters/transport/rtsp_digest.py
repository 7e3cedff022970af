"""Answers RTSP challenges: digest by MD5 or SHA-256 (RFC 2617, RFC 7616), basic only where it may be.

RFC 7616's stronger algorithm wins where a recorder offers several. A password leaves only as a digest, unless
the connection is encrypted.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.contract.errors import Misconfigured, Refused
from adapters.transport.credentials import Credentials

_PARAMETER = re.compile(
    r'(?P<name>[A-Za-z0-9-]{1,64})\s{0,8}=\s{0,8}(?:"(?P<quoted>(?:[^"\\]|\\.){0,1024})"|(?P<plain>[^\s,]+))'
)
_STRENGTH: Final = ("sha-256-sess", "sha-256", "md5-sess", "md5")


@dataclass
class _Challenge:
    realm: str
    nonce: str
    algorithm: str
    offers_auth: bool
    opaque: str | None
    uses: int = 0


@dataclass
class RtspSignIn:
    """One connection's answer to being challenged. `draw` makes a client nonce of letters and digits."""

    credentials: Credentials
    encrypted: bool
    draw: Callable[[], str]
    _challenge: _Challenge | None = field(default=None, repr=False)
    _is_basic: bool = field(default=False, repr=False)

    def take(self, challenges: Sequence[str]) -> None:
        """Chooses among a 401's challenges; `Refused` where none can be answered."""
        digests = [each for each in map(_read_digest, challenges) if each is not None]
        if digests:
            self._challenge = min(digests, key=lambda each: _STRENGTH.index(each.algorithm))
            return
        if not any(each.strip().lower().startswith("basic") for each in challenges):
            raise Refused("the recorder asks for a password in a way that is not known here")
        if not self.encrypted:
            raise Misconfigured("the recorder asks for the password in the clear: reach it by rtsps")
        if ":" in self.credentials.username:
            raise Misconfigured("username holds a colon, which basic authentication cannot carry")
        self._is_basic = True

    def authorization(self, method: str, url: str) -> str | None:
        """The header's value for one request; None before there was a challenge."""
        if self._is_basic:
            pair = f"{self.credentials.username}:{self.credentials.password}".encode()
            return "Basic " + base64.b64encode(pair).decode("ascii")
        if self._challenge is None:
            return None
        return self._digest(self._challenge, method, url)

    def _digest(self, challenge: _Challenge, method: str, url: str) -> str:
        def hashed(text: str) -> str:
            if challenge.algorithm.startswith("sha-256"):
                return hashlib.sha256(text.encode()).hexdigest()
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        user, client_nonce = self.credentials.username, self.draw()
        secret = hashed(f"{user}:{challenge.realm}:{self.credentials.password}")
        if challenge.algorithm.endswith("-sess"):
            secret = hashed(f"{secret}:{challenge.nonce}:{client_nonce}")
        asked = hashed(f"{method}:{url}")
        quoted = {"username": user, "realm": challenge.realm, "nonce": challenge.nonce, "uri": url}
        plain: dict[str, str] = {}
        if challenge.offers_auth:
            challenge.uses += 1
            count = f"{challenge.uses:08x}"
            quoted["response"] = hashed(f"{secret}:{challenge.nonce}:{count}:{client_nonce}:auth:{asked}")
            quoted["cnonce"] = client_nonce
            plain = {"qop": "auth", "nc": count}
        else:
            quoted["response"] = hashed(f"{secret}:{challenge.nonce}:{asked}")
        if challenge.algorithm != "md5":
            plain["algorithm"] = challenge.algorithm.upper().replace("-SESS", "-sess")
        if challenge.opaque is not None:
            quoted["opaque"] = challenge.opaque
        parts = [f'{name}="{_escaped(value)}"' for name, value in quoted.items()]
        return "Digest " + ", ".join([*parts, *(f"{name}={value}" for name, value in plain.items())])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _read_digest(text: str) -> _Challenge | None:
    """A digest challenge that can be answered; None for any other."""
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    parameters = {
        match["name"].lower(): re.sub(r"\\(.)", r"\1", match["quoted"])
        if match["quoted"] is not None
        else match["plain"]
        for match in _PARAMETER.finditer(rest)
    }
    algorithm = parameters.get("algorithm", "MD5").lower()
    protections = parameters.get("qop")
    offers_auth = protections is not None and "auth" in [
        each.strip().lower() for each in protections.split(",")
    ]
    if algorithm not in _STRENGTH or "nonce" not in parameters or (protections and not offers_auth):
        return None
    return _Challenge(
        realm=parameters.get("realm", ""),
        nonce=parameters["nonce"],
        algorithm=algorithm,
        offers_auth=offers_auth,
        opaque=parameters.get("opaque"),
    )
