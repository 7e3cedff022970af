"""Refuses bodies that are too large, however they are sent."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from broker.errors import Problem
from broker.http.problem_details import problem_response

MAX_BODY_BYTES: Final = 1024 * 1024
MAX_DIGITS: Final = 18


class LimitBody:
    """ASGI middleware: answers 413 where `Content-Length` says too much, and where more arrives than it said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        detail = f"the body exceeds {MAX_BODY_BYTES} bytes: send less"
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if not stated.isdigit():
            detail = "Content-Length is not a number of bytes"
            await problem_response(Problem("bad_request", detail))(scope, receive, send)
            return
        if len(stated) > MAX_DIGITS or int(stated) > MAX_BODY_BYTES:
            await problem_response(Problem("body_too_large", detail))(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MAX_BODY_BYTES:
                # of all that a reader of the body meets, FastAPI passes on only this kind unchanged
                raise HTTPException(413, detail)
            return message

        await self._app(scope, counted, send)
