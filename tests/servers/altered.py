"""A simulated server whose JSON answers are changed on their way, for what a sound one never says."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Altered:
    """`changes` maps a path to what becomes of its answers."""

    app: ASGIApp
    changes: Mapping[str, Change]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        change = self.changes.get(scope["path"])
        if change is None:
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def sending(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            changed = json.dumps(change(json.loads(body))).encode() if start["status"] == 200 else body
            headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
            await send({**start, "headers": [*headers, (b"content-length", str(len(changed)).encode())]})
            await send({"type": "http.response.body", "body": changed})

        await self.app(scope, receive, sending)
