"""What `/openapi.json` says beside the routes: every problem once, with an example of each code."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from broker.errors import KINDS, Problem
from broker.http.problem_details import MEDIA_TYPE, problem_body, problem_schema

Responses = dict[int | str, dict[str, Any]]

STATUSES: Final = tuple(sorted({kind.status for kind in KINDS.values()}))
OF_EVERY_CALL: Final = (400, 405, 408, 413, 431, 500)
"""Statuses that also a call without a token can meet."""

DETAILS: Final[dict[str, str]] = {
    "token_missing": "send the header Authorization: Bearer, with your token",
    "token_invalid": "the token is unknown, revoked or expired: ask for a new one",
    "purpose_missing": "say what this is for: send the header Entrevue-Purpose, or set it by PUT /v1/me/purpose",
    "not_designated": "your designation is not current: ask your agency to renew it",
    "role_denied": "only a custodian of the camera's owner decides",
    "not_found": "there is no camera sncf-gares:gdn-quai-33",
    "interval_invalid": "an interval must end after it starts",
    "state_conflict": "item 1 is denied, no longer pending",
    "catalog_unavailable": "the catalog does not answer: try again",
    "storage_full": "the ledger's disk is full: nothing was changed; free space and try again",
}
"""What an example says, where more than its title makes it clearer."""

HEADERS: Final[dict[int, dict[str, Any]]] = {
    401: {
        "WWW-Authenticate": {
            "description": "How to say who calls",
            "schema": {"type": "string", "examples": ["Bearer"]},
        }
    },
    429: {
        "Retry-After": {
            "description": "Seconds after which the next call counts",
            "schema": {"type": "string", "examples": ["60"]},
        }
    },
    503: {
        "Retry-After": {
            "description": "Seconds after which another try may help; absent where nobody knows",
            "schema": {"type": "string", "examples": ["2"]},
        }
    },
}


def problems(statuses: tuple[int, ...] = STATUSES) -> Responses:
    """Refers routes to the problems that they answer."""
    return {
        status: {"$ref": f"#/components/responses/Problem{status}", "description": _titles(status)}
        for status in statuses
    }


def _codes(status: int) -> list[str]:
    return [code for code, kind in KINDS.items() if kind.status == status]


def _titles(status: int) -> str:
    return "; ".join(KINDS[code].title for code in _codes(status))


def _component(status: int) -> dict[str, Any]:
    examples = {
        code: {
            "summary": KINDS[code].title,
            "value": problem_body(Problem(code, DETAILS.get(code, KINDS[code].title))),
        }
        for code in _codes(status)
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    described: dict[str, Any] = {"description": _titles(status), "content": {MEDIA_TYPE: content}}
    return described | ({"headers": HEADERS[status]} if status in HEADERS else {})


class DescribedApi(FastAPI):
    """FastAPI whose document holds the components that `problems` refers to, and the models' examples as they
    are: FastAPI leaves out every member that is null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._models: list[type[BaseModel]] = []

    def include_router(self, router: APIRouter, **options: Any) -> None:
        super().include_router(router, **options)
        self._models += _models(router)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            components = super().openapi()["components"]
            for name, schema in _definitions(self._models).items():
                if "examples" in schema:
                    components["schemas"][name]["examples"] = schema["examples"]
            components["schemas"]["Problem"] = problem_schema()
            components["responses"] = {f"Problem{status}": _component(status) for status in STATUSES}
        described: dict[str, Any] = super().openapi()
        return described


def _models(router: APIRouter) -> Iterator[type[BaseModel]]:
    """What the router's calls take and answer."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            body = None if route.body_field is None else route.body_field.field_info.annotation
            answers = (answer.get("model") for answer in route.responses.values())
            yield from (model for model in (body, route.response_model, *answers) if model is not None)


def _definitions(models: list[type[BaseModel]]) -> dict[str, Any]:
    asked: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "serialization") for model in models]
    definitions: dict[str, Any] = models_json_schema(asked)[1]["$defs"]
    return definitions
