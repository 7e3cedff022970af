"""Who may call the recorder: WS-Security digests or HTTP digest (SHA-256). A digest is used once, and only while it is
fresh by the recorder's clock."""

import hashlib
import re
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from datetime import datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element

from broker.demo.profile_g.http_server import HttpRequest
from broker.demo.profile_g.models import DeviceOrder

REALM: Final = "entrevue demo recorder"
FRESH: Final = timedelta(seconds=30)
NONCES_KEPT: Final = 1000
_PARAMETER = re.compile(r'(\w{1,64})=(?:"((?:[^"\\]|\\.){0,1024})"|([^\s,]+))')


def local_name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


class Gate:
    """Judges requests to one recorder."""

    def __init__(self, order: DeviceOrder) -> None:
        self._order = order
        self._http_nonce = secrets.token_hex(16)
        self._used: dict[bytes, None] = {}

    @property
    def challenge(self) -> str | None:
        """What a refused HTTP request is told; None where WS-Security is wanted."""
        if self._order.auth != "digest":
            return None
        return f'Digest realm="{REALM}", nonce="{self._http_nonce}", qop="auth", algorithm=SHA-256'

    def allows(self, request: HttpRequest, root: Element | None, now: datetime) -> bool:
        """`now` is the recorder's clock. A picture cannot carry WS-Security: then it is open, as on many devices."""
        if self._order.auth == "digest":
            return self._digest_fits(request)
        return root is None or self._token_fits(root, now)

    def _digest_fits(self, request: HttpRequest) -> bool:
        given = {
            name: quoted or plain
            for name, quoted, plain in _PARAMETER.findall(request.headers.get("authorization", ""))
        }
        if given.get("username") != self._order.username or given.get("nonce") != self._http_nonce:
            return False
        secret = _hashed(f"{self._order.username}:{REALM}:{self._order.password}")
        asked = _hashed(f"{request.method}:{given.get('uri', '')}")
        parts = (secret, self._http_nonce, given.get("nc", ""), given.get("cnonce", ""), "auth", asked)
        return secrets.compare_digest(given.get("response", ""), _hashed(":".join(parts)))

    def _token_fits(self, root: Element, now: datetime) -> bool:
        told = {local_name(each): (each.text or "").strip() for each in root.iter()}
        try:
            nonce = b64decode(told.get("Nonce", ""), validate=True)
            created = datetime.fromisoformat(told.get("Created", ""))
        except (Base64Error, ValueError):
            return False
        if created.tzinfo is None or abs(created - now) > FRESH or not nonce or nonce in self._used:
            return False
        data = nonce + told["Created"].encode() + self._order.password.encode()
        expected = b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
        fits = told.get("Username") == self._order.username and secrets.compare_digest(
            told.get("Password", "").encode(), expected.encode()
        )
        if fits:
            self._used[nonce] = None
            while len(self._used) > NONCES_KEPT:
                del self._used[next(iter(self._used))]
        return fits


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
