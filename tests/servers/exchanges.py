"""Remembers what a simulated server was asked and what it answered."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Exchange:
    method: str
    path: str
    query: list[tuple[str, str]]
    body: bytes = b""
    status: int = 0
    media_type: str = ""
    answer: bytes = b""


@dataclass
class Overheard:
    """The application with a witness."""

    app: ASGIApp
    exchanges: list[Exchange] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
        exchange = Exchange(scope["method"], scope["raw_path"].decode(), query)
        self.exchanges.append(exchange)

        async def receiving() -> Message:
            message = await receive()
            exchange.body += message.get("body", b"")
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                headers = {name.lower(): value for name, value in message["headers"]}
                exchange.media_type = headers.get(b"content-type", b"").decode().partition(";")[0]
            else:
                exchange.answer += message.get("body", b"")
            await send(message)

        await self.app(scope, receiving, sending)
