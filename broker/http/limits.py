"""Refuses bodies that are too large, however they are sent, and such as do not come to their end."""

import asyncio
import re
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from broker.errors import Problem
from broker.http.problem_details import problem_response

MAX_BODY_BYTES: Final = 1024 * 1024
MAX_DOCUMENT_BODY_BYTES: Final = 16 * 1024 * 1024
DOCUMENTS: Final = re.compile(r"/v1/requests/[^/]+/documents")
"""The one call that carries a file."""
MAX_DIGITS: Final = 18
BODY_S: Final = 20.0
"""From the first byte that is waited for until the body is whole."""


class LimitBody:
    """ASGI middleware: answers 413 where `Content-Length` says too much, and where more arrives than it said; 408 where
    the body takes longer than `body_s`."""

    def __init__(self, app: ASGIApp, body_s: float = BODY_S) -> None:
        self._app = app
        self._body_s = body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = MAX_DOCUMENT_BODY_BYTES if DOCUMENTS.fullmatch(scope["path"]) else MAX_BODY_BYTES
        detail = f"the body exceeds {most} bytes: send less"
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if not stated.isdigit():
            detail = "Content-Length is not a number of bytes"
            await problem_response(Problem("bad_request", detail))(scope, receive, send)
            return
        if len(stated) > MAX_DIGITS or int(stated) > most:
            await problem_response(Problem("body_too_large", detail))(scope, receive, send)
            return
        read, complete, due = 0, False, asyncio.get_running_loop().time() + self._body_s

        async def counted() -> Message:
            nonlocal read, complete
            if complete:
                return await receive()  # a disconnection, whenever it comes
            try:
                async with asyncio.timeout_at(due):
                    message = await receive()
            except TimeoutError as error:
                # of all that a reader of the body meets, FastAPI passes on only this kind unchanged
                late = f"the body was not whole after {self._body_s:.0f} s: send it at once"
                raise HTTPException(408, late, {"Connection": "close"}) from error
            complete = not message.get("more_body", False)
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, detail)
            return message

        await self._app(scope, counted, send)
