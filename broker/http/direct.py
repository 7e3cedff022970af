"""A route that reads its call itself, for the one call that is made all the time.

FastAPI looks at every parameter's type anew at each call, which takes longer than a search. What a route of this
class takes is described by its signature as everywhere; a test holds that it is read and refused alike.
"""

from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from broker.http.calls import recall_by_headers


class DirectRoute(APIRoute):
    """For endpoints of `request`, `caller` (a `RecallableCaller`), `services`, and `parameters`, the query's model."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint = self.endpoint
        model: type[BaseModel] = get_type_hints(endpoint)["parameters"]

        async def handle(request: Request) -> Response:
            services = request.app.state.services
            try:
                caller = await recall_by_headers(services, request.method, request.headers)
            except RequestValidationError as error:
                raise RequestValidationError([*error.errors(), *_read(model, request)[1]]) from error
            parameters, wrong = _read(model, request)
            if parameters is None:
                raise RequestValidationError(wrong)
            response: Response = await endpoint(
                request=request, caller=caller, services=services, parameters=parameters
            )
            return response

        return handle


def _read(model: type[BaseModel], request: Request) -> tuple[BaseModel | None, list[Any]]:
    """The query as the model has it, or None and what is wrong with it."""
    try:
        return model.model_validate(dict(request.query_params)), []
    except ValidationError as error:
        return None, [{**one, "loc": ("query", *one["loc"])} for one in error.errors(include_url=False)]
