"""Renders problems as RFC 9457 `application/problem+json`, on every path and for every failure."""

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from broker.errors import KINDS, Problem

MEDIA_TYPE = "application/problem+json"
_BY_STATUS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "call_too_slow",
    413: "body_too_large",
}


def problem_response(problem: Problem) -> JSONResponse:
    headers: dict[str, str] = {}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    if problem.kind.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(problem_body(problem), problem.kind.status, headers, MEDIA_TYPE)


def problem_body(problem: Problem) -> dict[str, Any]:
    """As it leaves: RFC 9457, with a stable `code`."""
    return {
        "type": f"urn:entrevue:problem:{problem.code}",
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": problem.detail,
        "code": problem.code,
        **problem.facts,
    }


def describe_invalid(errors: Sequence[Any]) -> str:
    """What is wrong and where, without the value that was sent."""
    first = errors[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{where}: {first['msg']}{more}"


def install(app: FastAPI) -> None:
    """Makes every failure of the app a problem."""
    log = structlog.get_logger("http")

    @app.exception_handler(Problem)
    async def _problem(request: Request, problem: Problem) -> JSONResponse:
        if problem.kind.status >= 500 and problem.__cause__ is not None:
            log.error("call failed", code=problem.code, path=request.url.path, exc_info=problem)
        elif problem.kind.status >= 500:
            log.warning("call put off", code=problem.code, path=request.url.path)
        return problem_response(problem)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        errors = error.errors()
        intervals = any("interval" in str(part) for part in errors[0]["loc"])
        code = "interval_invalid" if intervals else "invalid"
        return problem_response(Problem(code, describe_invalid(errors)))

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        code = _BY_STATUS.get(error.status_code, "bad_request")
        response = problem_response(Problem(code, str(error.detail)))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def _unplanned(request: Request, error: Exception) -> JSONResponse:
        log.error("unplanned failure", path=request.url.path, exc_info=error)
        detail = "the failure is in the broker's log; try again, and tell its administrator if it stays"
        return problem_response(Problem("internal", detail))


def problem_schema() -> dict[str, Any]:
    """JSON Schema of a problem, for `/openapi.json`."""
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "enum": sorted(KINDS)},
        },
    }
