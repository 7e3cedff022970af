"""What `/openapi.json` shows of requests: one item whose clips came back around a gap of the recorder."""

from typing import Final

from pydantic.config import JsonDict

from broker.holds import examples as holds

REQUEST_ID: Final = "req_019ecce992808c27d4e1903b5fa6c2d8"
VERSION: Final = "6f1d0a92c3b84e57"
CURSOR: Final = "eyJxIjoiYTkwYjVkMTdjM2U0NjgyZiIsImJlZm9yZSI6InJlcV8wMTllY2NlOTkyODAifQ"

POLICE: Final[JsonDict] = {
    "agency": "police",
    "service": "Sûreté régionale des transports",
    "personnel_number": "P-20417",
    "name": "Moreau Claire",
}
RAILWAY: Final[JsonDict] = {
    "agency": "sncf",
    "service": "Sûreté ferroviaire",
    "personnel_number": "S-11802",
    "name": "Diallo Ibrahima",
}

CLIP_BEFORE: Final[JsonDict] = {
    "name": "1.1",
    "href": f"/v1/requests/{REQUEST_ID}/clips/1.1.mp4",
    "size": 70341122,
    "sha256": "9b4f6c1e2d708a35bd0c7e41f9a2683d5e10c84b7f3692ad0e58b1c4769fd213",
    "interval": "2026-06-15T20:00:00Z/2026-06-15T20:02:20Z",
    "first_frame_at": "2026-06-15T20:00:00.020000Z",
    "last_frame_at": "2026-06-15T20:02:19.980000Z",
}
CLIP_AFTER: Final[JsonDict] = {
    "name": "1.2",
    "href": f"/v1/requests/{REQUEST_ID}/clips/1.2.mp4",
    "size": 70298730,
    "sha256": "41c07d95e83bf216a0d4795c3be8120f6d92ae7744c10b5f8e36d9027cb1fa68",
    "interval": "2026-06-15T20:02:40Z/2026-06-15T20:05:00Z",
    "first_frame_at": "2026-06-15T20:02:40Z",
    "last_frame_at": "2026-06-15T20:04:59.960000Z",
}

REQUEST: Final[JsonDict] = {
    "id": REQUEST_ID,
    "version": VERSION,
    "state": "completed",
    "state_reason": None,
    "submitted_at": "2026-06-15T20:12:00Z",
    "finished_at": "2026-06-15T20:31:09Z",
    "sealed_at": "2026-06-15T20:31:11Z",
    "erase_at": "2026-07-15T20:31:11Z",
    "erased_at": None,
    "agency": "police",
    "requester": POLICE,
    "case_ref": "PV-2026-118",
    "purpose": "judicial_inquiry",
    "legal_basis": {"kind": "judicial_requisition", "reference": "PV-2026-118"},
    "reason": "Theft on platform 3",
    "outcome": None,
    "documents": [
        {
            "owner": "sncf",
            "name": "Requisition PV-2026-118.pdf",
            "sha256": "2c1f3a9b64d07e58b1f4c96a0d83e7725b0f6a1c9e4d28735f60b9a7c3d1e842",
            "size": 84211,
            "added_at": "2026-06-15T20:13:00Z",
            "href": f"/v1/requests/{REQUEST_ID}/documents/"
            "2c1f3a9b64d07e58b1f4c96a0d83e7725b0f6a1c9e4d28735f60b9a7c3d1e842",
        }
    ],
    "items": [
        {
            "n": 1,
            "camera_id": "sncf-gares:gdn-quai-03",
            "camera_name": "Quai 3 côté nord",
            "agency": "sncf",
            "state": "completed",
            "state_reason": None,
            "requested": "2026-06-15T20:00:00Z/2026-06-15T20:05:00Z",
            "held": holds.HELD,
            "needs_document": True,
            "decision": {
                "by": [RAILWAY],
                "needed": 1,
                "reason": "Requisition seen",
                "interval": "2026-06-15T20:00:00Z/2026-06-15T20:05:00Z",
                "agreement": "sncf-police",
            },
            "available": [
                "2026-06-15T20:00:00Z/2026-06-15T20:02:20Z",
                "2026-06-15T20:02:40Z/2026-06-15T20:05:00Z",
            ],
            "delivered": [
                "2026-06-15T20:00:00Z/2026-06-15T20:02:20Z",
                "2026-06-15T20:02:40Z/2026-06-15T20:05:00Z",
            ],
            "gaps": ["2026-06-15T20:02:20Z/2026-06-15T20:02:40Z"],
            "overwrite_at": "2026-07-15T20:01:00Z",
            "decide_by": None,
            "decide_by_limit": None,
            "clock_offset_ms": -140.0,
            "clips": [CLIP_BEFORE, CLIP_AFTER],
        }
    ],
}
REQUESTS: Final[JsonDict] = {"requests": [REQUEST], "links": []}

SUBMISSION_OF_ITEMS: Final[JsonDict] = {
    "case_ref": "PV-2026-118",
    "purpose": "judicial_inquiry",
    "legal_basis": {"kind": "judicial_requisition", "reference": "PV-2026-118"},
    "reason": "Theft on platform 3",
    "items": [
        {
            "camera_id": "sncf-gares:gdn-quai-03",
            "interval": "2026-06-15T20:00:00Z/2026-06-15T20:05:00Z",
        },
        {
            "camera_id": "ratp-metro:gnm-quai-5s",
            "interval": "2026-06-15T20:04:00Z/2026-06-15T20:10:00Z",
        },
    ],
}
SUBMISSION_OF_AREA: Final[JsonDict] = {
    "case_ref": "PV-2026-118",
    "purpose": "judicial_inquiry",
    "legal_basis": {"kind": "flagrante_delicto", "reference": "PV-2026-118"},
    "reason": "Theft on platform 3",
    "area": holds.AREA,
    "interval": "2026-06-15T20:00:00Z/2026-06-15T20:05:00Z",
}

DOCUMENT_SHA256: Final = "2c1f3a9b64d07e58b1f4c96a0d83e7725b0f6a1c9e4d28735f60b9a7c3d1e842"
DOCUMENT: Final[JsonDict] = {
    "name": "Requisition PV-2026-118.pdf",
    "owner": "sncf",
    "content": "JVBERi0xLjcKJSVFT0YK",
}
OUTCOME: Final[JsonDict] = {"outcome": "useful", "reason": "Shows where the bag was left"}

DECISION_ON_ALL: Final[JsonDict] = {"reason": "Requisition seen"}
DECISION_ON_ONE: Final[JsonDict] = {
    "reason": "Requisition seen, the first minutes suffice",
    "items": [{"n": 1, "interval": "2026-06-15T20:00:00Z/2026-06-15T20:02:00Z"}],
}
