"""Makes an answer of candidates: drops what may not be known, keeps what fits, measures, orders, cuts a page.

Pure functions. Cameras that the caller may not locate are dropped before anything is counted, ordered or
paged; what a right does not uncover takes part neither in a filter nor in the order.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np

from adapters.contract.capabilities import Capability
from adapters.contract.models import CameraStatus
from broker.agencies.models import Action
from broker.agencies.policy import ActionMasks, CameraColumns
from broker.catalog.columns import sees_point
from broker.catalog.disclosure import FOOTAGE_ACTIONS, PICTURE_ACTIONS, VIEW_ACTIONS
from broker.catalog.geometry import SEES, UNKNOWN, Bytes, Floats, bearing_deg, distance_m
from broker.catalog.models import Answer, Box, Camera, Hit, NetworkReport, PageKey, Question, Radius, Sort
from broker.catalog.names import holds_words

FRESH_SNAPSHOT_S: Final = 600
GAP_S: Final = 1.0
"""Less than this without a frame is no gap: footage that lacks no more covers an interval."""

NEEDS: Final[dict[Action, Capability | None]] = {
    Action.LOCATE: None,
    Action.VIEW_SNAPSHOT: Capability.SNAPSHOT,
    Action.HOLD: Capability.FOOTAGE,
    Action.REQUEST_CLIP: Capability.FOOTAGE,
}
"""What a camera's network must be able to do for an action; nobody can offer live pictures yet."""

STATUS_BANDS: Final = {
    CameraStatus.UP: 0.0,
    CameraStatus.STALE: 1.0,
    CameraStatus.UNKNOWN: 2.0,
    CameraStatus.DOWN: 3.0,
}
SEES_BANDS: Final = {True: 0.0, None: 1.0, False: 2.0}


def answer_of(
    question: Question,
    cameras: Sequence[Camera],
    columns: CameraColumns,
    masks: ActionMasks,
    reports: Mapping[str, NetworkReport],
) -> Answer:
    """One page of the cameras that fit, in order. `columns` and `masks` are over `cameras`."""
    centre = _centre(question.area)
    distances, bearings = _measure(centre, columns)
    sees = _sees(centre, cameras, masks, distances)
    fitting: list[tuple[PageKey, Hit]] = []
    for index in map(int, np.flatnonzero(masks.actions[Action.LOCATE])):
        camera = cameras[index]
        if not _inside(question.area, camera, distances[index]):
            continue
        hit = hit_of(
            camera,
            reports.get(camera.network),
            masks,
            index,
            question.as_of,
            question,
            float(distances[index]),
            float(bearings[index]),
            int(sees[index]),
        )
        if _fits(question, hit):
            fitting.append((_page_key(question, hit), hit))
    fitting.sort(key=lambda pair: pair[0])
    if question.after is not None:
        fitting = [pair for pair in fitting if pair[0] > question.after]
    page = fitting[: question.limit]
    more = page[-1][0] if len(fitting) > len(page) and page else None
    return Answer(hits=tuple(hit for _, hit in page), next_after=more)


def hit_of(
    camera: Camera,
    report: NetworkReport | None,
    masks: ActionMasks,
    index: int,
    at: datetime,
    question: Question | None = None,
    distance: float = np.nan,
    bearing: float = np.nan,
    sees: int = UNKNOWN,
) -> Hit:
    """A camera as it was at that time; `index` is its row in the masks, measures are NaN where unknown."""
    rights = frozenset(masks.actions_of(index))
    covered = None
    if question is not None and question.interval is not None and not FOOTAGE_ACTIONS.isdisjoint(rights):
        parts = camera.footage_within(question.interval)
        covered = sum(part.duration.total_seconds() for part in parts)
    return Hit(
        camera=camera,
        status=current_status(camera, report, at),
        distance_m=None if np.isnan(distance) else distance,
        bearing_deg=None if np.isnan(bearing) else bearing,
        sees=None if sees == UNKNOWN else sees == SEES,
        covered_s=covered,
        rights=rights,
        actions=tuple(action.value for action in Action if action in rights and _offers(camera, action)),
        basis=masks.bases_of(index),
    )


