"""A browser as far as signing in needs one: it keeps cookies, says where its page comes from, and follows nothing."""

from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import httpx

from broker.http.browser import CSRF_HEADER, SESSION_COOKIE
from tests.world import SignedIn, TestBroker

ORIGIN = "http://127.0.0.1:8080"
PASSWORD = "a long sentence nobody guesses"


@dataclass
class Browser:
    """`cookies` are those of the broker's origin. A test may change them, as a thief would."""

    http: httpx.AsyncClient
    cookies: dict[str, str] = field(default_factory=dict)

    async def call(
        self,
        method: str,
        path: str,
        *,
        origin: str | None = ORIGIN,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        stated = {} if origin is None else {"Origin": origin}
        if self.cookies:
            stated["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await self.http.request(method, path, headers=stated | (headers or {}), **more)
        for header in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(header).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    async def sign_in(self, username: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
        form = {"username": username, "password": password}
        return await self.call("POST", "/auth/signin", data=form, **more)

    async def word(self) -> str:
        """What a page of the broker's own sends with what changes something."""
        answer = await self.call("GET", "/auth/session")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["csrf"])

    async def change(self, method: str, path: str, body: Any = None, **more: str) -> httpx.Response:
        headers = {CSRF_HEADER: await self.word(), "Entrevue-Purpose": "judicial_inquiry", **more}
        return await self.call(method, path, headers=headers, json=body)

    @property
    def session(self) -> str | None:
        return self.cookies.get(SESSION_COOKIE)


async def give_password(
    broker: TestBroker, officer: SignedIn, username: str, password: str = PASSWORD
) -> None:
    """As an administrator and the officer do it, one after the other."""
    issued = await broker.broker.services.identity.accounts.issue_code(officer.id, username, None)
    form = {"code": issued.code, "password": password}
    answer = await Browser(broker.http).call("POST", "/auth/password", data=form)
    assert answer.status_code == 303, answer.text


async def actions(broker: TestBroker) -> list[tuple[str, str]]:
    """Everything in the log, as action and verdict."""
    page = await broker.broker.services.audit.page(None, None, 0, None, 10_000, None)
    return [(entry.action, entry.decision.value) for entry in page.entries]
