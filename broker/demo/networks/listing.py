"""Short forms in which the demo's lists are written; each returns a record of the contract."""

from adapters.contract.models import CameraKind, CameraRecord, CameraStatus, PlaceRecord, Position, View

UP, DOWN, UNKNOWN = CameraStatus.UP, CameraStatus.DOWN, CameraStatus.UNKNOWN
FIXED, DOME, PTZ = CameraKind.FIXED, CameraKind.DOME, CameraKind.PTZ


def outdoors(
    native_id: str,
    name: str,
    kind: CameraKind,
    at: tuple[float, float],
    *,
    place: str,
    view: View | None = None,
    status: CameraStatus = UP,
    retention_days: float | None = None,
    tags: tuple[str, ...] = (),
    level: str = "0",
) -> CameraRecord:
    """A camera that knows where it stands; `at` is latitude, longitude."""
    return CameraRecord(
        native_id=native_id,
        name=name,
        kind=kind,
        position=Position(lat=at[0], lon=at[1]),
        place=place,
        level=level,
        views=() if view is None else (view,),
        status=status,
        retention_days=retention_days,
        tags=tags,
    )


def underground(
    native_id: str,
    name: str,
    kind: CameraKind,
    *,
    place: str,
    level: str,
    status: CameraStatus = UP,
    retention_days: float | None = None,
    tags: tuple[str, ...] = (),
) -> CameraRecord:
    """A camera known by its place and level alone."""
    return CameraRecord(
        native_id=native_id,
        name=name,
        kind=kind,
        place=place,
        level=level,
        status=status,
        retention_days=retention_days,
        tags=tags,
    )


def sector(heading_deg: float, fov_deg: float, range_m: float) -> View:
    return View(heading_deg=heading_deg, fov_deg=fov_deg, range_m=range_m)


def all_round(range_m: float) -> View:
    """A panoramic camera's view."""
    return View(heading_deg=0, fov_deg=360, range_m=range_m)


def reach(range_m: float) -> View:
    """A camera that turns: how far it sees is known, where it looks is not."""
    return View(range_m=range_m)


def place(native_id: str, name: str, lat: float, lon: float) -> PlaceRecord:
    return PlaceRecord(native_id=native_id, name=name, position=Position(lat=lat, lon=lon))
