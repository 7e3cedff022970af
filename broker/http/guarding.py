"""What every answer carries, whatever it is, and under which names the broker answers at all."""

from typing import Any, Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from broker.errors import Problem
from broker.http.document import DescribedApi
from broker.http.problem_details import problem_response
from broker.http.services import Services
from broker.settings.values import is_loopback

CONTENT_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS: Final = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""An answer that says one of these itself is believed. With `no-referrer` browsers would say that the broker's forms
come from nowhere: https://fetch.spec.whatwg.org/#append-a-request-origin-header"""
HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
NAMES_KEPT: Final = 1000


class Guard:
    """ASGI middleware around everything else. `services` None is for describing the application only."""

    def __init__(self, app: ASGIApp, services: Services | None) -> None:
        self._app = app
        url = urlsplit("" if services is None else services.settings.broker.public_url)
        self._name = url.hostname
        self._headers = (*HEADERS, HSTS) if url.scheme == "https" else HEADERS
        self._known: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = message["headers"] = list(message.get("headers", ()))
                names = {name.lower() for name, _ in said}
                said += (header for header in self._headers if header[0] not in names)
            await send(message)

        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not (hosts[0] in self._known or self._answers_to(hosts[0])):
            detail = f"the broker is called {self._name}: its administrator sets that as public_url"
            await problem_response(Problem("host_unknown", detail))(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)

    def _answers_to(self, host: bytes) -> bool:
        """For the name of `public_url` and names of this machine, at any port."""
        try:
            parts = urlsplit(f"//{host.decode('ascii')}")
            name, _ = parts.hostname, parts.port
        except ValueError:
            return False
        if parts.username is not None or parts.path or parts.query or parts.fragment:
            return False
        if name is None or not (name == self._name or is_loopback(name)):
            return False
        if len(self._known) < NAMES_KEPT:
            self._known.add(host)
        return True


class GuardedApi(DescribedApi):
    """An application with the guard around all of it: also around what answers for an unplanned failure, which no
    middleware of an application sees."""

    def __init__(self, services: Services | None, **options: Any) -> None:
        super().__init__(**options)
        self.state.services = services

    def build_middleware_stack(self) -> ASGIApp:
        return Guard(super().build_middleware_stack(), self.state.services)
