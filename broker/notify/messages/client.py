"""Webhooks as Standard Webhooks has them (https://www.standardwebhooks.com): signed, with the message's id."""

from datetime import datetime, timedelta
from typing import Final

import httpx
from standardwebhooks import Webhook

from broker.errors import SetupProblem
from broker.notify.messages.models import EVENT_TYPE, Message
from broker.notify.messages.sending import Unsent
from broker.settings.sections import WebhookSettings

CALL_S: Final = 15.0
CONNECT_S: Final = 5.0
GONE: Final = 410


class WebhookSender:
    """One agency's address. An address that answers 410 wants nothing any more; redirects are not followed."""

    def __init__(self, settings: WebhookSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport

    async def send(self, message: Message, at: datetime) -> None:
        headers = {
            "Content-Type": EVENT_TYPE,
            "User-Agent": "Entrevue",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(self._signatures(message, at)),
        }
        try:
            async with (
                httpx.AsyncClient(
                    follow_redirects=False,
                    trust_env=False,
                    timeout=httpx.Timeout(CALL_S, connect=CONNECT_S),
                    transport=self._transport,
                ) as client,
                client.stream(
                    "POST", self._settings.url, content=message.body.encode(), headers=headers
                ) as answer,
            ):
                status, after = answer.status_code, answer.headers.get("retry-after", "")
        except httpx.HTTPError as error:
            raise Unsent(f"no answer: {type(error).__name__}") from error
        if not 200 <= status < 300:
            told = (
                timedelta(seconds=int(after))
                if after.isascii() and after.isdigit() and len(after) < 8
                else None
            )
            raise Unsent(f"answered {status}", is_final=status == GONE, after=told)

    def _signatures(self, message: Message, at: datetime) -> list[str]:
        """By the secret and the one before it, which the receiver may still have."""
        secrets = [self._settings.secret, self._settings.previous_secret]
        try:
            return [
                Webhook(secret.read()).sign(message.id, at, message.body)
                for secret in secrets
                if secret is not None
            ]
        except (SetupProblem, ValueError, RuntimeError) as problem:
            raise Unsent(f"webhook {self._settings.id!r}: its secret cannot be used") from problem
