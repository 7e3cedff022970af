"""What `/openapi.json` shows of the log."""

from typing import Final

from pydantic.config import JsonDict

REQUEST_ID: Final = "req_019ecce992808c27d4e1903b5fa6c2d8"
CURSOR: Final = "eyJxIjoiMWI3ZTVkOTA0MmMzYTY4ZiIsImFmdGVyIjo0NzExLCJ1bnRpbCI6NTAwMH0"

ENTRY: Final[JsonDict] = {
    "sequence": 4711,
    "at": "2026-06-15T20:11:30Z",
    "officer_id": "off_019ecce9928027f09b3c6d51e8a4b7c0",
    "agency": "police",
    "person": {
        "service": "Sûreté régionale des transports",
        "personnel_number": "P-20417",
        "name": "Moreau Claire",
    },
    "operation": "consultation",
    "action": "search",
    "decision": "allowed",
    "objects": ["sncf-gares:gdn-quai-03"],
    "owners": ["sncf"],
    "query": {"lat": 48.8809, "lon": 2.3553, "radius_m": 300.0, "sort": "distance", "limit": 50},
    "purpose": "judicial_inquiry",
    "case_ref": "PV-2026-118",
    "basis": ["sncf-police"],
    "recipient": None,
    "request_id": None,
    "leaf": (
        '{"action":"search","agency":"police","at":"2026-06-15T20:11:30.000000Z","commitments":["…"],'
        '"decision":"allowed","operation":"consultation","purpose":"judicial_inquiry","sequence":4711,"v":1}'
    ),
    "parts": [
        {
            "salt": "8d6e0f3a1c5b79e24f60d18a93c7b5e0",
            "content": '{"agency":"sncf","basis":["sncf-police"],"objects":["sncf-gares:gdn-quai-03"],…}',
        },
        {
            "salt": "02f4c6a8e1d35b7990ab6c4d8e2f1035",
            "content": '{"case_ref":"PV-2026-118","name":"Moreau Claire",…}',
        },
    ],
}
ENTRIES: Final[JsonDict] = {"entries": [ENTRY], "links": []}
