"""`/v1/events`: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse, ServerSentEvent

from broker.http.calls import ConfirmedCaller
from broker.http.services import CurrentServices
from broker.notify.events.service import Told

router = APIRouter(prefix="/v1", tags=["events"])

PING_S: Final = 15
STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Messages `request`, `hold` and `cameras`, with ids alone",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": "id: 4711.1790000000000007\nevent: hold\n"
                'data: {"id": "hold_01", "action": "hold_held", "at": "2026-06-15T20:00:02Z"}\n\n',
            }
        },
    }
}


@router.get("/events", summary="What happens", response_class=EventSourceResponse, responses=STREAM)
async def follow_events(
    confirmed: ConfirmedCaller,
    services: CurrentServices,
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=64,
            description="The id of the last message: what came after it is told first",
            examples=["4711.1790000000000007"],
        ),
    ] = None,
    follow: Annotated[
        bool,
        Query(
            description="Go on until the client leaves; else what is new by now, and the end",
            examples=[False],
        ),
    ] = True,
) -> EventSourceResponse:
    """Requests, holds and cameras that the caller may know of, by their ids, as soon as something happens to them.
    `cameras` with `ids` null: many changed, or it is not known which; search again. The stream ends when the token
    does."""
    events = await services.events.follow(confirmed.caller, last_event_id, confirmed.again, goes_on=follow)
    return EventSourceResponse(_messages(events), ping=PING_S)


async def _messages(events: AsyncIterator[Told]) -> AsyncIterator[ServerSentEvent]:
    async for told in events:
        yield ServerSentEvent(json.dumps(told.facts, separators=(",", ":")), event=told.name, id=told.place)
