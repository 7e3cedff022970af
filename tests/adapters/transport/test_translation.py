"""No exception of httpx reaches a caller by oversight."""

import httpx
import pytest

from adapters.contract.errors import AdapterError
from adapters.transport.translation import TRANSLATED, translate

LEFT_ALONE = {httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.ProxyError}
"""Only a bug of ours leads there; a bug looks like a bug."""
GROUPS = {httpx.TransportError, httpx.ProtocolError}


def kinds(of: type[BaseException]) -> set[type[BaseException]]:
    return {of, *(kind for below in of.__subclasses__() for kind in kinds(below))}


@pytest.mark.parametrize("kind", sorted(kinds(httpx.TransportError) - GROUPS, key=lambda kind: kind.__name__))
def test_every_exception_of_a_transport_is_translated_or_left_alone_on_purpose(
    kind: type[httpx.TransportError],
) -> None:
    assert issubclass(kind, TRANSLATED) != (kind in LEFT_ALONE)
    if kind not in LEFT_ALONE:
        assert isinstance(translate(kind("hunter2"), "GET /x at http://nvr"), AdapterError)


def test_what_httpx_says_is_not_repeated() -> None:
    assert "hunter2" not in translate(httpx.ReadError("hunter2"), "GET /x at http://nvr").message
