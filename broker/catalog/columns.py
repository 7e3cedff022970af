"""Turns cameras into columns: the facts that rights depend on, and where and what each camera sees."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from adapters.contract.models import CameraKind
from broker.agencies.policy import CameraColumns, Category
from broker.catalog.geometry import SEES, SEES_NOT, UNKNOWN, Bytes, Floats, bearing_deg, views_see
from broker.catalog.models import Camera


def policy_columns(cameras: Sequence[Camera]) -> CameraColumns:
    """The columns that `action_masks` needs, one row a camera."""
    positions = [camera.located for camera in cameras]
    return CameraColumns(
        owner=Category.of([camera.agency for camera in cameras]),
        network=Category.of([camera.network for camera in cameras]),
        kind=Category.of([camera.kind.value if camera.kind else "" for camera in cameras]),
        tags=Category.of([frozenset(camera.tags) for camera in cameras]),
        lat_deg=np.array([np.nan if p is None else p.lat for p in positions], dtype=np.float64),
        lon_deg=np.array([np.nan if p is None else p.lon for p in positions], dtype=np.float64),
        reserved=np.array([camera.reserved for camera in cameras], dtype=np.bool_),
    )


def sees_point(cameras: Sequence[Camera], lat_deg: float, lon_deg: float, distances_m: Floats) -> Bytes:
    """For each camera whether it sees the point: 1 yes, 0 no, -1 unknown.

    Yes when any view does, no when every view says no. Unknown without a view, for a PTZ (where it points at
    that time is not known), without a position of its own, or when the position error exceeds the distance.
    """
    owners: list[int] = []
    facts: list[tuple[float, float, float]] = []
    answer = np.full(len(cameras), UNKNOWN, np.int8)
    sure = np.zeros(len(cameras), bool)
    for index, camera in enumerate(cameras):
        if camera.position is None or camera.kind is CameraKind.PTZ or not camera.views:
            continue
        sure[index] = (camera.position.accuracy_m or 0.0) <= distances_m[index]
        for view in camera.views:
            owners.append(index)
            facts.append((_or_nan(view.heading_deg), _or_nan(view.fov_deg), _or_nan(view.range_m)))
    if not owners:
        return answer
    rows: NDArray[np.intp] = np.array(owners, dtype=np.intp)
    headings, fovs, ranges = np.array(facts, dtype=np.float64).T
    lats = np.array([cameras[index].position.lat for index in owners], dtype=np.float64)  # type: ignore[union-attr]  # those without one were left out above
    lons = np.array([cameras[index].position.lon for index in owners], dtype=np.float64)  # type: ignore[union-attr]  # as above
    seen = views_see(headings, fovs, ranges, bearing_deg(lats, lons, lat_deg, lon_deg), distances_m[rows])
    with_views = np.zeros(len(cameras), bool)
    with_views[rows] = True
    undecided = np.zeros(len(cameras), bool)
    undecided[rows[seen == UNKNOWN]] = True
    yes = np.zeros(len(cameras), bool)
    yes[rows[seen == SEES]] = True
    answer[with_views & ~undecided] = SEES_NOT
    answer[yes] = SEES
    answer[~sure] = UNKNOWN
    return answer


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
