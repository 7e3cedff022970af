"""A message to somebody outside, and who that is."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict

from adapters.contract.models import Instant, format_instant

SPEC_VERSION: Final = "1.0"
EVENT_TYPE: Final = "application/cloudevents+json"


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MessageState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Subscriber(Model):
    """Whom to tell what of an agency's: `kinds` are `request`, `hold` and `notice`."""

    id: str
    agency: str
    kinds: frozenset[str]


class NewMessage(Model):
    """`kind` is `request.…`, `hold.…` or `notice.…`; `subject` the id of what it is about."""

    id: str
    subscriber: str
    agency: str
    kind: str
    subject: str
    body: str
    at: Instant


class Message(NewMessage):
    state: MessageState
    error: str | None
    ended_at: Instant | None
    attempts: int
    due_at: Instant


def cloud_event(source: str, event_id: str, kind: str, subject: str, at: datetime) -> str:
    """The body, in the JSON format of CloudEvents 1.0 (https://github.com/cloudevents/spec): ids alone."""
    event = {
        "specversion": SPEC_VERSION,
        "id": event_id,
        "source": source,
        "type": f"entrevue.{kind}",
        "subject": subject,
        "time": format_instant(at),
        "datacontenttype": "application/json",
        "data": {"id": subject, "kind": kind},
    }
    return json.dumps(event, separators=(",", ":"), sort_keys=True)
