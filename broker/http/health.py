"""`/health/live`, `/health/ready`, `/metrics`: for those who keep the broker running; no camera data."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.contract.models import format_instant
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


@router.get("/health/ready", summary="This process can answer")
async def ready(services: CurrentServices) -> JSONResponse:
    """503 until the catalog was read and each network was synchronised once, and while the ledger is away.

    `failing` names what is missing, `waiting_for` networks that nothing was heard of yet. A catalog that was
    lost later leaves the process ready: searches go on with what is known, `stale_since` says since when.
    """
    catalog = services.catalog.health
    failing = [] if catalog.loaded and not catalog.unproven else ["catalog"]
    try:
        await services.audit.check()
    except Problem:
        failing.append("ledger")
    stale_since = catalog.stale_since
    body: dict[str, object] = {
        "status": "not ready" if failing else "ready",
        "stale_since": None if stale_since is None else format_instant(stale_since),
    }
    if failing:
        body |= {"failing": failing, "waiting_for": list(catalog.unproven)}
    return JSONResponse(body, 503 if failing else 200)


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    counted: Metrics = request.app.state.metrics
    return Response(generate_latest(counted.registry), media_type=CONTENT_TYPE_LATEST)
