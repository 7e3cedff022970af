"""Camera features as JSON, in parts: what only changes with the camera is encoded when the camera is read.

A camera's display is in four parts: what `locate` shows; streams, views and tags; the snapshot; the footage. An
answer takes those that the caller's rights uncover and adds what depends on the question. The shape is
`broker.catalog.views.CameraFeature`; a test holds the two together.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import quote

import msgspec

from broker.agencies.models import Action
from broker.catalog.disclosure import FOOTAGE_BITS, PICTURE_BITS, VIEW_BITS
from broker.catalog.index.stored import StoredCamera, StoredPosition
from broker.catalog.questions import Display, Grant, Hit

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_VIEWS: Final = ',"streams":null,"views":null,"tags":null'
_NO_SNAPSHOT: Final = ',"snapshot":null'
_NO_FOOTAGE: Final = ',"footage":null'
_ENCODER: Final = msgspec.json.Encoder()
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9._~:-]+")
_SEES: Final = {True: "true", False: "false", None: "null"}


def _encode(value: object) -> str:
    return _ENCODER.encode(value).decode()


def display_of(camera: StoredCamera) -> Display:
    """The four parts; the last two are empty where the camera has no snapshot or footage."""
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
    lines = _ENCODER.encode_lines((feature, properties, views, picture, footage)).decode().split("\n")
    return Display(
        f'{lines[0][:-1]},"properties":{lines[1][:-1]}',
        f",{lines[2][1:-1]}",
        f',"snapshot":{lines[3][:-1]}' if snapshot else "",
        f',"footage":{lines[4][:-1]}' if spans else "",
    )


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


def feature_text(hit: Hit, asked_s: float | None) -> str:
    """One feature. `asked_s` is the duration of the interval that was asked for."""
    return "".join(_parts(hit, asked_s))


def _parts(hit: Hit, asked_s: float | None) -> tuple[str, ...]:
    """The feature's text in parts: each is copied once, into the answer."""
    located, views, snapshot, footage = hit.display
    rights, ages, times = hit.rights, "", ""
    if not rights & VIEW_BITS:
        views = _NO_VIEWS
    if snapshot and rights & PICTURE_BITS:
        ages = ',"age_s":null}' if hit.age_s is None else f',"age_s":{hit.age_s:.3f}}}'
    else:
        snapshot = _NO_SNAPSHOT
    if footage and rights & FOOTAGE_BITS:
        overwrite_us, covered_s = hit.overwrite_us, hit.covered_s
        overwrite = "null" if overwrite_us is None else _instant(overwrite_us)
        covers = "null" if asked_s is None or covered_s is None else _covers(covered_s, asked_s)
        times = f',"overwrite_at":{overwrite},"covers":{covers}}}'
    else:
        footage = _NO_FOOTAGE
    distance_m, bearing_deg, along_m = hit.distance_m, hit.bearing_deg, hit.along_m
    distance = "null" if distance_m is None else f"{distance_m:.2f}"
    bearing = "null" if bearing_deg is None else f"{round(bearing_deg, 1) % 360:.1f}"
    along = "" if along_m is None else f',"along_m":{along_m:.2f}'
    seen = f',"distance_m":{distance},"bearing_deg":{bearing},"sees":{_SEES[hit.sees]}{along}'
    measured = f',"status":"{hit.status}"{seen}'
    return located, views, snapshot, ages, footage, times, measured, hit.grant.text, "}}"


@lru_cache(maxsize=65_536)
def _instant(since_1970_us: int) -> str:
    return _encode(_EPOCH + timedelta(microseconds=since_1970_us))


@lru_cache(maxsize=4_096)
def _covers(covered_s: float, asked_s: float) -> str:
    """How much of the asked interval there is."""
    return f'{{"seconds":{covered_s:.3f},"share":{covered_s / asked_s:.4f}}}'


def grant(actions: tuple[Action, ...], basis: tuple[str, ...]) -> Grant:
    return Grant(actions, basis, f',"actions":{_encode(actions)},"basis":{_encode(basis)}')


def collection_json(
    hits: Sequence[Hit],
    asked_s: float | None,
    links: Sequence[dict[str, object]],
    as_of: datetime,
    stale_since: datetime | None,
) -> bytes:
    """A FeatureCollection as of a time. `stale_since` is when the catalog stopped answering."""
    parts = ['{"type":"FeatureCollection","features":[']
    for hit in hits:
        parts += _parts(hit, asked_s)
        parts.append(",")
    if hits:
        parts.pop()
    parts.append(
        f'],"links":{_encode(links)},"as_of":{_encode(as_of)},"stale_since":{_encode(stale_since)}}}'
    )
    return "".join(parts).encode()
