"""Each check fails an adapter that is broken in its way: a check that cannot fail proves nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.conformance import provoking
from adapters.conformance.checks import endings
from adapters.conformance.faults import listener
from adapters.conformance.running import run_check
from adapters.conformance.table import CHECKS
from adapters.conformance.verdicts import NotConformant
from adapters.contract.protocol import AdapterFactory
from tests.conformance.broken.failures import LEFT_OPEN, READING
from tests.conformance.broken.table import BROKEN
from tests.conformance.sound.harness import harness_of

BY_NAME = {check.name: check for check in CHECKS}
CASES = [
    pytest.param(name, factory, id=f"{name}-{number}")
    for name, factories in BROKEN.items()
    for number, factory in enumerate(factories)
]


@pytest.fixture(autouse=True)
async def impatience(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """What never ends is told sooner than in a real run."""
    monkeypatch.setattr(provoking, "PATIENCE_S", 3.0)
    monkeypatch.setattr(endings, "PATIENCE_S", 1.0)
    monkeypatch.setattr(listener, "PATIENCE_S", 1.0)
    monkeypatch.setattr("adapters.conformance.checks.health.WATCHED_S", 1.0)
    monkeypatch.setattr("adapters.conformance.checks.pages.LISTING_S", 1.0)
    monkeypatch.setattr("adapters.conformance.checks.failures.WAITED_S", 2.0)
    yield
    for adapter in LEFT_OPEN:
        await adapter._client.aclose()
    LEFT_OPEN.clear()
    for task in READING:
        task.cancel()
    await asyncio.gather(*READING, return_exceptions=True)
    READING.clear()


@pytest.mark.parametrize(("name", "factory"), CASES)
async def test_a_broken_adapter_fails(name: str, factory: AdapterFactory, tmp_path: Path) -> None:
    with pytest.raises(NotConformant) as raised:
        await run_check(BY_NAME[name], harness_of(factory), tmp_path)
    assert "harness" not in str(raised.value), "it fails for a reason of its own"


def test_no_check_lacks_a_broken_adapter() -> None:
    assert set(BROKEN) == set(BY_NAME)
    assert all(BROKEN.values())
