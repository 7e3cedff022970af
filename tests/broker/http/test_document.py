"""`/openapi.json` describes every call with examples that are true, and says who may make it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, cast

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel

from broker.agencies.routes import router as agencies
from broker.api import create_api
from broker.audit.routes import router as audit
from broker.catalog.routes import router as catalog
from broker.errors import KINDS
from broker.holds.routes import router as holds
from broker.http.document import DETAILS
from broker.http.health import router as health
from broker.http.services import Services
from broker.identity.routes import router as identity
from broker.identity.sign_in.routes import router as sign_in
from broker.ingest.routes import router as networks
from broker.requests.routes import router as requests
from tests.broker.http.document_checks import complaints

DOCUMENT = create_api(cast(Services, None)).openapi()
ROUTERS: tuple[APIRouter, ...] = (
    agencies,
    audit,
    catalog,
    health,
    holds,
    identity,
    networks,
    requests,
    sign_in,
)
ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
BODIES = {route.body_field.field_info.annotation for route in ROUTES if route.body_field is not None}
ANSWERS = {
    model
    for route in ROUTES
    for model in (route.response_model, *(more.get("model") for more in route.responses.values()))
    if model is not None
}
CAMERA = "/v1/cameras/{camera_id}"
HOLDS = "/v1/holds"


def examples_of(model: type[BaseModel]) -> list[Any]:
    return cast("list[Any]", model.model_json_schema().get("examples", []))


def test_every_call_has_a_summary_security_and_examples_that_its_schemas_accept() -> None:
    assert list(complaints(DOCUMENT)) == []


BAD: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "no summary": ("summary", lambda d: d["paths"][HOLDS]["post"].pop("summary")),
    "no token": ("no security", lambda d: d["paths"][HOLDS]["post"].pop("security")),
    "unknown scheme": ("no security", lambda d: d["components"]["securitySchemes"].clear()),
    "health closed": ("open", lambda d: d["paths"]["/health/live"]["get"].pop("security")),
    "bare parameter": (
        "camera_id",
        lambda d: d["paths"][CAMERA]["get"]["parameters"][0]["schema"].pop("examples"),
    ),
    "bare body": ("the body", lambda d: d["components"]["schemas"]["HoldBody"].pop("examples")),
    "bare answer": ("answer 200", lambda d: d["components"]["schemas"]["CameraFeature"].pop("examples")),
    "bare problem": (
        "answer 404",
        lambda d: d["components"]["responses"]["Problem404"]["content"]["application/problem+json"].pop(
            "examples"
        ),
    ),
    "answer of no shape": (
        "answer 200",
        lambda d: d["paths"]["/v1/me"]["get"]["responses"]["200"]["content"]["application/json"].update(
            schema={}
        ),
    ),
    "untrue example": (
        "HoldView",
        lambda d: d["components"]["schemas"]["HoldView"]["examples"][0].update(judicial="perhaps"),
    ),
    "incomplete example": (
        "HoldList",
        lambda d: d["components"]["schemas"]["HoldList"]["examples"][0].pop("links"),
    ),
    "wrong format": (
        "HoldView",
        lambda d: d["components"]["schemas"]["HoldView"]["examples"][0].update(ordered_at="yesterday"),
    ),
    "untrue problem": (
        "Problem404",
        lambda d: d["components"]["responses"]["Problem404"]["content"]["application/problem+json"][
            "examples"
        ]["not_found"]["value"].update(code="lost"),
    ),
}


@pytest.mark.parametrize("bad", BAD)
def test_the_check_notices_what_is_not_described_or_untrue(bad: str) -> None:
    says, spoil = BAD[bad]
    document = deepcopy(DOCUMENT)
    spoil(document)
    found = list(complaints(document))
    assert found
    assert all(says in complaint for complaint in found)


@pytest.mark.parametrize("model", sorted(BODIES, key=str), ids=lambda model: model.__name__)
def test_every_example_of_a_body_is_one_that_the_call_accepts(model: type[BaseModel]) -> None:
    assert examples_of(model)
    for example in examples_of(model):
        model.model_validate(example)


@pytest.mark.parametrize("model", sorted(ANSWERS, key=str), ids=lambda model: model.__name__)
def test_every_example_of_an_answer_is_written_as_the_answer_is(model: type[BaseModel]) -> None:
    assert examples_of(model)
    for example in examples_of(model):
        read = model.model_validate(example)
        assert read.model_dump(mode="json", by_alias=True, exclude_unset=True) == example


async def test_the_document_is_what_a_running_broker_serves_to_anybody() -> None:
    transport = httpx.ASGITransport(create_api(cast(Services, None)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as http:
        assert (await http.get("/openapi.json")).json() == DOCUMENT


def test_a_call_takes_a_bearer_token_or_a_sessions_cookie_but_to_watch_the_process_and_to_sign_in() -> None:
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert (schemes["officer"]["type"], schemes["officer"]["scheme"]) == ("http", "bearer")
    assert (schemes["session"]["in"], schemes["session"]["name"]) == ("cookie", "__Host-entrevue")
    calls = [call["security"] for found in DOCUMENT["paths"].values() for call in found.values()]
    assert [s for s in calls if s not in ([], [{"officer": []}, {"session": []}])] == []
    open_calls = {
        path for path, found in DOCUMENT["paths"].items() for call in found.values() if call["security"] == []
    }
    sign_in_calls = {path for path in DOCUMENT["paths"] if path.startswith("/auth/")}
    assert open_calls == {"/health/live", "/health/ready", "/metrics", *sign_in_calls}


def test_every_call_with_a_token_takes_purpose_and_case_and_says_its_other_headers() -> None:
    for path, found in DOCUMENT["paths"].items():
        for method, call in found.items():
            headers = {p["name"] for p in call.get("parameters", ()) if p["in"] == "header"}
            if call["security"]:
                assert {"entrevue-purpose", "entrevue-case"} <= headers, (method, path)
    decide = DOCUMENT["paths"]["/v1/requests/{request_id}/approve"]["post"]
    assert "If-Match" in {parameter["name"] for parameter in decide["parameters"]}
    submitted = DOCUMENT["paths"]["/v1/requests"]["post"]
    assert "idempotency-key" in {parameter["name"] for parameter in submitted["parameters"]}
    assert set(submitted["responses"]["201"]["headers"]) == {"ETag", "Location"}
    clip = DOCUMENT["paths"]["/v1/requests/{request_id}/clips/{item}.{part}.mp4"]["get"]
    assert {"Range", "If-Range"} <= {parameter["name"] for parameter in clip["parameters"]}
    assert set(clip["responses"]["206"]["headers"]) == {"ETag", "Content-Range"}
    responses = DOCUMENT["components"]["responses"]
    assert set(responses["Problem503"]["headers"]) == {"Retry-After"}
    assert set(responses["Problem401"]["headers"]) == {"WWW-Authenticate"}
    snapshot = DOCUMENT["paths"]["/v1/cameras/{camera_id}/snapshot"]["get"]["responses"]["200"]
    assert (set(snapshot["content"]), set(snapshot["headers"])) == ({"image/jpeg"}, {"Entrevue-Captured-At"})


def test_every_call_refers_to_the_problems_that_it_answers_and_their_one_shape() -> None:
    shape = DOCUMENT["components"]["schemas"]["Problem"]
    assert set(shape["required"]) == {"type", "title", "status", "detail", "code"}
    for path, found in DOCUMENT["paths"].items():
        for method, call in found.items():
            statuses = {400, 405, 413, 500}
            if call["security"]:
                statuses = {kind.status for kind in KINDS.values()}
            for status in statuses:
                referred = call["responses"][str(status)]["$ref"]
                assert referred == f"#/components/responses/Problem{status}", (method, path)


def test_every_problem_is_described_once_with_an_example() -> None:
    shown = {
        code
        for response in DOCUMENT["components"]["responses"].values()
        for code in response["content"]["application/problem+json"]["examples"]
    }
    assert shown == set(KINDS)
    assert set(DETAILS) <= set(KINDS)
