"""Collects faults: what follows each other becomes one range, and their number is bounded."""

from dataclasses import dataclass, field
from typing import Final

from broker.audit.verification.models import Fault, Finding

MOST_FINDINGS: Final = 1_000


@dataclass
class _Range:
    fault: Fault
    first: int
    last: int
    said: str


@dataclass
class Findings:
    """`more` counts what no longer fits."""

    more: int = 0
    _done: list[Finding] = field(default_factory=list)
    _open: dict[tuple[Fault, str], _Range] = field(default_factory=dict)

    def about(self, fault: Fault, first: int, last: int, said: str) -> None:
        """A fault of these entries; it joins one of the same words that it touches."""
        known = self._open.get((fault, said))
        if known is not None and known.first <= first <= known.last + 1:
            known.last = max(known.last, last)
            return
        if known is not None:
            self._keep_range(known)
        elif len(self._open) >= MOST_FINDINGS:
            self._close_all()
        self._open[fault, said] = _Range(fault, first, last, said)

    def in_general(self, fault: Fault, said: str) -> None:
        """A fault that is about no entry in particular."""
        self._keep(fault, None, None, said)

    def all(self) -> tuple[Finding, ...]:
        """What was found, by the entries it is about."""
        self._close_all()
        return tuple(sorted(self._done, key=lambda found: (found.first is None, found.first or 0)))

    def _close_all(self) -> None:
        for each in self._open.values():
            self._keep_range(each)
        self._open.clear()

    def _keep_range(self, each: _Range) -> None:
        entries = f"entry {each.first}" if each.first == each.last else f"entries {each.first} to {each.last}"
        self._keep(each.fault, each.first, each.last, f"{entries}: {each.said}")

    def _keep(self, fault: Fault, first: int | None, last: int | None, sentence: str) -> None:
        if len(self._done) < MOST_FINDINGS:
            whole = sentence.encode(errors="replace").decode()
            self._done.append(Finding(fault=fault, first=first, last=last, sentence=whole))
        else:
            self.more += 1
