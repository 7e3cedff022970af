"""Makes one camera of what several rows say of it. Owns who is believed, and when it is told.

The first file that states a fact is believed; later ones fill what is still unknown. Tags and streets add
up: a camera that any list calls `reserved` is reserved. Only disagreements that could mislead a search are
told: a position too far off for both to be right, and another kind.
"""

from collections.abc import Iterator

from adapters.contract.models import CameraRecord, CameraStatus, Position, Rejection
from adapters.lists.crossings import CrossingIndex
from adapters.lists.mapping import CameraFacts
from adapters.lists.positions import distance_m
from adapters.lists.rows import Unusable

UNSTATED_ACCURACY_M = 50.0
"""How far off a position is taken to be, when two are compared, that does not state its accuracy."""


def merge_facts(first: CameraFacts, later: CameraFacts) -> CameraFacts:
    """What both rows say of the same camera; the first is believed where they disagree."""
    return first._replace(
        name=first.name or later.name,
        kind=first.kind or later.kind,
        position=first.position or later.position,
        elevation_m=later.elevation_m if first.elevation_m is None else first.elevation_m,
        place=first.place or later.place,
        level=first.level or later.level,
        views=first.views or later.views,
        status=first.status or later.status,
        retention_days=first.retention_days or later.retention_days,
        tags=tuple(dict.fromkeys(first.tags + later.tags)),
        streets=tuple(dict.fromkeys(first.streets + later.streets)),
        snapshot_url=first.snapshot_url or later.snapshot_url,
        clip_url=first.clip_url or later.clip_url,
    )


def disagreements(first: CameraFacts, later: CameraFacts) -> Iterator[Rejection]:
    """What the later row says that could not be used, because the first one says otherwise."""
    if first.position and later.position:
        apart_m = distance_m(first.position, later.position)
        if apart_m > _error_m(first.position) + _error_m(later.position):
            yield Rejection(
                where=later.where,
                reason=f"puts camera {first.native_id} {apart_m:.0f} m from where {first.where} has it, "
                "which is kept",
            )
    if first.kind and later.kind and first.kind is not later.kind:
        yield Rejection(
            where=later.where,
            reason=f"calls camera {first.native_id} {later.kind}; {first.where} calls it {first.kind}, "
            "which is kept",
        )


def _error_m(position: Position) -> float:
    return UNSTATED_ACCURACY_M if position.accuracy_m is None else position.accuracy_m


def build_record(facts: CameraFacts, crossings: CrossingIndex | None) -> CameraRecord:
    """The camera, located by its streets where it states no coordinates.

    `Unusable` for one that has neither coordinates nor a crossing nor a place.
    """
    position = facts.position
    if position is None:
        why_not = ""
        if crossings is not None and len(facts.streets) > 1:
            try:
                position = crossings.locate(facts.streets, facts.elevation_m)
            except Unusable as problem:
                why_not = f"; {problem}"
        if position is None and facts.place is None:
            raise Unusable(f"camera {facts.native_id} has neither coordinates nor a place{why_not}")
    return CameraRecord(
        native_id=facts.native_id,
        name=facts.name or facts.native_id,
        kind=facts.kind,
        position=position,
        place=facts.place,
        level=facts.level,
        views=facts.views,
        status=facts.status or CameraStatus.UNKNOWN,
        retention_days=facts.retention_days,
        tags=facts.tags,
    )
