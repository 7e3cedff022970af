"""`/v1/register`: an owner's register, a month at a time."""

from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import ConfigDict

from broker.http.calls import CurrentCaller, InstantView, View
from broker.http.services import CurrentServices
from broker.register import examples
from broker.register.models import Register
from broker.register.rendering import as_csv, as_html

router = APIRouter(prefix="/v1", tags=["register"])


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"
    HTML = "html"


class AuthorisationView(View):
    """A network's prefectoral authorisation and its last day."""

    network: str
    number: str | None
    until: str | None


class LineView(View):
    """What happened to a recording; `entry` is the number of the log's entry that proves it."""

    at: InstantView
    event: str
    what: str
    network: str
    authorisation: str | None
    camera_id: str
    camera_name: str
    interval: str
    request_id: str | None
    hold_id: str | None
    requisition: str | None
    recipient: str | None
    sha256: list[str]
    entry: int


class RegisterView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.REGISTER]})

    agency: str
    agency_name: str
    month: str
    authorisations: list[AuthorisationView]
    lines: list[LineView]


OTHER_FORMS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": "at,event,what\r\n"},
            "text/html": {"schema": {"type": "string"}, "example": "<!DOCTYPE html>"},
        }
    }
}


@router.get(
    "/register", response_model=RegisterView, responses=OTHER_FORMS, summary="The register of a month"
)
async def read_register(
    caller: CurrentCaller,
    services: CurrentServices,
    month: Annotated[str, Query(pattern=r"^\d{4}-\d{2}$", examples=["2026-06"], description="In UTC")],
    format: Annotated[
        Format, Query(examples=["csv"], description="A page to print and a table come as files")
    ] = Format.JSON,
) -> Response:
    """What was made, handed over and destroyed of one's own agency's recordings, for its data protection officer and
    custodians."""
    register = await services.registers.read(caller, month)
    if format is Format.JSON:
        return JSONResponse(register_view(register).model_dump(mode="json"))
    is_page = format is Format.HTML
    name = f"register-{register.agency}-{register.month}.{format.value}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    text = as_html(register) if is_page else as_csv(register)
    return Response(text, 200, headers, "text/html; charset=utf-8" if is_page else "text/csv; charset=utf-8")


def register_view(register: Register) -> RegisterView:
    lines = [
        LineView(**(line.model_dump() | {"event": line.event.value, "what": line.what.value}))
        for line in register.lines
    ]
    return RegisterView(
        agency=register.agency,
        agency_name=register.agency_name,
        month=register.month,
        authorisations=[
            AuthorisationView(network=network, number=number, until=until)
            for network, number, until in register.authorisations
        ],
        lines=lines,
    )
