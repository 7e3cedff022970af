"""Where each judgement begins. Fitted by `python -m benchmarks.snapshots quality --cameras 12` on all its sources,
by the rule in `benchmarks/snapshots/tuning.py`; docs/design/snapshots.md says how well they hold on a source that was
left out.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Thresholds:
    """In the measures of `broker.snapshots.looks` and `broker.snapshots.comparing`."""

    no_signal_above: float
    """Share of the picture in its eight most common grey levels."""
    dark_below: float
    """Grey level that 95 % of the picture is below."""
    bright_above: float
    """Grey level that 90 % of the picture is above."""
    noisy_above: float
    """Median of the noise filter's answers against the reference's, natural logarithm of the ratio."""
    alike_below: float
    """Height of the correlation with the reference at no displacement, in standard deviations."""
    structure_below: float
    """Strength of edges against the reference's, natural logarithm of the ratio."""
    sharpness_below: float
    """Fine against coarse detail, less the reference's, natural logarithm."""
    changed_below: float
    """Share of points that differ from the picture before."""


SHIPPED: Final = Thresholds(
    no_signal_above=0.8927,
    dark_below=34.37,
    bright_above=196.5,
    noisy_above=0.6538,
    alike_below=5.171,
    structure_below=-0.5991,
    sharpness_below=-0.256,
    changed_below=0.0002,
)

MOST_DARK_CARD: Final = 100.0
"""A picture that is black for the most part but has something as light as this is a card with a text, not a dark
scene: chosen between the text of MediaMTX's card for streams that are offline (255) and lamps at night in fog."""

LEAST_UNMASKED: Final = 0.1
"""With less than this share of the picture left unmasked, nothing is said of it."""
