"""Officers over real HTTP, as a script of a partner would call."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.journeys.processes import eventually

FINAL = frozenset(
    {"completed", "partially_completed", "denied", "cancelled", "expired", "unavailable"},
)


@dataclass(frozen=True)
class Officer:
    """Calls go out with the purpose unless it is None."""

    url: str
    token: str
    purpose: str | None = "judicial_inquiry"

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        stated = {"Authorization": f"Bearer {self.token}", **more}
        return stated if self.purpose is None else stated | {"Entrevue-Purpose": self.purpose}

    def get(self, path: str, **query: Any) -> httpx.Response:
        return httpx.get(self.url + path, params=query, headers=self._headers({}), timeout=30)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return httpx.post(self.url + path, json=body, headers=self._headers(headers), timeout=30)

    def finished(self, request_id: str) -> dict[str, Any]:
        """The request once it is in a final state."""

        def found() -> dict[str, Any] | None:
            body: dict[str, Any] = self.get(f"/v1/requests/{request_id}").json()
            return body if body["state"] in FINAL else None

        return eventually(f"request {request_id} is finished", found)


def submission(items: dict[str, str], basis: str = "judicial_requisition") -> dict[str, Any]:
    """A body for `POST /v1/requests`: camera id → interval."""
    return {
        "case_ref": "PV-2026-118",
        "purpose": "judicial_inquiry",
        "legal_basis": {"kind": basis, "reference": "R-1"},
        "reason": "Theft",
        "items": [{"camera_id": camera, "interval": interval} for camera, interval in items.items()],
    }
