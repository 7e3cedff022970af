"""How thresholds follow from footage: between what usual pictures reach and what a fault reaches.

A fault counts when both pictures of a pair have it, so of each pair the picture that is nearer to usual is taken. Of
each source, the 0.5 % of usual pairs that look most faulty and the 1 % of staged ones that look least faulty are set
aside; of the sources, the worst counts. The threshold divides what lies between as the sources do: nearer to the side
on which they differ less, because there the next source will hardly differ either. Measures that are ratios are taken
by their logarithm. Nothing else is chosen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from broker.snapshots.judging import verdict
from broker.snapshots.models import Quality
from broker.snapshots.references import Evidence
from broker.snapshots.thresholds import Thresholds

USUAL_ASIDE: Final = 0.005
STAGED_ASIDE: Final = 0.01
LEAST_CHANGE: Final = 1e-4
"""Less than one of the points that are compared: so that nothing has a logarithm."""

LEAST_SPREAD: Final = 0.01
"""So that sources that agree to the last digit do not claim to be the only ones."""


@dataclass(frozen=True)
class Case:
    """A judged pair: its source, its fault (`""` for none), what both looks say, and how much changed."""

    source: str
    fault: str
    before: Evidence
    now: Evidence
    changed: float

    def judged(self, thresholds: Thresholds) -> Quality:
        return verdict(self.now, self.before, self.changed, thresholds)


@dataclass(frozen=True)
class Rule:
    """One threshold: `sign` is 1 where faults lie above it, -1 below."""

    threshold: str
    sign: int
    by_ratio: bool
    usual: tuple[str, ...]
    staged: tuple[str, ...]
    value: Callable[[Evidence], float | None]


RULES: Final = (
    Rule("no_signal_above", 1, False, ("", "cover"), ("no signal",), lambda look: look.common_share),
    Rule("dark_below", -1, True, ("",), ("dark",), lambda look: look.high),
    Rule("bright_above", 1, False, ("",), ("bright",), lambda look: look.low),
    Rule("noisy_above", 1, False, ("",), ("noise",), lambda look: look.noise),
    Rule("alike_below", -1, True, ("",), ("turn 15°",), lambda look: look.likeness),
    Rule("structure_below", -1, False, ("", "turn 15°"), ("cover",), lambda look: look.structure),
    Rule("sharpness_below", -1, False, ("",), ("defocus",), lambda look: look.sharpness),
)


def fitted(cases: Sequence[Case]) -> Thresholds:
    """By the rule of this module, from all cases given."""
    found = {rule.threshold: _between(rule, cases, _nearer_to_usual(rule)) for rule in RULES}
    changed = Rule("changed_below", -1, True, ("",), ("freeze",), lambda _: None)
    found[changed.threshold] = _between(changed, cases, lambda case: max(case.changed, LEAST_CHANGE))
    return Thresholds(**found)


def _nearer_to_usual(rule: Rule) -> Callable[[Case], float]:
    def value(case: Case) -> float:
        values = [rule.value(look) for look in (case.before, case.now)]
        return min(rule.sign * (0.0 if value is None else value) for value in values) * rule.sign

    return value


def _between(rule: Rule, cases: Sequence[Case], value: Callable[[Case], float]) -> float:
    usual = _edges(rule, cases, value, rule.usual, 1 - USUAL_ASIDE)
    staged = _edges(rule, cases, value, rule.staged, STAGED_ASIDE)
    spread = float(np.std(usual)), float(np.std(staged))
    share = (spread[0] + LEAST_SPREAD) / (sum(spread) + 2 * LEAST_SPREAD)
    found = rule.sign * (max(usual) + share * (min(staged) - max(usual)))
    return float(np.exp(found)) if rule.by_ratio else float(found)


def _edges(
    rule: Rule, cases: Sequence[Case], value: Callable[[Case], float], faults: tuple[str, ...], share: float
) -> list[float]:
    """What the cases of each source reach, upwards in the direction of the fault."""
    by_source: dict[str, list[float]] = {}
    for case in cases:
        if case.fault in faults:
            found = value(case)
            scaled = float(np.log(max(found, 1e-4))) if rule.by_ratio else found
            by_source.setdefault(case.source, []).append(rule.sign * scaled)
    return [float(np.quantile(values, share)) for values in by_source.values()]
