"""The HTTP application: every route there is, over one process's services. Decides nothing."""

from importlib.metadata import version

from fastapi import FastAPI

from broker.agencies.emergencies.routes import router as emergencies_router
from broker.agencies.notices.routes import router as notices_router
from broker.agencies.routes import router as agencies_router
from broker.agencies.substitutes.routes import router as substitutes_router
from broker.audit.routes import router as audit_router
from broker.audit.tree.metrics import TreeMetrics
from broker.audit.tree.routes import router as tree_router
from broker.catalog.routes import router as catalog_router
from broker.holds.routes import router as holds_router
from broker.http import problem_details
from broker.http.document import OF_EVERY_CALL, problems
from broker.http.guarding import GuardedApi
from broker.http.health import CountCalls, Metrics
from broker.http.health import router as health_router
from broker.http.limits import LimitBody
from broker.http.services import Services
from broker.identity.routes import router as identity_router
from broker.identity.sign_in.routes import router as sign_in_router
from broker.ingest.metrics import NetworkMetrics
from broker.ingest.routes import router as networks_router
from broker.notify.events.routes import router as events_router
from broker.notify.messages.routes import router as messages_router
from broker.register.routes import router as register_router
from broker.requests.routes import router as requests_router
from broker.rights.routes import router as rights_router


def create_api(services: Services) -> FastAPI:
    """The HTTP application over one process's services."""
    app = GuardedApi(
        title="Entrevue",
        version=version("entrevue"),
        summary="A broker of video-surveillance metadata between agencies",
        docs_url=None,  # the bundled pages load code from a content network
        redoc_url=None,
        redirect_slashes=False,  # an address has one spelling; another one is a problem as everywhere
        services=services,
    )
    app.state.metrics = Metrics()
    app.state.metrics.registry.register(NetworkMetrics(lambda: services))
    app.state.metrics.registry.register(TreeMetrics(lambda: services))
    problem_details.install(app)
    app.add_middleware(LimitBody)
    app.add_middleware(CountCalls, metrics=app.state.metrics)
    for router in (
        catalog_router,
        requests_router,
        holds_router,
        agencies_router,
        rights_router,
        emergencies_router,
        notices_router,
        substitutes_router,
        events_router,
        messages_router,
        register_router,
        identity_router,
        networks_router,
        audit_router,
        tree_router,
    ):
        app.include_router(router, responses=problems())
    app.include_router(sign_in_router, responses=problems())
    app.include_router(health_router, responses=problems(OF_EVERY_CALL))
    return app
