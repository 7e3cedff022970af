"""How messages are shown."""

from pydantic import ConfigDict

from broker.http.calls import InstantView, View
from broker.notify.messages import examples
from broker.notify.messages.models import Message


class MessageView(View):
    """A message to a webhook or a mailbox: `subscriber` is `webhook:ID` or `mail:AGENCY`, `error` the last try's."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MESSAGE]})

    id: str
    subscriber: str
    kind: str
    subject: str
    at: InstantView
    state: str
    attempts: int
    error: str | None
    due_at: InstantView | None
    ended_at: InstantView | None


class MessageList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.MESSAGES]})

    messages: list[MessageView]
    links: list[dict[str, str]]


def message_view(message: Message) -> MessageView:
    said = message.model_dump(exclude={"agency", "body", "due_at"})
    return MessageView(**said, due_at=message.due_at if message.ended_at is None else None)
