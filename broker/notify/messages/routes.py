"""`/v1/messages`: what was sent to an agency's own systems, and what nobody took."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from broker.http.calls import CurrentCaller
from broker.http.paging import CurrentList
from broker.http.services import CurrentServices
from broker.notify.messages import examples
from broker.notify.messages.models import MessageState
from broker.notify.messages.views import MessageList, MessageView, message_view

router = APIRouter(prefix="/v1", tags=["messages"])


@router.get("/messages", response_model=MessageList, summary="What was sent to one's agency's systems")
async def list_messages(
    asked: CurrentList,
    caller: CurrentCaller,
    services: CurrentServices,
    state: Annotated[
        MessageState | None, Query(description="Those in this state alone", examples=["dead"])
    ] = None,
) -> MessageList:
    """For administrators; newest first. What is `dead` was given up after three days, or refused for good."""
    cut = await services.messages.list_messages(caller, state, asked.page)
    return MessageList(messages=[message_view(each) for each in cut.rows], links=asked.links(cut.last))


@router.post("/messages/{message_id}/retry", response_model=MessageView, summary="Send a message again")
async def retry_message(
    message_id: Annotated[str, Path(max_length=64, examples=[examples.MESSAGE_ID])],
    caller: CurrentCaller,
    services: CurrentServices,
) -> MessageView:
    """One that is dead, with the same id: whoever has received it already can tell."""
    return message_view(await services.messages.retry(caller, message_id))
