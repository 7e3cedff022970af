"""What `/openapi.json` shows of networks."""

from typing import Final

from pydantic.config import JsonDict

NETWORK: Final[JsonDict] = {
    "id": "sncf-gares",
    "agency": "sncf",
    "adapter": "folder",
    "refresh_s": 60.0,
    "synchronised_at": "2026-06-15T20:11:52Z",
    "succeeded_at": "2026-06-15T20:11:52Z",
    "stale": False,
    "found": 12,
    "added": 0,
    "changed": 5,
    "vanished": 0,
    "rejected": 1,
    "reasons": ["cameras.csv row 14: lat 488.81 lies outside -90 to 90"],
    "error": None,
}
NETWORKS: Final[JsonDict] = {"networks": [NETWORK], "links": []}
