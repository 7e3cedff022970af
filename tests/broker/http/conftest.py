"""Failures that tests bring about are logged as they are in service."""

from collections.abc import Iterator

import pytest
import structlog

from broker.logs import configure_logs


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    configure_logs()
    yield
    structlog.reset_defaults()
