"""From measures to a word. A fault shows when two looks in a row have it: a lorry before the lens passes.

What a look is compared with is the reference of its hour class. Where that class has none yet, another class can prove
that the view is the same, but not that it is lost: night and day may have nothing in common.
"""

from datetime import datetime

from broker.snapshots.comparing import changed_share, halved, likeness, sharpness_against, spectrum
from broker.snapshots.looks import Look, detail_of
from broker.snapshots.models import Quality
from broker.snapshots.references import VERSION, Evidence, HourClass, Kept, Reference, Scene, renewed
from broker.snapshots.thresholds import MOST_DARK_CARD, SHIPPED, Thresholds


def judge(
    look: Look, picture: str, kept: Kept | None, scene: Scene, hours: HourClass, at: datetime
) -> tuple[Quality, Kept]:
    """What is wrong with the picture of this name, and what to keep for the next one."""
    references = dict(kept.references) if kept else {}
    evidence = weigh(look, references, scene, hours, SHIPPED)
    last = halved(look.grey)
    before, changed = None, None
    if kept is not None:
        before, changed = kept.evidence, changed_share(last, kept.last_grid(), scene.masks)
    found = verdict(evidence, before, changed, SHIPPED)
    # a reference takes in what is good by itself, not what the look before excuses
    if found is Quality.GOOD and verdict(evidence, None, None, SHIPPED) is Quality.GOOD:
        references[hours] = renewed(references.get(hours), look, at)
    return found, Kept(VERSION, scene.name, picture, found, last.tobytes(), evidence, references)


def weigh(
    look: Look, references: dict[str, Reference], scene: Scene, hours: HourClass, thresholds: Thresholds
) -> Evidence:
    """One look's measures, against the reference of its hour class."""
    reference = references.get(hours)
    grey = None if reference is None else reference.grey()
    if reference is None or grey is None:
        seen = _is_seen_again(look, references, scene, thresholds)
        return Evidence(look.common_share, look.low, look.high, look.highest, None, seen, None, None)
    height = None
    if scene.is_fixed:
        height = likeness(spectrum(look.grey, scene.masks), spectrum(grey, scene.masks))
    return Evidence(
        common_share=look.common_share,
        low=look.low,
        high=look.high,
        highest=look.highest,
        noise=look.noise - reference.noise,
        likeness=height,
        sharpness=sharpness_against(detail_of(look.grey), reference.detail(), scene.masks),
        structure=look.structure - reference.structure,
    )


def _is_seen_again(
    look: Look, references: dict[str, Reference], scene: Scene, thresholds: Thresholds
) -> float | None:
    """How alike the look is to a reference of other hours; None where it is like none, which proves nothing."""
    if not scene.is_fixed or not references:
        return None
    own = spectrum(look.grey, scene.masks)
    greys = (reference.grey() for reference in references.values())
    best = max((likeness(own, spectrum(g, scene.masks)) for g in greys if g is not None), default=0.0)
    return best if best >= thresholds.alike_below else None


def verdict(
    evidence: Evidence, before: Evidence | None, changed: float | None, thresholds: Thresholds
) -> Quality:
    """The first fault that both looks have; of one look alone where there was none before.

    `changed` is the share of the picture that differs from the one before, None where there was none.
    """
    looks = (evidence,) if before is None else (evidence, before)
    if all(look.low > thresholds.bright_above for look in looks):
        return Quality.BRIGHT
    if all(_is_card(look, thresholds) for look in looks):
        return Quality.NO_SIGNAL
    if all(look.high < thresholds.dark_below for look in looks):
        return Quality.DARK
    if all(look.noise is not None and look.noise > thresholds.noisy_above for look in looks):
        return Quality.NOISY
    found = _against_reference(looks, thresholds)
    is_same = changed is not None and changed < thresholds.changed_below
    # what is covered looks the same again without being frozen
    return Quality.FROZEN if is_same and found is not Quality.COVERED else found


def _is_card(look: Evidence, thresholds: Thresholds) -> bool:
    lit = look.high >= thresholds.dark_below or look.highest >= MOST_DARK_CARD
    return look.common_share > thresholds.no_signal_above and lit


def _against_reference(looks: tuple[Evidence, ...], thresholds: Thresholds) -> Quality:
    lost = all(look.likeness is not None and look.likeness < thresholds.alike_below for look in looks)
    flat = all(look.structure is not None and look.structure < thresholds.structure_below for look in looks)
    soft = all(look.sharpness is not None and look.sharpness < thresholds.sharpness_below for look in looks)
    if flat and (lost or not soft):
        return Quality.COVERED
    if lost:  # another view may have softer detail of its own
        return Quality.MOVED
    return Quality.BLURRED if soft else Quality.GOOD
