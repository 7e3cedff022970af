"""What `/openapi.json` shows of emergencies."""

from typing import Final

from pydantic.config import JsonDict

EMERGENCY_ID: Final = "emg_019ecce9928027f09b3c6d51e8a4b7c0"

AREA: Final[JsonDict] = {"lat": 48.8809, "lon": 2.3553, "radius_m": 500}
START: Final[JsonDict] = {
    "reason": "A person on the tracks north of the station",
    "agency": None,
    "area": AREA,
}
REVIEW: Final[JsonDict] = {"verdict": "justified", "reason": "The person was found and brought to safety"}
EMERGENCY: Final[JsonDict] = {
    "id": EMERGENCY_ID,
    "officer_id": "off_019ecce9928027f09b3c6d51e8a4b7c0",
    "agency": "police",
    "service": "Sûreté régionale des transports",
    "personnel_number": "P-20417",
    "name": "Moreau Claire",
    "purpose": "public_safety",
    "case_ref": None,
    "reason": "A person on the tracks north of the station",
    "owners": ["ratp", "sncf"],
    "area": AREA,
    "state": "running",
    "started_at": "2026-06-15T20:00:00Z",
    "ends_at": "2026-06-15T21:00:00Z",
    "ended_at": None,
    "ended_by": None,
    "closed_at": None,
    "unreviewed": ["ratp", "sncf"],
    "reviews": [],
}
EMERGENCIES: Final[JsonDict] = {"emergencies": [EMERGENCY], "links": []}
