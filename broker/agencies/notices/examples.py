"""What `/openapi.json` shows of notices."""

from typing import Final

from pydantic.config import JsonDict

NOTICE: Final[JsonDict] = {
    "id": "ntc_019ecce9928027f09b3c6d51e8a4b7c0",
    "role": "custodian",
    "kind": "decision_due",
    "subject": "req_019ecce992808c27d4e1903b5fa6c2d8",
    "at": "2026-06-15T20:00:00Z",
}
NOTICES: Final[JsonDict] = {"notices": [NOTICE], "links": []}
