"""What goes wrong over HTTP, in the words of the contract. The one place where httpx's exceptions and statuses
are translated; what is not named here passes unchanged, so that a bug looks like a bug.

Texts name the call without its query, which may carry a token.
"""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from adapters.contract.errors import (
    AdapterError,
    Malformed,
    Misconfigured,
    NotFound,
    Refused,
    Throttled,
    TimedOut,
    TryLater,
    Unreachable,
)

LONGEST_DELAY_S: Final = 86_400.0
TRANSLATED: Final = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
"""What `translate` takes. Left alone, because only a bug of ours leads there: `LocalProtocolError`,
`UnsupportedProtocol`, `ProxyError`, and those of httpx's own client, which is not used."""

_BROKEN_OFF: Final = ("server disconnected", "peer closed connection")


def translate(error: httpx.TransportError, call: str) -> AdapterError:
    """The contract's error for one of `TRANSLATED`."""
    if isinstance(error, httpx.ConnectTimeout):
        return Unreachable(f"{call}: no connection in time")
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(f"{call}: no answer in time")
    if isinstance(error, httpx.RemoteProtocolError):
        if str(error).lower().startswith(_BROKEN_OFF):
            return Unreachable(f"{call}: the connection broke off")
        return Malformed(f"{call}: the answer is no HTTP")
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Misconfigured(
                f"{call}: the certificate is not trusted ({cause.verify_message}); "
                "name its authority's file by ca_file"
            )
        if isinstance(cause, ssl.SSLError):
            return Unreachable(f"{call}: no TLS ({cause.reason or 'broken off'}); is https right in url?")
    if isinstance(error, httpx.ConnectError):
        return Unreachable(f"{call}: no connection")
    return Unreachable(f"{call}: the connection broke off")


def _causes(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    while at is not None:
        yield at
        at = at.__cause__ or at.__context__


def refusal(
    status: int, headers: httpx.Headers, call: str, now: datetime, signed_in: bool
) -> AdapterError | None:
    """What an answer's status means, None where it is a success."""
    if 200 <= status < 300:
        return None
    answered = f"{call} was answered {status}"
    delay_s = retry_after_s(headers.get("retry-after"), now)
    if status in {401, 403}:
        if status == 401 and not signed_in:
            return Refused(f"{answered}: it wants a user; set username and password")
        return Refused(f"{answered}: the credentials are refused")
    if status in {404, 410}:
        return NotFound(f"{answered}: there is no such thing")
    if status == 429 or (status == 503 and delay_s is not None):
        return Throttled(f"{answered}: it asks to be called less often", retry_after_s=delay_s)
    if status in {408, 504}:
        return TimedOut(f"{answered}: no answer in time behind it", retry_after_s=delay_s)
    if status >= 500:
        return TryLater(f"{answered}: it fails inside", retry_after_s=delay_s)
    return Misconfigured(
        f"{answered}: it does not know this call; are url and version those of this adapter?"
    )


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header, which is a number or a date; None where it is neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), LONGEST_DELAY_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), LONGEST_DELAY_S)
