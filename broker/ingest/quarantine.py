"""Bad records of a network, gathered by reason so that a person can read them: how many, where, since when."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from adapters.contract.models import Rejection
from broker.catalog.models import Quarantined

REASONS_KEPT: Final = 1000
EXAMPLES_KEPT: Final = 10
CHARACTERS_KEPT: Final = 400
"""Of a reason: it may quote what a recorder sent."""


class Rejections:
    """What a round rejects, in bounded memory: everything is counted, the first of each reason are kept."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[str] = []
        self._by_reason: dict[str, tuple[int, list[str]]] = {}

    def add(self, rejection: Rejection) -> None:
        self.count += 1
        if len(self._first) < REASONS_KEPT:
            self._first.append(f"{rejection.where}: {rejection.reason}")
        reason = rejection.reason[:CHARACTERS_KEPT]
        count, examples = self._by_reason.get(reason, (0, []))
        if not count and len(self._by_reason) >= REASONS_KEPT:
            return
        if len(examples) < EXAMPLES_KEPT:
            examples.append(rejection.where[:CHARACTERS_KEPT])
        self._by_reason[reason] = count + 1, examples

    def extend(self, rejections: Iterable[Rejection]) -> None:
        for rejection in rejections:
            self.add(rejection)

    @property
    def told(self) -> tuple[str, ...]:
        """The first of them, each with where it stands."""
        return tuple(self._first)

    def quarantine(self, earlier: Sequence[Quarantined], at: datetime) -> tuple[Quarantined, ...]:
        """By reason, the most frequent first; a reason that was known before keeps since when."""
        since = {entry.reason: entry.first_seen_at for entry in earlier}
        entries = (
            Quarantined(
                reason=reason,
                count=count,
                first_seen_at=since.get(reason, at),
                examples=tuple(sorted(examples)),
            )
            for reason, (count, examples) in self._by_reason.items()
        )
        return tuple(sorted(entries, key=lambda entry: (-entry.count, entry.reason)))
