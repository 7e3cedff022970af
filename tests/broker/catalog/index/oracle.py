"""What a search must answer, by a plain look at every camera: no index, no columns, no shared code.

Distances and bearings are Karney's (geographiclib), polygons shapely's, rights those of the single decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from geographiclib.geodesic import Geodesic
from shapely import Point

from adapters.contract.models import CameraKind, CameraStatus, View
from broker.agencies.models import Action, Agreement, Officer
from broker.agencies.policy import action_masks
from broker.catalog.columns import policy_columns
from broker.catalog.models import Camera, NetworkReport
from broker.catalog.questions import Box, Question, Radius, Sort, Within
from tests.broker.catalog.index.indexes import PURPOSE

LOOKS = {Action.VIEW_SNAPSHOT, Action.VIEW_LIVE, Action.HOLD, Action.REQUEST_CLIP}
FOOTAGE = {Action.HOLD, Action.REQUEST_CLIP}


@dataclass(frozen=True)
class Expected:
    """One camera of the answer. `edge` is how far a measure is from where it would decide otherwise."""

    camera: Camera
    rights: frozenset[Action]
    basis: frozenset[str]
    status: CameraStatus
    distance_m: float | None
    bearing_deg: float | None
    sees: bool | None
    covered_s: float | None
    band: tuple[int, ...]


class OnTheEdge(Exception):
    """A measure is too close to a limit for two right formulas to agree."""


def expected(
    question: Question,
    cameras: Sequence[Camera],
    reports: Mapping[str, NetworkReport],
    who: Officer,
    agreements: Sequence[Agreement],
) -> list[Expected]:
    """Every camera that fits, in order."""
    found = []
    for camera in cameras:
        masks = action_masks(who, PURPOSE, policy_columns([camera]), agreements, question.as_of)
        if not masks.allows(Action.LOCATE, 0):
            continue
        one = _look(question, camera, reports, frozenset(masks.actions_of(0)), frozenset(masks.bases_of(0)))
        if one is not None:
            found.append(one)
    far = float("inf")
    found.sort(key=lambda one: (one.band, far if one.distance_m is None else one.distance_m, one.camera.id))
    return found


def _look(
    question: Question,
    camera: Camera,
    reports: Mapping[str, NetworkReport],
    rights: frozenset[Action],
    basis: frozenset[str],
) -> Expected | None:
    distance_m, bearing_deg, back_deg = _measure(question, camera)
    if not _inside(question, camera, distance_m):
        return None
    status = _status(camera, reports.get(camera.network), question.as_of)
    sees = _sees(camera, distance_m, back_deg) if rights & LOOKS else None
    covered_s = None
    if question.interval is not None and rights & FOOTAGE:
        parts = camera.footage_within(question.interval)
        covered_s = sum(part.duration.total_seconds() for part in parts)
    words = (question.text or "").casefold().split()
    text = f"{camera.name} {camera.id} {camera.place_name or ''}".casefold()
    fits = (
        (not question.sees or sees is not False)
        and (question.interval is None or bool(covered_s))
        and question.agency in (None, camera.agency)
        and question.network in (None, camera.network)
        and question.kind in (None, camera.kind)
        and question.level in (None, camera.level)
        and question.status in (None, status)
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
    return Expected(camera, rights, basis, status, distance_m, bearing_deg, sees, covered_s, band)


def _measure(question: Question, camera: Camera) -> tuple[float | None, float | None, float | None]:
    """Distance, bearing from the point, and bearing back to it."""
    area, at = question.area, camera.located
    if area is None or at is None:
        return None, None, None
    if isinstance(area, Radius):
        lat, lon = area.lat_deg, area.lon_deg
    elif isinstance(area, Within):
        lat, lon = Box(*area.shape.bounds).centre_deg
    else:
        assert isinstance(area, Box)
        lat, lon = area.centre_deg
    line = Geodesic.WGS84.Inverse(lat, lon, at.lat, at.lon)
    return line["s12"], line["azi1"] % 360, (line["azi2"] + 180) % 360


def _inside(question: Question, camera: Camera, distance_m: float | None) -> bool:
    area, at = question.area, camera.located
    if area is None:
        return True
    if at is None or distance_m is None:
        return False
    if isinstance(area, Radius):
        reach_m = area.radius_m + (0.0 if camera.position else at.accuracy_m or 0.0)
        if abs(distance_m - reach_m) <= 1e-3 + 0.005 * reach_m:
            raise OnTheEdge
        return distance_m <= reach_m
    if isinstance(area, Within):
        meridians = {at.lon, -at.lon} if abs(at.lon) == 180 else {at.lon}
        return any(area.shape.intersects(Point(lon, at.lat)) for lon in meridians)
    assert isinstance(area, Box)
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


def _sees(camera: Camera, distance_m: float | None, back_deg: float | None) -> bool | None:
    if camera.position is None or camera.kind is CameraKind.PTZ or not camera.views:
        return None
    if distance_m is None or back_deg is None:
        return None
    accuracy_m = camera.position.accuracy_m or 0.0
    if abs(accuracy_m - distance_m) <= 1e-3 + 0.005 * distance_m:
        raise OnTheEdge
    if accuracy_m > distance_m:
        return None
    answers = [_view_sees(view, distance_m, back_deg) for view in camera.views]
    if True in answers:
        return True
    return None if None in answers else False


def _view_sees(view: View, distance_m: float, back_deg: float) -> bool | None:
    angle: bool | None = None
    if view.fov_deg is not None and view.fov_deg >= 360:
        angle = True
    elif view.fov_deg is not None and view.heading_deg is not None:
        off_deg = abs((back_deg - view.heading_deg + 180) % 360 - 180)
        if abs(off_deg - view.fov_deg / 2) < 0.5 or distance_m < 0.01:
            raise OnTheEdge
        angle = off_deg < view.fov_deg / 2
    near: bool | None = None
    if view.range_m is not None:
        if abs(view.range_m - distance_m) <= 1e-3 + 0.005 * distance_m:
            raise OnTheEdge
        near = distance_m < view.range_m
    if angle is False or near is False:
        return False
    return True if angle and near else None
