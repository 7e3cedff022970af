"""What happened to what. Ids alone: whoever wants to know more asks, under their own rights."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from adapters.contract.models import Instant
from broker.audit.models import Change

HOLDS = "hold_"


class Event(BaseModel):
    """Something that was done to a request or a hold; `sequence` is its entry in the log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sequence: int
    kind: Literal["request", "hold"]
    id: str
    action: str
    at: Instant


def events_of(change: Change) -> list[Event]:
    """The request and the holds that it is about, as far as the agency may know."""
    said = {"sequence": change.sequence, "action": change.action, "at": change.at}
    events = [Event(kind="hold", id=name, **said) for name in change.objects if name.startswith(HOLDS)]
    if change.request_id is not None:
        events.insert(0, Event(kind="request", id=change.request_id, **said))
    return events
