"""What a search must answer, by a plain look at every camera: no index, no columns, no shared code.

Distances and bearings are Karney's (geographiclib), polygons shapely's, rights those of the single decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from geographiclib.geodesic import Geodesic
from shapely import Point

from adapters.contract.capabilities import Capability
from adapters.contract.models import CameraKind, CameraStatus, Interval, Span, View
from broker.agencies.models import Action, Agreement, Officer
from broker.agencies.policy import action_masks
from broker.catalog.columns import policy_columns
from broker.catalog.models import Camera, NetworkReport
from broker.catalog.questions import Along, Box, Question, Radius, Sort, Within
from tests.broker.catalog.index.indexes import PURPOSE
from tests.broker.catalog.index.lines import nearest_points

LOOKS = {Action.VIEW_SNAPSHOT, Action.VIEW_LIVE, Action.HOLD, Action.REQUEST_CLIP}
FOOTAGE = {Action.HOLD, Action.REQUEST_CLIP}
NEEDED = {
    Action.LOCATE: None,
    Action.VIEW_SNAPSHOT: Capability.SNAPSHOT,
    Action.HOLD: Capability.FOOTAGE,
    Action.REQUEST_CLIP: Capability.FOOTAGE,
}
"""What a network must be able to do for an action. Live pictures nobody has."""

NEAREST_M = 1e-3
WRONG = 0.005
"""A distance is right within this share of it, and this much more."""


@dataclass(frozen=True)
class Expected:
    """One camera of the answer. `unsure_m` is how far off a distance, or how far along the line it is, may be."""

    camera: Camera
    rights: frozenset[Action]
    actions: frozenset[Action]
    basis: frozenset[str]
    status: CameraStatus
    where: "Measured | None"
    sees: bool | None
    covered_s: float | None
    overwrite_at: datetime | None
    age_s: float | None
    band: tuple[int, ...]


@dataclass(frozen=True)
class Measured:
    """How a camera lies to what was asked about."""

    distance_m: float
    bearing_deg: float
    back_deg: float
    along_m: float | None
    unsure_m: float


class OnTheEdge(Exception):
    """A measure is too close to a limit for two right formulas to agree."""


def expected(
    question: Question,
    cameras: Sequence[Camera],
    reports: Mapping[str, NetworkReport],
    who: Officer,
    agreements: Sequence[Agreement],
) -> list[Expected]:
    """Every camera that fits."""
    found = []
    for camera in cameras:
        masks = action_masks(who, PURPOSE, policy_columns([camera]), agreements, question.as_of)
        if not masks.allows(Action.LOCATE, 0):
            continue
        one = _look(question, camera, reports, frozenset(masks.actions_of(0)), frozenset(masks.bases_of(0)))
        if one is not None:
            found.append(one)
    return found


def _look(
    question: Question,
    camera: Camera,
    reports: Mapping[str, NetworkReport],
    rights: frozenset[Action],
    basis: frozenset[str],
) -> Expected | None:
    where = _measure(question, camera)
    if not _inside(question, camera, where):
        return None
    actions = {a for a in rights if a in NEEDED and (NEEDED[a] is None or NEEDED[a] in camera.offers)}
    status = _status(camera, reports.get(camera.network), question.as_of)
    sees = _sees(camera, where) if rights & LOOKS else None
    covered_s = None
    if question.interval is not None and rights & FOOTAGE:
        parts = camera.footage_within(question.interval)
        covered_s = sum(part.duration.total_seconds() for part in parts)
    words = (question.text or "").casefold().split()
    text = f"{camera.name} {camera.id} {camera.place_name or ''}".casefold().replace("â", "a")
    fits = (
        (not question.sees or sees is not False)
        and (question.interval is None or bool(covered_s))
        and question.agency in (None, camera.agency)
        and question.network in (None, camera.network)
        and question.kind in (None, camera.kind)
        and question.level in (None, camera.level)
        and question.status in (None, status)
        and (question.offering is None or question.offering in actions)
        and all(word in text for word in words)
    )
    if not fits:
        return None
    band: tuple[int, ...] = ()
    if question.sort is Sort.RANK:
        slowest_s = max((1 / stream.fps for stream in camera.streams if stream.fps), default=0.0)
        lacking = question.interval is not None and (
            question.interval.duration.total_seconds() - (covered_s or 0.0) > max(1.0, 2 * slowest_s)
        )
        taken = camera.snapshot.captured_at if camera.snapshot and Action.VIEW_SNAPSHOT in rights else None
        fresh = taken is not None and question.as_of - taken <= timedelta(minutes=10)
        order = [CameraStatus.UP, CameraStatus.STALE, CameraStatus.UNKNOWN, CameraStatus.DOWN]
        band = ({True: 0, None: 1, False: 2}[sees], order.index(status), int(lacking), int(not fresh))
    ends = [
        span.overwrite_at
        for span in camera.spans
        if span.overwrite_at is not None
        and (question.interval is None or camera_holds(span, question.interval))
    ]
    taken = None if camera.snapshot is None else camera.snapshot.captured_at
    return Expected(
        camera=camera,
        rights=rights,
        actions=frozenset(actions),
        basis=basis,
        status=status,
        where=where,
        sees=sees,
        covered_s=covered_s,
        overwrite_at=min(ends, default=None),
        age_s=None if taken is None else (question.as_of - taken).total_seconds(),
        band=band,
    )


def camera_holds(span: Span, interval: Interval) -> bool:
    """Whether any of the span is asked for."""
    return span.interval.start < interval.end and interval.start < span.interval.end


def _measure(question: Question, camera: Camera) -> Measured | None:
    """From the question's point, or the nearest one of its line."""
    area, at = question.area, camera.located
    if area is None or at is None:
        return None
    if isinstance(area, Along):
        first, *others = nearest_points(area.points_deg, at.lat, at.lon)
        if first.distance_m < 50_000:  # as far as a plane reaches, and further than any buffer here
            for other in others:
                is_level = other.distance_m <= first.distance_m + first.unsure_m + other.unsure_m
                if is_level and abs(other.along_m - first.along_m) > first.unsure_m:
                    raise OnTheEdge
        return Measured(first.distance_m, first.bearing_deg, first.back_deg, first.along_m, first.unsure_m)
    if isinstance(area, Radius):
        lat, lon = area.lat_deg, area.lon_deg
    elif isinstance(area, Within):
        lat, lon = Box(*area.shape.bounds).centre_deg
    else:
        lat, lon = area.centre_deg
    line = Geodesic.WGS84.Inverse(lat, lon, at.lat, at.lon)
    unsure_m = NEAREST_M + WRONG * line["s12"]
    return Measured(line["s12"], line["azi1"] % 360, (line["azi2"] + 180) % 360, None, unsure_m)


