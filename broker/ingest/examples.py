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
    "failures": 0,
    "failing_since": None,
    "breaker": "closed",
    "next_attempt_at": "2026-06-15T20:12:51Z",
    "held": None,
}
QUARANTINED: Final[JsonDict] = {
    "reason": "lat 2.35, lon 48.88 is outside the network's area; lat and lon look swapped",
    "count": 1,
    "first_seen_at": "2026-06-12T04:00:07Z",
    "examples": ["sncf-gares:q-17"],
}
QUARANTINE: Final[JsonDict] = {"network": "sncf-gares", "records": [QUARANTINED], "links": []}
HELD: Final[JsonDict] = {
    "since": "2026-06-15T20:11:52Z",
    "found": 4,
    "still_listed": 4,
    "known": 12,
    "rounds": 3,
}
NETWORKS: Final[JsonDict] = {"networks": [NETWORK], "links": []}
