"""The command, called in this process with an environment of its own."""

import os

import pytest

from tests.broker.cli.commands import Entrevue, runner


@pytest.fixture
def entrevue(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Entrevue:
    for name in [name for name in os.environ if name.startswith("ENTREVUE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ENTREVUE_TOKEN", "test-token")
    return runner(monkeypatch, capfd)
