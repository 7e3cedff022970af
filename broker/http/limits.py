"""Refuses bodies that are too large, however they are sent."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from broker.errors import Problem
from broker.http.problem_details import problem_response

MAX_BODY_BYTES: Final = 1024 * 1024


class LimitBody:
    """ASGI middleware: answers 413 where `Content-Length` says too much, and where more arrives than it said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        problem = Problem("body_too_large", f"the body exceeds {MAX_BODY_BYTES} bytes: send less")
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if not stated.isdigit() or int(stated) > MAX_BODY_BYTES:
            await problem_response(problem)(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MAX_BODY_BYTES:
                raise problem
            return message

        await self._app(scope, counted, send)
