"""From the gateway's objects to the contract's models. Pure: owns positions, views, and what a lock says of a hold.

Positions are WKT, longitude first; directions and angles are texts, fractions of a turn; depth is in metres.
"""

import re
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field, ValidationError

from adapters.contract.models import (
    CameraRecord,
    CameraStatus,
    HoldOrder,
    HoldReceipt,
    Interval,
    Position,
    Rejection,
    View,
    format_instant,
)

NOT_RECORDED: Final = "not recorded"
"""The tag of a camera whose recording is switched off."""
_NUMBER: Final = r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)"
_POINT: Final = re.compile(rf"POINT\s*Z?\s*\(\s*{_NUMBER}\s+{_NUMBER}(?:\s+{_NUMBER})?\s*\)", re.IGNORECASE)
_EMPTY: Final = re.compile(r"POINT\s+EMPTY", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"entrevue ([A-Za-z0-9_-]{1,64})")


class Camera(BaseModel):
    id: str = Field(min_length=1)
    name: str = Field(alias="displayName", min_length=1)
    enabled: bool = True
    recorded: bool = Field(default=True, alias="recordingEnabled")
    point: str | None = Field(default=None, alias="gisPoint")
    direction: str | float | None = Field(default=None, alias="coverageDirection")
    angle: str | float | None = Field(default=None, alias="coverageFieldOfView")
    depth_m: str | float | None = Field(default=None, alias="coverageDepth")


class DevicePath(BaseModel):
    type: str
    id: str


class Lock(BaseModel):
    id: str = Field(min_length=1)
    reference: str | None = None
    start: datetime = Field(alias="startTime")
    end: datetime = Field(alias="endTime")
    devices: list[DevicePath] = Field(default_factory=list, alias="devicePaths")

    @property
    def key(self) -> str | None:
        """The hold that it is; None for one that somebody else placed."""
        found = _REFERENCE.fullmatch(self.reference or "")
        return found[1] if found is not None else None


def camera(item: Any) -> tuple[CameraRecord, Rejection | None]:
    """The camera, and what is wrong with where it is said to stand. `ValidationError` for one without id or name."""
    known = Camera.model_validate(item)
    position, problem = _position(known)
    return (
        CameraRecord(
            native_id=known.id,
            name=known.name,
            position=position,
            views=_views(known),
            status=CameraStatus.UNKNOWN if known.enabled else CameraStatus.DOWN,
            tags=() if known.recorded else (NOT_RECORDED,),
        ),
        problem,
    )


def _position(known: Camera) -> tuple[Position | None, Rejection | None]:
    text = (known.point or "").strip()
    if not text or _EMPTY.fullmatch(text):
        return None, None
    found = _POINT.fullmatch(text)
    try:
        if found is None:
            raise ValueError("it is no point")
        position = Position(lat=float(found[2]), lon=float(found[1]))
    except ValueError:  # a ValidationError is one
        return None, Rejection(where=f"camera {known.name}", reason="its gisPoint is no position: left out")
    return (None if (position.lat, position.lon) == (0, 0) else position), None


def _views(known: Camera) -> tuple[View, ...]:
    """What is stated. XProtect fills in 0 for what nobody drew: an angle or a depth of 0 is unknown, and with both
    the direction too."""
    angle, depth_m = _positive(known.angle), _positive(known.depth_m)
    direction = _number(known.direction)
    if angle is None and depth_m is None:
        return ()
    fov_deg = angle * 360 if angle is not None and angle <= 1 else None
    heading_deg = None if direction is None else direction * 360 % 360
    return (View(heading_deg=heading_deg, fov_deg=fov_deg, range_m=depth_m),)


def _number(value: str | float | None) -> float | None:
    try:
        number = float(value) if value is not None else None
    except ValueError:
        return None
    return number if number is not None and abs(number) < 1e9 else None


def _positive(value: str | float | None) -> float | None:
    number = _number(value)
    return number if number is not None and number > 0 else None


def lock_body(order: HoldOrder) -> dict[str, Any]:
    """Kept until it is released: XProtect would let go of it by itself otherwise, when a request is still open."""
    middle = order.interval.start + order.interval.duration / 2
    return {
        "header": f"Entrevue {order.key}",
        "description": "Placed by a request for footage. It is released when the request no longer needs it.",
        "reference": f"entrevue {order.key}",
        "startTime": format_instant(order.interval.start),
        "tagTime": format_instant(middle),
        "endTime": format_instant(order.interval.end),
        "retentionOption": {"retentionType": "Indefinite", "retentionUnits": -1},
        "devicePaths": [{"type": "cameras", "id": order.native_id}],
    }


def receipt(lock: Lock) -> HoldReceipt | None:
    """What the lock protects; None for one that is no hold of ours."""
    if lock.key is None or lock.start.tzinfo is None or lock.end.tzinfo is None:
        return None
    try:
        held = Interval(start=lock.start, end=lock.end)
    except ValidationError:
        return None
    return HoldReceipt(handle=lock.key, held=(held,))
