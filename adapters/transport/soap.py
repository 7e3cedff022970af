"""SOAP 1.2 over the guarded HTTP client: envelopes out, bodies or the contract's errors back.

A password leaves as a WS-Security digest (UsernameToken Profile 1.1), never itself; the HTTP client answers HTTP
digest too where a device asks for that. The digest is dated by the device's clock: devices refuse dates that lie
minutes off their own. Answers are bounded and read without DTDs, and names of elements without their prefixes and
namespaces, which devices get wrong.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from adapters.contract.errors import (
    AdapterError,
    GiveUp,
    Malformed,
    NotFound,
    NotSupported,
    Refused,
    Throttled,
    TryLater,
)
from adapters.transport.credentials import Credentials
from adapters.transport.http import GuardedClient

ANSWER_BYTES: Final = 4 * 1024 * 1024
ENVELOPE: Final = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING: Final = "http://www.w3.org/2005/08/addressing"
_SECURITY: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_UTILITY: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
)
_BASE64: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)
_WITH_FAULTS: Final = frozenset({400, 500})
"""Statuses that carry a SOAP fault. 401, 403 and the rest say enough by themselves."""

_FAULTS: Final[dict[str, type[AdapterError]]] = {
    "NotAuthorized": Refused,
    "OperationProhibited": Refused,
    "FailedAuthentication": Refused,
    "InvalidSecurity": Refused,
    "ActionNotSupported": NotSupported,
    "OptionalActionNotImplemented": NotSupported,
    "NotImplemented": NotSupported,
    "MaxActionsReached": Throttled,
    "TooManySearches": Throttled,
    "OutofMemory": TryLater,
    "CriticalError": TryLater,
    "NoProfile": NotFound,
    "NoEntity": NotFound,
    "NoRecording": NotFound,
    "NoSource": NotFound,
    "NoVideoSource": NotFound,
    "InvalidToken": NotFound,
    "ResourceUnknownFault": NotFound,
}
"""By the local name of a subcode, the most particular first; ONVIF core specification, table of generic faults."""


@dataclass
class SoapClient:
    """Calls to the services of one device. `offset` is its clock − ours, once that is known."""

    http: GuardedClient
    credentials: Credentials | None
    now: Callable[[], datetime]
    draw: Callable[[], bytes] = field(repr=False)
    offset: timedelta = timedelta()

    async def call(
        self,
        address: str,
        action: str,
        body: str,
        *,
        signed: bool = True,
        headers: str = "",
        within_s: float | None = None,
    ) -> Element:
        """The first element of the answer's body. `body` and `headers` are XML of ours; what came from others is
        escaped in them. `signed=False` for the calls that must work before anybody can sign in."""
        security = self._security() if signed and self.credentials is not None else ""
        envelope = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Header>{security}{headers}</s:Header>'
            f"<s:Body>{body}</s:Body></s:Envelope>"
        )
        answer = await self.http.post(
            address,
            content=envelope.encode(),
            headers={"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'},
            max_bytes=ANSWER_BYTES,
            also_statuses=_WITH_FAULTS,
            within_s=within_s,
        )
        what = f"{action.rpartition('/')[2]} at {answer.call.rpartition(' at ')[2]}"
        if answer.status in _WITH_FAULTS and not answer.media_type.endswith("xml"):
            failed = f"{what} was answered {answer.status}"
            if answer.status >= 500:
                raise TryLater(f"{failed}: it fails inside")
            raise Malformed(f"{failed} without saying why")
        content = _content(answer.xml("application/octet-stream"), what)
        if local_name(content) == "Fault":
            raise fault_error(content, what)
        if answer.status in _WITH_FAULTS:
            raise TryLater(f"{what} was answered {answer.status}: it fails inside")
        return content

    def _security(self) -> str:
        if self.credentials is None:
            return ""
        nonce = self.draw()
        created = (self.now() + self.offset).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        digest = password_digest(nonce, created, self.credentials.password)
        return (
            f'<w:Security xmlns:w="{_SECURITY}" s:mustUnderstand="1"><w:UsernameToken>'
            f"<w:Username>{escape(self.credentials.username)}</w:Username>"
            f'<w:Password Type="{_DIGEST}">{digest}</w:Password>'
            f'<w:Nonce EncodingType="{_BASE64}">{b64encode(nonce).decode("ascii")}</w:Nonce>'
            f'<u:Created xmlns:u="{_UTILITY}">{created}</u:Created>'
            "</w:UsernameToken></w:Security>"
        )


def password_digest(nonce: bytes, created: str, password: str) -> str:
    """Base64(SHA-1(nonce + created + password)); SHA-1 is what the profile prescribes."""
    hashed = hashlib.sha1(nonce + created.encode() + password.encode(), usedforsecurity=False)
    return b64encode(hashed.digest()).decode("ascii")


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: Element | None, *path: str) -> Element | None:
    """The first descendant along these local names."""
    for name in path:
        element = next((each for each in element or () if local_name(each) == name), None)
    return element


def children(element: Element | None, name: str) -> list[Element]:
    """All direct children of a local name."""
    return [each for each in ([] if element is None else element) if local_name(each) == name]


def text_of(element: Element | None, *path: str) -> str | None:
    """The text there, stripped; None where it is absent or empty."""
    found = child(element, *path)
    return ((found.text or "").strip() or None) if found is not None else None


def _content(root: Element, what: str) -> Element:
    body = child(root, "Body")
    if local_name(root) != "Envelope" or body is None or len(body) == 0:
        raise Malformed(f"{what} answered what is no SOAP")
    return body[0]


def fault_error(fault: Element, what: str) -> AdapterError:
    """A fault as one of the contract's errors, with the device's own reason (SOAP 1.2, and 1.1 as some send)."""
    codes: list[str] = []
    code = child(fault, "Code")
    while code is not None:
        codes.append((text_of(code, "Value") or "").rpartition(":")[2])
        code = child(code, "Subcode")
    codes.append((text_of(fault, "faultcode") or "").rpartition(":")[2])
    detail = child(fault, "Detail")
    codes.extend(local_name(each) for each in (detail if detail is not None else ()))
    reason = text_of(fault, "Reason", "Text") or text_of(fault, "faultstring") or "without a reason"
    told = f"{what} failed: {' '.join(reason.split())[:200]}"
    for name in reversed(codes):
        if name in _FAULTS:
            return _FAULTS[name](told)
    return TryLater(told) if codes[0] == "Receiver" else GiveUp(told)
