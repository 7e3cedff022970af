"""`/health/live`, `/health/ready`, `/metrics`: for those who keep the broker running; no camera data."""

from typing import Any, Final, Literal

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from pydantic import ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from broker.errors import Problem
from broker.http.calls import InstantView, View
from broker.http.services import CurrentServices

router = APIRouter(tags=["health"])

OPEN: Final[dict[str, Any]] = {"security": []}
"""Shown in `/openapi.json`: these take no token."""


class LiveView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "live"}]})

    status: Literal["live"] = "live"


class ReadyView(View):
    """`stale_since` says since when the catalog does not answer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ready", "stale_since": None}]})

    status: Literal["ready"] = "ready"
    stale_since: InstantView | None


class NotReadyView(View):
    """`failing` names what is missing, `waiting_for` networks that nothing was heard of yet."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "not ready",
                    "stale_since": None,
                    "failing": ["catalog"],
                    "waiting_for": ["ratp-metro"],
                }
            ]
        }
    )

    status: Literal["not ready"] = "not ready"
    stale_since: InstantView | None
    failing: list[str]
    waiting_for: list[str]


class Metrics:
    """What is counted about calls; labels name routes, never what was asked for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter(
            "entrevue_http_calls_total", "Answered calls", ["method", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "entrevue_http_seconds", "Time until the answer begins", ["method"], registry=self.registry
        )


class CountCalls:
    """ASGI middleware that feeds the metrics."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "other"
        with self._metrics.seconds.labels(method).time():

            async def counted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._metrics.calls.labels(method, str(message["status"])).inc()
                await send(message)

            await self._app(scope, receive, counted)


_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})


@router.get("/health/live", summary="The process runs", openapi_extra=OPEN)
async def live() -> LiveView:
    return LiveView()


@router.get(
    "/health/ready",
    response_model=ReadyView,
    summary="This process can answer",
    responses={503: {"description": "It cannot yet", "model": NotReadyView}},
    openapi_extra=OPEN,
)
async def ready(services: CurrentServices) -> ReadyView | JSONResponse:
    """503 until the catalog was read and each network was synchronised once, and while the ledger is away.

    A catalog that was lost later leaves the process ready: searches go on with what is known, `stale_since`
    says since when.
    """
    catalog = services.catalog.health
    failing = [] if catalog.loaded and not catalog.unproven else ["catalog"]
    try:
        await services.audit.check()
    except Problem:
        failing.append("ledger")
    if not failing:
        return ReadyView(stale_since=catalog.stale_since)
    body = NotReadyView(stale_since=catalog.stale_since, failing=failing, waiting_for=list(catalog.unproven))
    return JSONResponse(body.model_dump(mode="json"), 503)


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
    openapi_extra=OPEN,
)
async def metrics(request: Request) -> Response:
    counted: Metrics = request.app.state.metrics
    return Response(generate_latest(counted.registry), media_type=CONTENT_TYPE_LATEST)
