"""Every route of the application, found by listing them, with a body for each that takes one, and what to ask."""

from typing import cast

from fastapi.routing import APIRoute
from starlette.routing import Route

from broker.api import create_api
from broker.http.services import Services
from tests.world import LAST_MINUTES, submission

OPEN = {"/health/live", "/health/ready", "/metrics", "/openapi.json"}
SIGN_IN = "/auth/"
"""Who comes here has no token yet."""

BODIES: dict[tuple[str, str], object] = {
    ("POST", "/v1/requests"): submission(["rail-cctv:r1"], LAST_MINUTES),
    ("POST", "/v1/requests/{request_id}/approve"): {"reason": "Checked"},
    ("POST", "/v1/requests/{request_id}/deny"): {"reason": "Checked"},
    ("POST", "/v1/requests/{request_id}/cancel"): {"reason": "Checked"},
    ("POST", "/v1/requests/{request_id}/outcome"): {"outcome": "not_viewed"},
    ("POST", "/v1/requests/{request_id}/documents"): {
        "name": "r.pdf",
        "owner": "rail",
        "content": "JVBERi0xLjcKJSVFT0YK",
    },
    ("POST", "/v1/holds"): {"camera_ids": ["rail-cctv:r1"], "interval": str(LAST_MINUTES), "reason": "Theft"},
    ("POST", "/v1/emergencies"): {"reason": "A person on the tracks", "agency": "metro"},
    ("POST", "/v1/emergencies/{emergency_id}/review"): {"verdict": "justified", "reason": "Checked"},
    ("POST", "/v1/agreements"): {
        "id": "rail-town",
        "owner": "rail",
        "partners": ["town"],
        "actions": ["locate"],
        "purposes": ["public_safety"],
        "valid": "2026-01-01T00:00:00Z/2027-01-01T00:00:00Z",
    },
    ("POST", "/v1/substitutes"): {
        "officer_id": "off_unknown",
        "until": "2027-01-01T00:00:00Z",
        "reason": "Leave",
    },
    ("PUT", "/v1/me/purpose"): {"purpose": "accident"},
    ("POST", "/v1/audit/cosignatures"): {"note": "none"},
    ("POST", "/v1/cameras/search"): {
        "along": {"type": "LineString", "coordinates": [[2.355, 48.88], [2.36, 48.88]]},
        "buffer_m": 50,
    },
    ("POST", "/v1/networks/{network_id}/confirm"): {"found": 0},
    ("POST", "/v1/officers"): {
        "agency": "rail",
        "name": "Test rail",
        "service": "Tests",
        "personnel_number": "T-9",
        "roles": ["operator"],
    },
    ("POST", "/v1/me/tokens"): {"name": "map"},
    ("POST", "/v1/officers/{officer_id}/designations"): {"until": "2027-01-01T00:00:00Z"},
    ("POST", "/v1/officers/{officer_id}/account"): {"username": "test.rail"},
    ("POST", "/v1/officers/{officer_id}/subjects"): {"provider": "ministry", "subject": "1"},
}
QUERIES = {
    ("GET", "/v1/register"): "?month=2026-06",
    ("GET", "/v1/events"): "?follow=false",
    ("GET", "/v1/audit/proof"): "?index=0",
    ("GET", "/v1/audit/consistency"): "?from=1&to=1",
    ("GET", "/v1/places"): "?q=a",
    ("GET", "/v1/policy/explain"): "?camera=rail-cctv:r1&action=locate",
}


def routes() -> list[tuple[str, str]]:
    """Method and path template of everything that the application answers."""
    api = create_api(cast(Services, None))
    described = {(method.upper(), path) for path, found in api.openapi()["paths"].items() for method in found}
    plain = {
        (method, route.path)
        for route in api.routes
        if isinstance(route, Route) and not isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    hidden = {
        (method, route.path)
        for route in api.routes
        if isinstance(route, APIRoute)
        for method in route.methods
        if (method, route.path_format) not in described
    }
    return sorted({*described, *plain, *hidden})


ROUTES = routes()
CLOSED = [(m, path) for m, path in ROUTES if path not in OPEN and not path.startswith(SIGN_IN)]
