"""One connection of a caller: whoever sends its head forever, never reads an answer, or holds too many is cut off.

Uvicorn bounds how long an idle connection is kept between calls; what it leaves open is bounded here: a head that drips
or never ends, an answer that is not read, how many connections there are. Bodies are bounded in `broker.http.limits`.
"""

import asyncio
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from broker.errors import Problem
from broker.http.guarding import HEADERS
from broker.http.problem_details import problem_response

MAX_HEAD_BYTES: Final = 64 * 1024
HEAD_S: Final = 10.0
"""From a connection's begin, or a call's first byte, until its head is whole."""
STALLED_S: Final = 60.0
"""How long an answer may wait for a caller who reads nothing of it."""
MAX_CONNECTIONS: Final = 4096


class GuardedProtocol(HttpToolsProtocol):
    """Uvicorn's own protocol with these bounds. What is refused before it is a call is answered as every error is."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._in_head = True
        self._head_bytes = 0
        self._head_due: asyncio.TimerHandle | None = None
        self._reading_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            detail = f"{MAX_CONNECTIONS} connections are open already: try again"
            self._refuse(Problem("too_many_connections", detail, retry_after_s=1))
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for due in (self._head_due, self._reading_due):
            if due is not None:
                due.cancel()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._in_head and self._head_due is None:
            self._await_head()
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                detail = f"address and headers exceed {MAX_HEAD_BYTES} bytes: send less"
                self._refuse(Problem("head_too_large", detail))

    def on_headers_complete(self) -> None:
        self._in_head, self._head_bytes = False, 0
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head = True

    def send_400_response(self, msg: str) -> None:
        self._refuse(Problem("bad_request", "this is no call of HTTP/1.1 that can be read"))

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading_due = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reading_due is not None:
            self._reading_due.cancel()
            self._reading_due = None

    def _await_head(self) -> None:
        self._head_due = self.loop.call_later(HEAD_S, self._give_up)

    def _give_up(self) -> None:
        """Nobody is told who sent nothing, as a kept connection is closed: it may just have been unused."""
        if self._head_bytes:
            self._refuse(
                Problem("call_too_slow", f"the call's head took over {HEAD_S:.0f} s: send it at once")
            )
        else:
            self.transport.close()

    def _refuse(self, problem: Problem) -> None:
        if self.transport.is_closing():
            return
        response = problem_response(problem)
        head = [f"HTTP/1.1 {problem.kind.status} {problem.kind.title}".encode()]
        head += [
            name + b": " + value
            for name, value in (*response.raw_headers, *HEADERS, (b"connection", b"close"))
        ]
        self.transport.write(b"\r\n".join([*head, b"", bytes(response.body)]))
        self.transport.close()
