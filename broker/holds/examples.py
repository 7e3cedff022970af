"""What `/openapi.json` shows of holds."""

from typing import Final

from pydantic.config import JsonDict

HOLD_ID: Final = "hold_019ecce992805b1f0c9a7e3d2846b0f1"

ORDER_ID: Final = "order_019ecce992805b1f0c9a7e3d2846b0f2"

HELD: Final[JsonDict] = {
    "interval": "2026-06-15T19:59:50Z/2026-06-15T20:05:10Z",
    "intervals": [
        "2026-06-15T19:59:50Z/2026-06-15T20:02:20Z",
        "2026-06-15T20:02:40Z/2026-06-15T20:05:10Z",
    ],
    "how": "native",
    "state": "held",
    "state_reason": None,
    "until": "2026-06-17T20:12:00Z",
}

HOLD: Final[JsonDict] = {
    "id": HOLD_ID,
    "camera_id": "sncf-gares:gdn-quai-03",
    "agency": "sncf",
    "requested": "2026-06-15T20:00:00Z/2026-06-15T20:05:00Z",
    "reason": "Theft on platform 3, officer on site",
    "ordered_at": "2026-06-15T20:12:00Z",
    "ordered_by": "police",
    "order_id": ORDER_ID,
    "request_id": None,
    "judicial": False,
    "released_at": None,
    "held": HELD,
}
HOLDS: Final[JsonDict] = {"holds": [HOLD], "links": []}

AREA: Final[JsonDict] = {"lat": 48.8809, "lon": 2.3553, "radius_m": 150, "sees": True}

ORDER_OF_CAMERAS: Final[JsonDict] = {
    "camera_ids": ["sncf-gares:gdn-quai-03", "sncf-gares:gdn-hall-01"],
    "interval": "2026-06-15T20:00:00Z/2026-06-15T20:05:00Z",
    "reason": "Theft on platform 3, officer on site",
}
ORDER_OF_AREA: Final[JsonDict] = {
    "area": AREA,
    "interval": "2026-06-15T20:00:00Z/..",
    "reason": "Theft on platform 3, officer on site",
}
