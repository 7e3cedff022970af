"""Chromium, without scripts of ours: sets a password, signs in, keeps the cookie on this machine, and signs out."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Page, async_playwright
from redis.asyncio import Redis

from broker.agencies.models import Role
from broker.api import create_api
from broker.clock import SystemClock
from broker.http.connections import GuardedProtocol
from broker.identifiers import RandomIdentifiers
from broker.settings.sections import IdentityProviderSettings
from broker.settings.values import Secret
from tests.broker.identity.browsers import PASSWORD
from tests.identity_provider.process import CLIENT_ID, CLIENT_SECRET, run_provider
from tests.requirements import executable
from tests.world import StandingClock, TestBroker, open_test_broker, settings


@asynccontextmanager
async def served(
    data: Path, redis: Redis, issuer: str | None = None
) -> AsyncIterator[tuple[TestBroker, str]]:
    """A broker behind a real server, and its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        configured = settings(data, public_url=url)
        if issuer is not None:
            configured = configured.model_copy(update={"identity_provider": (ministry(issuer, data),)})
        clock = StandingClock(SystemClock().now())
        async with open_test_broker(data, redis, configuration=configured, clock=clock) as broker:
            api = create_api(broker.broker.services)
            options = {"log_config": None, "lifespan": "off", "http": GuardedProtocol, "ws": "none"}
            server = uvicorn.Server(uvicorn.Config(api, **options))
            serving = asyncio.create_task(server.serve([listener]))
            yield broker, url
            server.should_exit = True
            await serving


def ministry(issuer: str, folder: Path) -> IdentityProviderSettings:
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "secret"
    secret.write_text(CLIENT_SECRET)
    return IdentityProviderSettings(
        id="ministry",
        name="Ministry",
        issuer=issuer,
        client_id=CLIENT_ID,
        client_secret=Secret(file=secret),
        agency="police",
    )


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    chromium = executable("chromium", "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield await browser.new_page(java_script_enabled=False)
        await browser.close()


async def test_a_person_sets_a_password_signs_in_and_out(page: Page, tmp_path: Path, redis: Redis) -> None:
    async with served(tmp_path / "data", redis) as (broker, url):
        officer = await broker.officer("rail", Role.OPERATOR)
        issued = await broker.broker.services.identity.accounts.issue_code(officer.id, "test.rail", None)
        await page.goto(f"{url}/auth/password")
        await page.get_by_label("Code").fill(issued.code)
        await page.get_by_label("New password").fill(PASSWORD)
        await page.get_by_role("button").click()
        await page.get_by_label("User name").fill("test.rail")
        await page.get_by_label("Password").fill("a wrong one, and long")
        await page.get_by_role("button").click()
        assert "wrong" in await page.get_by_role("alert").inner_text()
        await page.get_by_label("User name").fill("test.rail")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button").click()
        assert await page.get_by_role("heading").inner_text() == "Signed in"
        (cookie,) = await page.context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["secure"]) == ("__Host-entrevue", True, True)
        await page.get_by_role("button", name="Sign out").click()
        assert await page.get_by_role("heading").inner_text() == "Sign in"
        assert await page.context.cookies() == []


async def test_a_person_comes_back_from_their_provider_signed_in_and_signs_out_to_it(
    page: Page, tmp_path: Path, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.world.NumberedIdentifiers.secret", RandomIdentifiers.secret)
    with run_provider(tmp_path / "errors") as real:
        async with served(tmp_path / "data", redis, real.issuer) as (broker, url):
            real.set_client(url)
            real.set_person("u-1")
            officer = await broker.officer("police", Role.OPERATOR)
            await broker.broker.services.identity.provider_sign_ins.bind(officer.id, "ministry", "u-1", None)
            await page.goto(f"{url}/auth/signin")
            await page.get_by_role("link", name="Sign in with Ministry").click()
            assert await page.get_by_role("heading").inner_text() == "Signed in"
            await page.get_by_role("button", name="Sign out").click()
            assert page.url.startswith(real.issuer)
            await page.get_by_role("button").first.click()
            await page.wait_for_url(f"{url}/auth/signin**")
            assert await page.get_by_role("heading").inner_text() == "Sign in"
