"""`/health/live`, `/health/ready`, `/metrics`: for those who keep the broker running; no camera data."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from broker.errors import Problem
from broker.http.services import CurrentServices

router = APIRouter(tags=["health"])


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


@router.get("/health/live", summary="The process runs")
async def live() -> JSONResponse:
    return JSONResponse({"status": "live"})


@router.get("/health/ready", summary="The stores answer")
async def ready(services: CurrentServices) -> JSONResponse:
    """503 names each store that does not answer."""
    failing = []
    for name, check in (("catalog", services.catalog.check), ("ledger", services.audit.check)):
        try:
            await check()
        except Problem:
            failing.append(name)
    if failing:
        return JSONResponse({"status": "not ready", "failing": failing}, 503)
    return JSONResponse({"status": "ready"})


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    counted: Metrics = request.app.state.metrics
    return Response(generate_latest(counted.registry), media_type=CONTENT_TYPE_LATEST)
