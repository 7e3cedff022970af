"""What `/openapi.json` shows of officers and agreements."""

from typing import Final

from pydantic.config import JsonDict

OFFICER_ID: Final = "off_019ecce9928027f09b3c6d51e8a4b7c0"
AGREEMENT_ID: Final = "sncf-police"
AGREEMENT_VERSION: Final = "1-active"

OFFICER: Final[JsonDict] = {
    "id": OFFICER_ID,
    "agency": "police",
    "name": "Moreau Claire",
    "service": "Sûreté régionale des transports",
    "personnel_number": "P-20417",
    "roles": ["investigator", "operator"],
    "designated_until": "2027-06-14T23:59:59Z",
}
OFFICERS: Final[JsonDict] = {"officers": [OFFICER], "links": []}
NEW_OFFICER: Final[JsonDict] = {
    "agency": "police",
    "name": "Moreau Claire",
    "service": "Sûreté régionale des transports",
    "personnel_number": "P-20417",
    "roles": ["operator", "investigator"],
    "until": "2027-06-14T23:59:59Z",
}
ISSUED: Final[JsonDict] = {"id": OFFICER_ID, "token": "ent_shown-once-keep-it-where-nobody-else-reads"}
ME: Final[JsonDict] = {
    "id": OFFICER_ID,
    "agency": "police",
    "name": "Moreau Claire",
    "service": "Sûreté régionale des transports",
    "personnel_number": "P-20417",
    "roles": ["investigator", "operator"],
    "designated": True,
    "purpose": "judicial_inquiry",
    "case_ref": "PV-2026-118",
}
PURPOSE: Final[JsonDict] = {"purpose": "judicial_inquiry", "case_ref": "PV-2026-118"}
NO_PURPOSE: Final[JsonDict] = {"purpose": None}

AGREEMENT: Final[JsonDict] = {
    "id": AGREEMENT_ID,
    "version": 1,
    "state": "active",
    "proposed_at": "2026-01-01T00:00:00Z",
    "activated_at": "2026-01-05T09:30:00Z",
    "ended_at": None,
    "terms": {
        "owner": "sncf",
        "partners": ["police"],
        "networks": ["sncf-gares"],
        "area": None,
        "kinds": None,
        "tags_any": None,
        "tags_none": None,
        "actions": ["locate", "view_snapshot", "hold", "request_clip"],
        "purposes": ["public_safety", "judicial_inquiry"],
        "valid": "2026-01-01T00:00:00Z/2027-01-01T00:00:00Z",
        "approval": "manual",
        "max_clip_s": 7200.0,
        "hold_max_days": None,
        "grace_days": 0.0,
        "audio": False,
    },
}
AGREEMENTS: Final[JsonDict] = {"agreements": [AGREEMENT], "links": []}
NEW_AGREEMENT: Final[JsonDict] = {
    "id": AGREEMENT_ID,
    "owner": "sncf",
    "partners": ["police"],
    "actions": ["locate", "view_snapshot", "hold"],
    "purposes": ["public_safety"],
    "valid": "2026-01-01T00:00:00Z/2027-01-01T00:00:00Z",
    "hours": {
        "zone": "Europe/Paris",
        "windows": [{"days": ["fri", "sat"], "start": "22:00", "end": "06:00"}],
    },
}