def _inside(question: Question, camera: Camera, where: Measured | None) -> bool:
    area, at = question.area, camera.located
    if area is None:
        return True
    if at is None or where is None:
        return False
    if isinstance(area, Radius | Along):
        reach_m = area.radius_m if isinstance(area, Radius) else area.buffer_m
        reach_m += 0.0 if camera.position else at.accuracy_m or 0.0
        if abs(where.distance_m - reach_m) <= where.unsure_m + WRONG * reach_m:
            raise OnTheEdge
        return where.distance_m <= reach_m
    if isinstance(area, Within):
        meridians = {at.lon, -at.lon} if abs(at.lon) == 180 else {at.lon}
        return any(area.shape.intersects(Point(lon, at.lat)) for lon in meridians)
    turns = (-360, 0, 360)
    east = area.east_deg + (0 if area.east_deg >= area.west_deg else 360)
    within = any(area.west_deg <= at.lon + turn <= east for turn in turns)
    return area.south_deg <= at.lat <= area.north_deg and within


def _status(camera: Camera, report: NetworkReport | None, at: datetime) -> CameraStatus:
    if camera.vanished_at is not None:
        return CameraStatus.UNKNOWN
    if camera.status is not CameraStatus.UP:
        return camera.status
    if report is None or report.succeeded_at is None:
        return CameraStatus.STALE
    late = at - report.succeeded_at > timedelta(seconds=2 * report.refresh_s)
    return CameraStatus.STALE if late else CameraStatus.UP


def _sees(camera: Camera, where: Measured | None) -> bool | None:
    if camera.position is None or camera.kind is CameraKind.PTZ or not camera.views or where is None:
        return None
    accuracy_m = camera.position.accuracy_m or 0.0
    if abs(accuracy_m - where.distance_m) <= where.unsure_m:
        raise OnTheEdge
    if accuracy_m > where.distance_m:
        return None
    answers = [_view_sees(view, where) for view in camera.views]
    if True in answers:
        return True
    return None if None in answers else False


def _view_sees(view: View, where: Measured) -> bool | None:
    angle: bool | None = None
    if view.fov_deg is not None and view.fov_deg >= 360:
        angle = True
    elif view.fov_deg is not None and view.heading_deg is not None:
        off_deg = abs((where.back_deg - view.heading_deg + 180) % 360 - 180)
        if abs(off_deg - view.fov_deg / 2) < 0.5 or where.distance_m < 10 * where.unsure_m:
            raise OnTheEdge
        angle = off_deg < view.fov_deg / 2
    near: bool | None = None
    if view.range_m is not None:
        if abs(view.range_m - where.distance_m) <= where.unsure_m:
            raise OnTheEdge
        near = where.distance_m < view.range_m
    if angle is False or near is False:
        return False
    return True if angle and near else None
