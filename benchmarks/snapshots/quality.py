"""Recall and false alarms on footage that the thresholds were not fitted on."""

import dataclasses
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.snapshots.footage import CARD, SOURCES, Picture, pictures
from benchmarks.snapshots.staging import FAULTS, REQUIRED, Pair, pair, usual
from benchmarks.snapshots.tuning import Case, fitted
from broker.snapshots.comparing import changed_share, halved
from broker.snapshots.judging import weigh
from broker.snapshots.looks import Look, look_at
from broker.snapshots.masks import NO_MASKS
from broker.snapshots.models import Quality
from broker.snapshots.picture import decode_grey, encode
from broker.snapshots.references import LOOKS, HourClass, Reference, Scene, renewed
from broker.snapshots.thresholds import SHIPPED, Thresholds

RECALL_AT_LEAST: Final = 0.95
FALSE_ALARMS_AT_MOST: Final = 0.01
FRAMES: Final = 150
MOST_BYTES: Final = 1 << 23
_AT: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)

NAMES: Final = {
    "cover": Quality.COVERED,
    "defocus": Quality.BLURRED,
    "turn 15°": Quality.MOVED,
    "freeze": Quality.FROZEN,
    "dark": Quality.DARK,
    "noise": Quality.NOISY,
    "bright": Quality.BRIGHT,
    "no signal": Quality.NO_SIGNAL,
}


def rows(samples: Path, cameras: int, seed: int, processes: int) -> Iterator[dict[str, object]]:
    """One row a source left out, then what was fitted on all of them."""
    present = {name: samples / file for name, file in SOURCES.items() if (samples / file).is_file()}
    absent = sorted(set(SOURCES) - set(present))
    if len(present) < 3:
        yield {"case": "quality", "absent": absent}
        return
    with ProcessPoolExecutor(processes) as pool:
        work = [pool.submit(cases_of, name, file, cameras, seed) for name, file in present.items()]
        cases = [case for done in work for case in done.result()]
    yield from tables(cases, absent)
    everything = fitted(cases)
    yield {"case": "fitted on all sources", **_rounded(everything)}
    yield {"case": "shipped thresholds", **_rounded(SHIPPED)}
    yield {"case": "shipped thresholds, worst source", **worst(cases, SHIPPED)}
    card = samples / CARD
    if card.is_file():
        yield {"case": "MediaMTX's card for a stream that is offline", "judged": card_judged(card)}


def tables(cases: Sequence[Case], absent: Sequence[str]) -> Iterator[dict[str, object]]:
    for source in sorted({case.source for case in cases}):
        thresholds = fitted([case for case in cases if case.source != source])
        own = [case for case in cases if case.source == source]
        yield {"case": f"quality, {source} left out", **measured(own, thresholds), "absent": list(absent)}


def measured(cases: Sequence[Case], thresholds: Thresholds) -> dict[str, object]:
    """`recall` counts a fault that was told, `named` one that was told by its own name."""
    recall, named = {}, {}
    for fault, name in NAMES.items():
        judged = [case.judged(thresholds) for case in cases if case.fault == fault]
        recall[fault] = round(sum(found is not Quality.GOOD for found in judged) / len(judged), 4)
        named[fault] = round(sum(found is name for found in judged) / len(judged), 4)
    usual_ones = [case.judged(thresholds) for case in cases if not case.fault]
    alarms = [found for found in usual_ones if found is not Quality.GOOD]
    reached = len(alarms) / len(usual_ones) <= FALSE_ALARMS_AT_MOST
    return {
        "recall": recall,
        "named": named,
        "false_alarms": round(len(alarms) / len(usual_ones), 4),
        "false_alarms_as": {str(found): alarms.count(found) for found in dict.fromkeys(alarms)},
        "usual": len(usual_ones),
        "reached": reached and min(recall[fault] for fault in REQUIRED) >= RECALL_AT_LEAST,
    }


def worst(cases: Sequence[Case], thresholds: Thresholds) -> dict[str, object]:
    each = [[case for case in cases if case.source == source] for source in {case.source for case in cases}]
    recalls, alarms = [], []
    for own in each:
        alarms.append(_share(own, thresholds, ""))
        recalls.append({fault: _share(own, thresholds, fault) for fault in FAULTS})
    lowest = {fault: round(min(recall[fault] for recall in recalls), 4) for fault in FAULTS}
    return {"recall": lowest, "false_alarms": round(max(alarms), 4)}


def _share(cases: Sequence[Case], thresholds: Thresholds, fault: str) -> float:
    judged = [case.judged(thresholds) for case in cases if case.fault == fault]
    return sum(found is not Quality.GOOD for found in judged) / len(judged)


def cases_of(source: str, file: Path, cameras: int, seed: int) -> list[Case]:
    """Of each of so many cameras 25 usual pairs and 8 of each fault, against that camera's own reference."""
    frames = pictures(file, FRAMES)
    random = np.random.default_rng([seed, sorted(SOURCES).index(source)])
    return [case for _ in range(cameras) for case in _camera(source, frames, random)]


def _camera(source: str, frames: list[Picture], random: np.random.Generator) -> Iterator[Case]:
    reference: Reference | None = None
    chosen = random.choice(len(frames), LOOKS, replace=False)
    for number in chosen:
        reference = renewed(reference, _look(usual(frames[number], random)), _AT)
    assert reference is not None
    others = [frame for number, frame in enumerate(frames) if number not in set(chosen.tolist())]
    for fault in [""] * 25 + [fault for fault in FAULTS for _ in range(8)]:
        yield _case(source, fault, pair(others, random, fault), reference)


def _case(source: str, fault: str, staged: Pair, reference: Reference) -> Case:
    looks = [_look(staged.before), _look(staged.now)]
    references: dict[str, Reference] = {HourClass.MIDDAY: reference}
    scene = Scene()
    before, now = (weigh(look, references, scene, HourClass.MIDDAY, SHIPPED) for look in looks)
    changed = changed_share(halved(looks[0].grey), halved(looks[1].grey), NO_MASKS)
    return Case(source, fault, before, now, changed)


def _look(jpeg: bytes) -> Look:
    look = look_at(decode_grey(jpeg, MOST_BYTES), NO_MASKS)
    assert look is not None
    return look


def card_judged(file: Path) -> str:
    look = _look(encode(pictures(file, 1)[0]))
    evidence = weigh(look, {}, Scene(), HourClass.MIDDAY, SHIPPED)
    return str(Case("", "", evidence, evidence, 1.0).judged(SHIPPED))


def _rounded(thresholds: Thresholds) -> dict[str, object]:
    return {name: round(value, 4) for name, value in dataclasses.asdict(thresholds).items()}
