"""Examples of messages for the description of the API."""

from typing import Any, Final

MESSAGE_ID: Final = "msg_01jxts5cm7"
MESSAGE: Final[dict[str, Any]] = {
    "id": MESSAGE_ID,
    "subscriber": "webhook:dispatch",
    "kind": "request.seal_request",
    "subject": "req_01jxts5cm7",
    "at": "2026-06-15T20:31:11Z",
    "state": "dead",
    "attempts": 10,
    "error": "answered 503",
    "due_at": None,
    "ended_at": "2026-06-18T23:40:02Z",
}
MESSAGES: Final[dict[str, Any]] = {"messages": [MESSAGE], "links": []}
