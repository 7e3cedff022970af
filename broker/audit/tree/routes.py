"""`/v1/audit/checkpoint`, `/proof`, `/consistency`, `/cosignatures`: the log's tree, for auditors and their witnesses.

These show hashes and signatures, and nothing of what the log says: they need no purpose, and are not logged. Each entry
about them would be one more for the tree, and a witness that looks would never see the end of it. Refusals are logged.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse
from pydantic import ConfigDict, Field

from broker.agencies.models import AgencyAction, Caller
from broker.audit.tree import examples
from broker.audit.tree.merkle import LARGEST
from broker.errors import Problem
from broker.http.calls import Body, CurrentCaller, View
from broker.http.services import CurrentServices, Services
from broker.transparency.notes import NOTE_LIMIT

router = APIRouter(prefix="/v1/audit", tags=["audit"])

READ: Final = "read_tree"
Size = Annotated[int, Query(ge=0, le=LARGEST, examples=[5000])]


class InclusionView(View):
    """An inclusion proof of RFC 9162; hashes in hexadecimal, from the leaf's side to the root's."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.INCLUSION]})

    index: int
    size: int
    leaf_hash: str
    hashes: list[str]


class ConsistencyView(View):
    """A consistency proof of RFC 9162; hashes in hexadecimal."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [examples.CONSISTENCY]}, serialize_by_alias=True, validate_by_name=True
    )

    first: int = Field(alias="from")
    second: int = Field(alias="to")
    hashes: list[str]


class Cosigned(Body):
    """A checkpoint's note with the line of a witness."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.COSIGNING]})

    note: Annotated[str, Field(min_length=1, max_length=NOTE_LIMIT)]


class TakenView(View):
    """How many lines were new."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TAKEN]})

    taken: int


async def _require(services: Services, caller: Caller, attempted: str) -> None:
    await services.authority.require(caller, AgencyAction.READ_LOG, attempted)


@router.get(
    "/checkpoint",
    summary="Signed checkpoint",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"example": examples.COSIGNED}}}},
)
async def checkpoint(
    caller: CurrentCaller,
    services: CurrentServices,
    size: Annotated[int | None, Query(ge=0, le=LARGEST, examples=[5000])] = None,
    cosigned: Annotated[
        bool, Query(description="The newest that a witness co-signed", examples=[True])
    ] = False,
    to_cosign: Annotated[
        bool, Query(description="The one that a witness should sign next", examples=[True])
    ] = False,
) -> PlainTextResponse:
    """The newest, or the one of a size, with the cosignatures known for it: a C2SP signed note."""
    await _require(services, caller, READ)
    if (size is not None) + cosigned + to_cosign > 1:
        raise Problem("invalid", "give one of size, cosigned and to_cosign")
    if to_cosign:
        return PlainTextResponse(await services.tree.to_cosign())
    return PlainTextResponse(await services.tree.checkpoint(size, cosigned=cosigned))


@router.get("/proof", response_model=InclusionView, summary="Proof that an entry is in the log")
async def proof(
    caller: CurrentCaller,
    services: CurrentServices,
    index: Annotated[int, Query(ge=0, le=LARGEST, description="Its sequence less one", examples=[4710])],
    size: Annotated[int | None, Query(ge=1, le=LARGEST, examples=[5000])] = None,
) -> InclusionView:
    """In the tree of `size` entries, else in that of the newest checkpoint."""
    await _require(services, caller, READ)
    found = await services.tree.inclusion(index, size)
    return InclusionView.model_validate(found.model_dump())


@router.get("/consistency", response_model=ConsistencyView, summary="Proof that the log only grew")
async def consistency(
    caller: CurrentCaller,
    services: CurrentServices,
    first: Annotated[int, Query(alias="from", ge=0, le=LARGEST, examples=[4096])],
    second: Annotated[int, Query(alias="to", ge=0, le=LARGEST, examples=[5000])],
) -> ConsistencyView:
    """From the tree of one size to that of another."""
    await _require(services, caller, READ)
    found = await services.tree.consistency(first, second)
    return ConsistencyView.model_validate(found.model_dump())


@router.post("/cosignatures", response_model=TakenView, summary="Hand in a witness's cosignature")
async def cosign(body: Cosigned, caller: CurrentCaller, services: CurrentServices) -> TakenView:
    """Taken where it verifies under the key of an agency's witness, over a checkpoint that the log has signed."""
    await _require(services, caller, "cosign")
    return TakenView(taken=await services.tree.cosign(body.note))
