"""Examples of substitutes for the description of the API."""

from typing import Any, Final

SUBSTITUTION_ID: Final = "sub_01jxts5cm7"
HOURS: Final[dict[str, Any]] = {
    "zone": "Europe/Paris",
    "windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "18:00", "end": "08:00"}],
}
NEW: Final[dict[str, Any]] = {
    "officer_id": "off_01jxts5cm7",
    "until": "2026-09-01T00:00:00Z",
    "hours": HOURS,
    "reason": "Nights and leave",
}
SUBSTITUTION: Final[dict[str, Any]] = {
    "id": SUBSTITUTION_ID,
    "principal_id": "off_01jxts5cm1",
    "substitute_id": "off_01jxts5cm7",
    "valid_from": "2026-06-15T20:00:00Z",
    "valid_until": "2026-09-01T00:00:00Z",
    "hours": HOURS,
    "reason": "Nights and leave",
    "in_force": True,
    "ended_by": None,
}
SUBSTITUTIONS: Final[dict[str, Any]] = {"substitutes": [SUBSTITUTION]}
