"""Turns cameras into columns: the facts that rights depend on."""

from collections.abc import Sequence

import numpy as np

from broker.agencies.columns import CameraColumns, Category
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
