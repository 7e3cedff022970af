"""A process on a temporary ledger, with agencies and the agreements of `tests.world`, and another process beside it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.broker.agencies.office import Office, open_office
from tests.world import NumberedIdentifiers, StandingClock, settings


@pytest.fixture
def identifiers() -> NumberedIdentifiers:
    return NumberedIdentifiers()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
async def office(
    tmp_path: Path, clock: StandingClock, identifiers: NumberedIdentifiers
) -> AsyncIterator[Office]:
    with open_office(tmp_path / "ledger.sqlite", clock, identifiers) as opened:
        await opened.agreements.seed(settings(tmp_path))
        yield opened


@pytest.fixture
def other(
    office: Office, tmp_path: Path, clock: StandingClock, identifiers: NumberedIdentifiers
) -> Iterator[Office]:
    """Another process on the same ledger."""
    with open_office(tmp_path / "ledger.sqlite", clock, identifiers) as opened:
        yield opened
