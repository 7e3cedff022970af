"""What a caller may write about requests, and what it means."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Base64Bytes, ConfigDict, Field, model_validator

from broker.agencies.models import Action, Caller
from broker.holds.routes import AreaBody, cameras_of_area
from broker.http.calls import Body, IntervalText, Line, Reason, parse_interval
from broker.http.services import Services
from broker.requests import examples
from broker.requests.models import DecidedItem, LegalBasis, Outcome, Submission, WantedItem, Word


class ItemBody(Body):
    """A camera and an interval; or an urgent hold, which becomes the request's."""

    camera_id: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    interval: IntervalText | None = None
    hold_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.hold_id is None:
            if self.camera_id is None or self.interval is None:
                raise ValueError("give camera_id and interval, or hold_id")
        elif self.camera_id is not None or self.interval is not None:
            raise ValueError("a hold has its camera and interval: give hold_id alone")
        return self


class BasisBody(Body):
    kind: Line
    reference: Line


class SubmissionBody(Body):
    """Either `items`, or `area` with one `interval` for all of its cameras."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [examples.SUBMISSION_OF_ITEMS, examples.SUBMISSION_OF_AREA]}
    )

    case_ref: Line
    purpose: Line
    legal_basis: BasisBody
    reason: Reason
    items: Annotated[list[ItemBody], Field(min_length=1, max_length=1000)] | None = None
    area: AreaBody | None = None
    interval: IntervalText | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.items is None) == (self.area is None):
            raise ValueError("give either items, or area with interval")
        if (self.area is None) != (self.interval is None):
            raise ValueError("interval goes with area; each item has its own")
        return self


class DecidedBody(Body):
    n: Annotated[int, Field(ge=1, le=100_000)]
    interval: IntervalText | None = None


class DecisionBody(Body):
    """Without `items`, everything that is open. An item's `interval` shortens what is granted."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [examples.DECISION_ON_ALL, examples.DECISION_ON_ONE]}
    )

    reason: Reason
    items: Annotated[list[DecidedBody], Field(min_length=1, max_length=1000)] | None = None

    def word(self, version: str | None) -> Word:
        named = (
            DecidedItem(n=item.n, interval=None if item.interval is None else parse_interval(item.interval))
            for item in self.items or ()
        )
        return Word(reason=self.reason, named=tuple(named), version=version)


class DocumentBody(Body):
    """`content` is the PDF file in base64. With an `owner` only that agency's custodians read it, else all owners'."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DOCUMENT]})

    name: Line
    owner: Annotated[str, Field(max_length=64)] | None = None
    content: Base64Bytes


class OutcomeBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.OUTCOME]})

    outcome: Outcome
    reason: Reason | None = None


async def submission_of(body: SubmissionBody, caller: Caller, services: Services) -> Submission:
    """The body with its area resolved into items."""
    items: tuple[WantedItem, ...]
    if body.area is not None and body.interval is not None:
        interval = parse_interval(body.interval)
        ids = await cameras_of_area(services, caller, body.area, Action.REQUEST_CLIP, body.interval)
        items = tuple(WantedItem(camera_id=camera_id, interval=interval) for camera_id in ids)
    else:
        items = await _items(body.items or (), caller, services)
    return Submission(
        case_ref=body.case_ref,
        purpose=body.purpose,
        legal_basis=LegalBasis(kind=body.legal_basis.kind, reference=body.legal_basis.reference),
        reason=body.reason,
        items=items,
    )


async def _items(bodies: Sequence[ItemBody], caller: Caller, services: Services) -> tuple[WantedItem, ...]:
    """What each names, with what its hold is of."""
    named = [item.hold_id for item in bodies if item.hold_id is not None]
    holds = dict(zip(named, await services.holds.for_request(caller, named), strict=True)) if named else {}
    items = []
    for item in bodies:
        if item.hold_id is not None:
            camera, interval = holds[item.hold_id]
            items.append(WantedItem(camera_id=camera.id, interval=interval, hold_id=item.hold_id))
        elif item.camera_id is not None and item.interval is not None:
            items.append(WantedItem(camera_id=item.camera_id, interval=parse_interval(item.interval)))
    return tuple(items)
