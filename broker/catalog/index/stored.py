"""A camera as the catalog stores it, read for the index: by msgspec, as a start reads a million of them.

The fields are those of `broker.catalog.models.Camera`; a test holds the two together.
"""

from datetime import datetime
from typing import Final

import msgspec


class StoredPosition(msgspec.Struct, frozen=True, gc=False):
    lat: float
    lon: float
    elevation_m: float | None = None
    accuracy_m: float | None = None


class StoredView(msgspec.Struct, frozen=True, gc=False):
    heading_deg: float | None = None
    fov_deg: float | None = None
    range_m: float | None = None


class StoredStream(msgspec.Struct, frozen=True, gc=False):
    role: str = "main"
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None


class StoredInterval(msgspec.Struct, frozen=True, gc=False):
    start: datetime
    end: datetime


class StoredSpan(msgspec.Struct, frozen=True, gc=False):
    interval: StoredInterval
    overwrite_at: datetime | None = None


class StoredSnapshot(msgspec.Struct, frozen=True, gc=False):
    captured_at: datetime | None = None
    quality: str | None = None


class StoredCamera(msgspec.Struct, gc=False):
    """`body` is what it was read from."""

    id: str
    network: str
    agency: str
    name: str
    kind: str | None = None
    position: StoredPosition | None = None
    place: str | None = None
    place_name: str | None = None
    place_position: StoredPosition | None = None
    level: str | None = None
    views: tuple[StoredView, ...] = ()
    streams: tuple[StoredStream, ...] = ()
    status: str = "unknown"
    status_since: datetime | None = None
    tags: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    spans: tuple[StoredSpan, ...] = ()
    clock_offset_ms: float | None = None
    snapshot: StoredSnapshot | None = None
    vanished_at: datetime | None = None
    body: str = ""

    @property
    def located(self) -> StoredPosition | None:
        """Where to look for it: its own position, else its place's."""
        return self.position or self.place_position


_decode: Final = msgspec.json.Decoder(StoredCamera).decode


def read_camera(body: str) -> StoredCamera:
    """One stored body; what the index does not need is skipped. `msgspec.ValidationError` where it is none."""
    camera = _decode(body)
    camera.body = body
    return camera
