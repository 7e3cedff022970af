"""Runs the command in this process, as the entry point does: what it printed and its exit status."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from broker.cli.main import run


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str

    def one_line_error(self) -> str:
        """The only line on standard error; AssertionError where there is none or more."""
        assert self.err.startswith("entrevue: ") and self.err.count("\n") == 1, self.err
        return self.err.removeprefix("entrevue: ").rstrip("\n")


Entrevue = Callable[..., Done]


def runner(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Entrevue:
    def entrevue(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["entrevue", *arguments])
        with pytest.raises(SystemExit) as ended:
            run()
        sys.stdout.flush()
        out, err = capfd.readouterr()
        status = ended.value.code
        assert isinstance(status, int)
        return Done(status, out, err)

    return entrevue
