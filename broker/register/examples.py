"""Examples of the register for the description of the API."""

from typing import Any, Final

LINE: Final[dict[str, Any]] = {
    "at": "2026-06-15T20:35:12Z",
    "event": "handed_over",
    "what": "clip",
    "network": "ratp-metro",
    "authorisation": "2026-0412",
    "camera_id": "ratp-metro:gdn-12",
    "camera_name": "Gare du Nord, quai 3",
    "interval": "2026-06-15T20:00:00Z/2026-06-15T20:05:00Z",
    "request_id": "req_01jxts5cm7",
    "hold_id": None,
    "requisition": "judicial_requisition: PV-2026-118",
    "recipient": "Préfecture de police, Control room",
    "sha256": ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    "entry": 4711,
}
REGISTER: Final[dict[str, Any]] = {
    "agency": "ratp",
    "agency_name": "RATP",
    "month": "2026-06",
    "authorisations": [{"network": "ratp-metro", "number": "2026-0412", "until": "2031-03-31"}],
    "lines": [LINE],
}
