"""What a browser sends by itself and what its pages must add: the session's cookie, where a call comes from, and the
word that only a page of the broker's own can know.
"""

import hashlib
import hmac
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response

from broker.errors import Problem
from broker.identifiers import SESSION_PREFIX
from broker.settings.values import is_loopback

SESSION_COOKIE: Final = "__Host-entrevue"
SIGN_IN_COOKIE: Final = "__Host-entrevue-signin"
"""Beside a sign-in that is at its provider."""
CSRF_HEADER: Final = "Entrevue-CSRF"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def read_cookie(headers: Headers, name: str) -> str | None:
    """The cookie's value; None where there is none, or more than one."""
    pairs = [pair.partition("=") for header in headers.getlist("cookie") for pair in header.split(";")]
    found = [value.strip() for named, _, value in pairs if named.strip() == name]
    return found[0] if len(found) == 1 else None


def session_secret(headers: Headers) -> str | None:
    """The secret of the session's cookie; None for anything that cannot be one."""
    secret = read_cookie(headers, SESSION_COOKIE)
    return secret if secret is not None and secret.startswith(SESSION_PREFIX) else None


def csrf_word(secret: str) -> str:
    """What calls that change something carry beside the session's cookie: it tells nothing of the secret."""
    return hmac.new(secret.encode(), b"entrevue csrf", hashlib.sha256).hexdigest()


def check_csrf(headers: Headers, public_url: str, secret: str, word: str | None) -> None:
    """Passes a call of the broker's own page in this very session; `cross_site` for every other."""
    check_origin(headers, public_url)
    if word is None or not hmac.compare_digest(word.encode(), csrf_word(secret).encode()):
        raise Problem("cross_site", f"send the header {CSRF_HEADER} with the word of GET /auth/session")


def check_origin(headers: Headers, public_url: str) -> None:
    """Passes what a browser says comes from here. One that says nothing is not believed."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if (origin is None and site is None) or site not in (None, "same-origin"):
        raise Problem("cross_site", "the call comes from another site's page: use the broker's own")
    if origin is not None and origin not in (_own(public_url), _loopback(headers)):
        raise Problem("cross_site", "the call comes from another site's page: use the broker's own")


def _own(public_url: str) -> str:
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{parts.netloc}"


def _loopback(headers: Headers) -> str | None:
    """The page's own origin where the broker is called by a name of this machine."""
    host = headers.get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return None
    return f"http://{host}" if is_loopback(name) else None


def put_cookie(response: Response, name: str, secret: str, max_age_s: int) -> None:
    response.set_cookie(name, secret, max_age=max_age_s, path="/", secure=True, httponly=True, samesite="lax")


def drop_cookie(response: Response, name: str) -> None:
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
