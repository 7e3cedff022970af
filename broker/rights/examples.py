"""What `/openapi.json` shows of explanations and dry runs."""

from typing import Final

from pydantic.config import JsonDict

CAMERA_ID: Final = "sncf-nord:quai-3"

EXPLANATION: Final[JsonDict] = {
    "officer_id": "off_019ecce9928027f09b3c6d51e8a4b7c0",
    "camera_id": CAMERA_ID,
    "action": "view_live",
    "purpose": "public_safety",
    "at": "2026-06-15T20:00:00Z",
    "allowed": False,
    "located": True,
    "bases": [
        {
            "name": "own",
            "gives": False,
            "rules": {
                "designation": True,
                "purpose_stated": True,
                "action": True,
                "role": True,
                "owner": False,
                "reserved": True,
            },
        },
        {
            "name": "sncf-police",
            "gives": False,
            "rules": {
                "designation": True,
                "purpose_stated": True,
                "partner": True,
                "state": True,
                "period": True,
                "hours": True,
                "purpose": True,
                "action": False,
                "role": True,
                "owner": True,
                "reserved": True,
            },
        },
    ],
}
DRY_RUN: Final[JsonDict] = {
    "agreement_id": "sncf-police",
    "version": 2,
    "at": "2026-06-15T20:00:00Z",
    "counts": [
        {"agency": "police", "purpose": "public_safety", "action": "view_live", "gained": 1, "lost": 0}
    ],
    "cameras": [
        {
            "camera_id": CAMERA_ID,
            "changes": [
                {"agency": "police", "purpose": "public_safety", "gained": ["view_live"], "lost": []}
            ],
        }
    ],
    "links": [],
}
