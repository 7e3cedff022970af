"""What goes wrong over RTSP, in the words of the contract. Texts name the call without its path."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.contract.errors import (
    AdapterError,
    Malformed,
    Misconfigured,
    NotFound,
    Refused,
    Throttled,
    TooLarge,
    TryLater,
    Unreachable,
)
from adapters.transport.rtsp_messages import RtspAnswer


def refusal(call: str, answer: RtspAnswer, signed_in: bool) -> AdapterError | None:
    """What an answer's status means, None where it is a success."""
    status = answer.status
    if 200 <= status < 300:
        return None
    answered = f"{call} was answered {status}"
    if 300 <= status < 400:
        return Misconfigured(f"{answered}: it leads elsewhere, which is refused; name the right address")
    if status in {401, 403}:
        if status == 401 and not signed_in:
            return Refused(f"{answered}: it wants a user; set username and password")
        return Refused(f"{answered}: the credentials are refused")
    if status in {404, 410, 457}:
        return NotFound(f"{answered}: there is no such stream")
    delay = answer.header("retry-after") or ""
    delay_s = float(delay[:6]) if delay.isascii() and delay.isdigit() else None
    if status in {429, 453} or (status == 503 and delay_s is not None):
        return Throttled(f"{answered}: it has too much to do", retry_after_s=delay_s)
    if status == 551:
        return Misconfigured(
            f"{answered}: it does not know {answer.header('unsupported') or 'what is asked'}"
        )
    if status >= 500:
        return TryLater(f"{answered}: it fails inside", retry_after_s=delay_s)
    return Malformed(f"{answered}: it does not understand this client")


@contextmanager
def connecting(shown: str) -> Iterator[None]:
    """Translates what can go wrong while a connection is opened."""
    try:
        yield
    except TimeoutError as error:
        raise Unreachable(f"{shown}: no connection in time") from error
    except ssl.SSLCertVerificationError as error:
        raise Misconfigured(
            f"{shown}: the certificate is not trusted ({error.verify_message}); "
            "name its authority's file by ca_file"
        ) from error
    except ssl.SSLError as error:
        raise Unreachable(f"{shown}: no TLS ({error.reason or 'broken off'})") from error
    except OSError as error:
        raise Unreachable(f"{shown}: no connection") from error


@contextmanager
def conversing(shown: str) -> Iterator[None]:
    """Translates what can go wrong on an open connection."""
    try:
        yield
    except asyncio.LimitOverrunError as error:
        raise TooLarge(f"{shown}: the headers of an answer are too long") from error
    except (asyncio.IncompleteReadError, OSError) as error:
        raise Unreachable(f"{shown}: the connection broke off") from error


def tls_trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Trusts that file's authorities alone, or the system's; `Misconfigured` where the file holds none."""
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except OSError as error:  # ssl.SSLError is one
        raise Misconfigured(
            f"ca_file {ca_file} holds no certificates that can be read: {error.strerror}"
        ) from error
