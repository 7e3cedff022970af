"""What `/openapi.json` shows of cameras and places: a platform camera of the demo, asked for by an investigator."""

from typing import Final

from pydantic.config import JsonDict

CAMERA_ID: Final = "sncf-gares:gdn-quai-03"
PLACE_ID: Final = "sncf-gares:gdn"
CURSOR: Final = "eyJxIjoiM2Y1YzFhYjkwZTdkMjQ2OCIsImFmdGVyIjoic25jZi1nYXJlczpnZG4ifQ"

CAMERA: Final[JsonDict] = {
    "type": "Feature",
    "id": CAMERA_ID,
    "geometry": {"type": "Point", "coordinates": [2.35548, 48.88172]},
    "properties": {
        "name": "Quai 3 côté nord",
        "agency": "sncf",
        "network": "sncf-gares",
        "kind": "fixed",
        "place": PLACE_ID,
        "place_name": "Gare du Nord",
        "level": None,
        "position_accuracy_m": 2.0,
        "status": "up",
        "status_since": "2026-06-15T06:00:00Z",
        "vanished_at": None,
        "streams": [{"role": "main", "codec": "h264", "width": 1280, "height": 720, "fps": 25.0}],
        "views": [{"heading_deg": 12.0, "fov_deg": 60.0, "range_m": 90.0}],
        "tags": [],
        "snapshot": {
            "captured_at": "2026-06-15T20:11:48Z",
            "age_s": 12.0,
            "href": f"/v1/cameras/{CAMERA_ID}/snapshot",
            "quality": "good",
            "clock_offset_ms": -140.0,
        },
        "footage": {
            "from": "2026-05-16T20:00:00Z",
            "until": "2026-06-15T20:11:00Z",
            "overwrite_at": "2026-07-15T20:01:00Z",
            "covers": {"seconds": 300.0, "share": 1.0},
            "clock_offset_ms": -140.0,
        },
        "distance_m": 92.14,
        "bearing_deg": 8.1,
        "sees": True,
        "actions": ["locate", "view_snapshot", "hold", "request_clip"],
        "basis": ["sncf-police"],
    },
}

CAMERAS: Final[JsonDict] = {
    "type": "FeatureCollection",
    "features": [CAMERA],
    "links": [
        {
            "rel": "next",
            "href": f"/v1/cameras?lat=48.8809&lon=2.3553&radius_m=300&limit=1&cursor={CURSOR}",
            "type": "application/geo+json",
        }
    ],
    "as_of": "2026-06-15T20:12:00Z",
    "stale_since": None,
}

WITHIN: Final[JsonDict] = {
    "within": {
        "type": "Polygon",
        "coordinates": [[[2.353, 48.879], [2.358, 48.879], [2.358, 48.883], [2.353, 48.879]]],
    },
    "interval": "2026-06-15T20:00:00Z/2026-06-15T20:05:00Z",
    "sort": "rank",
}
ALONG: Final[JsonDict] = {
    "along": {"type": "LineString", "coordinates": [[2.3553, 48.8809], [2.3575, 48.8762]]},
    "buffer_m": 40,
    "kind": "fixed",
    "limit": 100,
}

PLACES: Final[JsonDict] = {
    "places": [
        {
            "id": PLACE_ID,
            "name": "Gare du Nord",
            "lat": 48.8809,
            "lon": 2.3553,
            "position_accuracy_m": None,
        }
    ],
    "links": [{"rel": "next", "href": f"/v1/places?q=gare&limit=1&cursor={CURSOR}"}],
}

FOOTAGE: Final[JsonDict] = {
    "camera_id": CAMERA_ID,
    "interval": "2026-06-15T20:00:00Z/2026-06-15T20:05:00Z",
    "spans": [
        {"interval": "2026-06-15T20:00:00Z/2026-06-15T20:02:20Z", "overwrite_at": "2026-07-15T20:01:00Z"},
        {"interval": "2026-06-15T20:02:40Z/2026-06-15T20:05:00Z", "overwrite_at": "2026-07-15T20:03:00Z"},
    ],
    "gaps": ["2026-06-15T20:02:20Z/2026-06-15T20:02:40Z"],
    "clock_offset_ms": -140.0,
    "clock_offset_known": True,
}
