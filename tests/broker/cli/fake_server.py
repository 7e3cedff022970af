"""A server that answers what a test tells it: broken, foreign or damaged answers included."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """`breaks_after` cuts the connection after so many bytes of the body, though all were announced."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    breaks_after: int | None = None


@dataclass
class FakeServer:
    """Gives the replies in turn, the last one for ever; remembers what was asked."""

    url: str
    replies: list[Reply]
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def fake_server(*replies: Reply) -> Iterator[FakeServer]:
    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            size = int(self.headers.get("content-length", "0"))
            self.rfile.read(size)
            headers = {name.lower(): value.encode("latin-1").decode() for name, value in self.headers.items()}
            made.asked.append((self.command, self.path, headers))
            reply = made.replies[min(len(made.asked), len(made.replies)) - 1]
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(reply.body if reply.breaks_after is None else reply.body[: reply.breaks_after])
            self.close_connection = True

        do_GET = do_POST = do_DELETE = _reply  # noqa: N815 - names that the base class looks for

        def log_message(self, *arguments: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = FakeServer(f"http://127.0.0.1:{server.server_address[1]}", list(replies))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
