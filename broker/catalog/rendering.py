"""Camera features as JSON, in parts: what only changes with the camera is encoded when the camera is read.

A camera's fragments stand in one line each: what `locate` shows; streams, views and tags; the snapshot; the
footage. An answer takes those that the caller's rights uncover and adds what depends on the question. The shape
is `broker.catalog.views.CameraFeature`; a test holds the two together.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import quote

import msgspec

from broker.agencies.models import Action
from broker.catalog.disclosure import FOOTAGE_BITS, PICTURE_BITS, VIEW_BITS
from broker.catalog.index.stored import StoredCamera, StoredPosition
from broker.catalog.questions import Hit

_encode: Final = msgspec.json.encode
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_VIEWS: Final = b',"streams":null,"views":null,"tags":null'
_NO_SNAPSHOT: Final = b',"snapshot":null'
_NO_FOOTAGE: Final = b',"footage":null'
_SEES: Final = {True: b"true", False: b"false", None: b"null"}


def fragments_of(camera: StoredCamera) -> bytes:
    """The four fragments, a line each; the last two are empty where the camera has no snapshot or footage."""
    snapshot = footage = b""
    if camera.snapshot is not None:
        href = f"/v1/cameras/{quote(camera.id, safe=':')}/snapshot"
        about = {
            "captured_at": camera.snapshot.captured_at,
            "href": href,
            "quality": camera.snapshot.quality,
            "clock_offset_ms": camera.clock_offset_ms,
        }
        snapshot = b',"snapshot":' + _encode(about)[:-1]
    if camera.spans:
        held = {
            "from": camera.spans[0].interval.start,
            "until": camera.spans[-1].interval.end,
            "clock_offset_ms": camera.clock_offset_ms,
        }
        footage = b',"footage":' + _encode(held)[:-1]
    views = {"streams": camera.streams, "views": camera.views, "tags": camera.tags}
    return b"\n".join((_located(camera), b"," + _encode(views)[1:-1], snapshot, footage))


def _located(camera: StoredCamera) -> bytes:
    located = camera.located
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
    feature = {"type": "Feature", "id": camera.id, "geometry": _geometry(camera.position)}
    return _encode(feature)[:-1] + b',"properties":' + _encode(properties)[:-1]


def _geometry(position: StoredPosition | None) -> dict[str, object] | None:
    if position is None:
        return None
    lonlat = (position.lon, position.lat)
    return {
        "type": "Point",
        "coordinates": lonlat if position.elevation_m is None else (*lonlat, position.elevation_m),
    }


def feature_json(hit: Hit, asked_s: float | None) -> bytes:
    """One feature. `asked_s` is the duration of the interval that was asked for."""
    located, views, snapshot, footage = hit.fragments.split(b"\n")
    rights = hit.rights
    parts = [located, views if rights & VIEW_BITS else _NO_VIEWS]
    if snapshot and rights & PICTURE_BITS:
        age = "null" if hit.age_s is None else f"{hit.age_s:.3f}"
        parts.append(b'%b,"age_s":%b}' % (snapshot, age.encode()))
    else:
        parts.append(_NO_SNAPSHOT)
    if footage and rights & FOOTAGE_BITS:
        parts.append(b'%b,"overwrite_at":%b,"covers":%b}' % (footage, *_times(hit, asked_s)))
    else:
        parts.append(_NO_FOOTAGE)
    parts.append(_tail(hit))
    return b"".join(parts)


def _times(hit: Hit, asked_s: float | None) -> tuple[bytes, bytes]:
    """When the first of the footage will be erased, and how much of the asked interval there is."""
    overwrite = b"null"
    if hit.overwrite_us is not None:
        overwrite = _encode(_EPOCH + timedelta(microseconds=hit.overwrite_us))
    covers = b"null"
    if asked_s is not None and hit.covered_s is not None:
        share = hit.covered_s / asked_s
        covers = b'{"seconds":%.3f,"share":%.4f}' % (hit.covered_s, share)
    return overwrite, covers


def _tail(hit: Hit) -> bytes:
    distance = b"null" if hit.distance_m is None else b"%.2f" % hit.distance_m
    bearing = b"null"
    if hit.bearing_deg is not None:
        bearing = b"%.1f" % (round(hit.bearing_deg, 1) % 360)
    along = b"" if hit.along_m is None else b',"along_m":%.2f' % hit.along_m
    return b',"status":"%b","distance_m":%b,"bearing_deg":%b,"sees":%b%b%b}}' % (
        hit.status.encode(),
        distance,
        bearing,
        _SEES[hit.sees],
        along,
        _granted(hit.actions, hit.basis),
    )


@lru_cache(maxsize=4096)
def _granted(actions: tuple[Action, ...], basis: tuple[str, ...]) -> bytes:
    return b',"actions":%b,"basis":%b' % (_encode(actions), _encode(basis))


def collection_json(
    features: Sequence[bytes],
    links: Sequence[dict[str, object]],
    as_of: datetime,
    stale_since: datetime | None,
) -> bytes:
    """A FeatureCollection as of a time. `stale_since` is when the catalog stopped answering."""
    return b'{"type":"FeatureCollection","features":[%b],"links":%b,"as_of":%b,"stale_since":%b}' % (
        b",".join(features),
        _encode(links),
        _encode(as_of),
        _encode(stale_since),
    )