def current_status(camera: Camera, report: NetworkReport | None, at: datetime) -> CameraStatus:
    """The camera's status; an `up` that nothing has proved for long is `stale`."""
    if camera.vanished_at is not None:
        return CameraStatus.UNKNOWN
    if camera.status is CameraStatus.UP and (report is None or report.is_stale(at)):
        return CameraStatus.STALE
    return camera.status


def _offers(camera: Camera, action: Action) -> bool:
    """Whether the camera's network can carry the action out."""
    return action in NEEDS and (NEEDS[action] is None or NEEDS[action] in camera.offers)


def _centre(area: Radius | Box | None) -> tuple[float, float] | None:
    """Latitude and longitude that distances count from."""
    if area is None:
        return None
    return (area.lat_deg, area.lon_deg) if isinstance(area, Radius) else area.centre_deg


def _measure(centre: tuple[float, float] | None, columns: CameraColumns) -> tuple[Floats, Floats]:
    """Distances and bearings from the centre, NaN without centre or position."""
    if centre is None:
        unknown = np.full(len(columns), np.nan)
        return unknown, unknown
    return (
        distance_m(*centre, columns.lat_deg, columns.lon_deg),
        bearing_deg(*centre, columns.lat_deg, columns.lon_deg),
    )


def _sees(
    centre: tuple[float, float] | None, cameras: Sequence[Camera], masks: ActionMasks, distances: Floats
) -> Bytes:
    if centre is None:
        return np.full(len(cameras), UNKNOWN, np.int8)
    may_know = np.zeros(len(cameras), bool)
    for action in VIEW_ACTIONS:
        may_know |= masks.actions[action]
    return np.where(may_know, sees_point(cameras, *centre, distances), np.int8(UNKNOWN))


def _inside(area: Radius | Box | None, camera: Camera, distance: float) -> bool:
    """By its own position, else by its place's; a camera without either lies in no area."""
    position = camera.located
    if area is None:
        return True
    if position is None:
        return False
    return bool(distance <= area.radius_m) if isinstance(area, Radius) else area.holds(position)


def _fits(question: Question, hit: Hit) -> bool:
    camera = hit.camera
    return (
        (not question.sees or hit.sees is not False)
        and (question.interval is None or bool(hit.covered_s))
        and (question.agency is None or camera.agency == question.agency)
        and (question.network is None or camera.network == question.network)
        and (question.kind is None or camera.kind is question.kind)
        and (question.status is None or hit.status is question.status)
        and (question.level is None or camera.level == question.level)
        and (question.offering is None or question.offering.value in hit.actions)
        and (question.text is None or holds_words(_searched(camera), question.text))
    )


def _searched(camera: Camera) -> str:
    return f"{camera.name} {camera.id} {camera.place_name or ''}"


def _page_key(question: Question, hit: Hit) -> PageKey:
    """What the answer is sorted by; its last part is the id, so that the order is total."""
    distance = float("inf") if hit.distance_m is None else hit.distance_m
    if question.sort is Sort.DISTANCE:
        return distance, hit.camera.id
    lacking_s = 0.0
    if question.interval is not None:
        lacking_s = question.interval.duration.total_seconds() - (hit.covered_s or 0.0)
    return (
        SEES_BANDS[hit.sees],
        STATUS_BANDS[hit.status],
        0.0 if lacking_s < GAP_S else 1.0,
        0.0 if _is_fresh(hit, question.as_of) else 1.0,
        distance,
        hit.camera.id,
    )


def _is_fresh(hit: Hit, at: datetime) -> bool:
    """Whether there is a snapshot that the caller may see and that is not old."""
    snapshot = hit.camera.snapshot
    if snapshot is None or snapshot.captured_at is None or PICTURE_ACTIONS.isdisjoint(hit.rights):
        return False
    return (at - snapshot.captured_at).total_seconds() <= FRESH_SNAPSHOT_S
