"""What is kept of cameras and rights as JSON, for `broker.catalog.index.writing` to make features of.

A camera's display is in four texts: what `locate` shows; streams, views and tags; the snapshot; the footage. An
answer takes those that the caller's rights uncover and adds what depends on the question.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

import msgspec

from broker.agencies.models import Action
from broker.catalog.index.stored import StoredCamera, StoredPosition
from broker.catalog.questions import Grant

SIZE: Final = 4
"""Bytes of a text's length, the least first."""

_ENCODER: Final = msgspec.json.Encoder()
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9._~:-]+")


def sized(text: bytes) -> bytes:
    """The text with its length before it."""
    return len(text).to_bytes(SIZE, "little") + text


def display_of(camera: StoredCamera) -> bytes:
    """The four sized texts; the last two are empty where the camera has no snapshot or footage."""
    located, snapshot, spans = camera.located, camera.snapshot, camera.spans
    feature = {"type": "Feature", "id": camera.id, "geometry": _geometry(camera.position)}
    properties = {
        "name": camera.name,
        "agency": camera.agency,
        "network": camera.network,
        "kind": camera.kind,
        "place": camera.place,
        "place_name": camera.place_name,
        "level": camera.level,
        "position_accuracy_m": located.accuracy_m if located else None,
        "status_since": camera.status_since,
        "vanished_at": camera.vanished_at,
    }
    views = {"streams": camera.streams, "views": camera.views, "tags": camera.tags}
    picture = {
        "captured_at": snapshot and snapshot.captured_at,
        "href": f"/v1/cameras/{_in_path(camera.id)}/snapshot",
        "quality": snapshot and snapshot.quality,
        "clock_offset_ms": camera.clock_offset_ms,
    }
    footage = {
        "from": spans[0].interval.start if spans else None,
        "until": spans[-1].interval.end if spans else None,
        "clock_offset_ms": camera.clock_offset_ms,
    }
    # a line each, as no JSON of these holds a line break: one call costs less than five
    lines = _ENCODER.encode_lines((feature, properties, views, picture, footage)).split(b"\n")
    texts = (
        b'%b,"properties":%b' % (lines[0][:-1], lines[1][:-1]),
        b",%b" % lines[2][1:-1],
        b',"snapshot":%b' % lines[3][:-1] if snapshot else b"",
        b',"footage":%b' % lines[4][:-1] if spans else b"",
    )
    return b"".join(map(sized, texts))


def _in_path(identifier: str) -> str:
    return identifier if _PLAIN_ID.fullmatch(identifier) else quote(identifier, safe=":")


def _geometry(position: StoredPosition | None) -> dict[str, object] | None:
    if position is None:
        return None
    lonlat = (position.lon, position.lat)
    return {
        "type": "Point",
        "coordinates": lonlat if position.elevation_m is None else (*lonlat, position.elevation_m),
    }


def grant(actions: tuple[Action, ...], basis: tuple[str, ...]) -> Grant:
    text = b',"actions":%b,"basis":%b' % (_ENCODER.encode(actions), _ENCODER.encode(basis))
    return Grant(actions, basis, sized(text))


def collection_json(
    features: bytes, links: Sequence[dict[str, object]], as_of: datetime, stale_since: datetime | None
) -> bytes:
    """A FeatureCollection as of a time. `stale_since` is when the catalog stopped answering."""
    rest = _ENCODER.encode({"links": links, "as_of": as_of, "stale_since": stale_since})
    return b'{"type":"FeatureCollection","features":[%b],%b' % (features, rest[1:])
