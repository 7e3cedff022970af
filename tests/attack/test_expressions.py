"""No regular expression of ours takes long over text that was made to make it take long."""

import importlib
import inspect
import pkgutil
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import pytest

import adapters
import broker

LENGTH = 20_000
ALLOWED_S = 0.3
"""Of processor time. What looks at each place takes a hundredth of that, what looks at each pair of places far more."""

RUNS = (
    "a",
    "0",
    " ",
    ".",
    "-",
    "_",
    '"',
    "\\",
    "\\\\",
    "=",
    ",",
    "a=",
    "a.",
    "0.",
    "a/",
    "a ",
    'a="',
    "é",
    "\n",
    "%2",
)
ENDS = ("", "!", "\x00", '"', "\n")


class TooSlowError(Exception):
    pass


@contextmanager
def processor_time(seconds: float) -> Iterator[None]:
    """Raises once that much of it was used."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@dataclass(frozen=True)
class Kept:
    """An expression that a module keeps. `searched` where it is also looked for inside a text."""

    pattern: re.Pattern[str]
    searched: bool


def expressions() -> dict[str, Kept]:
    """Every expression over text that a module of ours keeps, by the place where it stands."""
    found = {}
    for package in (adapters, broker):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "__main__" in module.name or ".migrations" in module.name:
                continue
            imported = importlib.import_module(module.name)
            source = inspect.getsource(imported)
            for name, value in vars(imported).items():
                pattern = getattr(value, "__self__", value)  # also of a bound method
                if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
                    inside = rf"\b{name}\.(search|finditer|findall|sub|split)\b"
                    searched = re.search(inside, source) is not None
                    found[f"{module.name}.{name}"] = Kept(pattern, searched)
    return found


EXPRESSIONS = expressions()


def hostile_texts(pattern: re.Pattern[str]) -> Iterator[str]:
    """Runs of what the expression itself names and of what many like, each with an end that does not fit."""
    named = {re.sub(r"\W+", "", part) for part in re.split(r"[\[\](){}?*+|]", pattern.pattern)}
    for run in (*RUNS, *sorted(named - {""})):
        for end in ENDS:
            yield run * (LENGTH // len(run)) + end


def try_all(kept: Kept) -> None:
    for text in hostile_texts(kept.pattern):
        with processor_time(ALLOWED_S):
            kept.pattern.fullmatch(text)
            kept.pattern.match(text)
        if kept.searched:
            with processor_time(ALLOWED_S):
                kept.pattern.findall(text)


def test_the_expressions_are_found() -> None:
    assert len(EXPRESSIONS) > 30
    assert "broker.http.ranges._ONE_RANGE" in EXPRESSIONS


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_no_text_makes_an_expression_take_long(place: str) -> None:
    try_all(EXPRESSIONS[place])


@pytest.mark.parametrize("bad", [r"(a+)+$", r"(\w|a)*\d$", r"(.*)(.*)x", r"\d+x"])
def test_an_expression_that_takes_long_is_noticed(bad: str) -> None:
    with pytest.raises(TooSlowError):
        try_all(Kept(re.compile(bad), searched=True))
