"""Addresses of pictures and clips that a list states. Owns which of them may be kept.

An address with a user name or a password in it is a secret that somebody published by mistake. It is never kept
and never repeated.
"""

import re
from urllib.parse import urlsplit

from adapters.lists.rows import Unusable

_BLANK = re.compile(r"\s")
_ESCAPED_SLASH = "\\/"
"""Some lists were escaped twice before they were published."""


def read_web_address(text: str, field: str) -> str | None:
    """An http or https address with a host, None for an empty text; `Unusable` names `field`."""
    if not text:
        return None
    address = text.replace(_ESCAPED_SLASH, "/")
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise Unusable(f"{field} is no web address") from None
    if "@" in parts.netloc:
        raise Unusable(f"{field} carries a user name or password, which a list must not")
    if parts.scheme not in {"http", "https"} or not host or _BLANK.search(address):
        raise Unusable(f"{field} is no http or https address")
    return address


def web_address_or_empty(text: str) -> str:
    """The same for lists in which an address is one detail among many: an unusable one costs only itself."""
    try:
        return read_web_address(text, "address") or ""
    except Unusable:
        return ""
