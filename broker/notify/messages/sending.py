"""Sends messages until they arrive, or nobody took them for three days: a job of the worker."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import structlog
from sqlalchemy import Connection

from broker.agencies.models import Role
from broker.agencies.notices.service import Addressee, Notices
from broker.clock import Clock
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease, let_go
from broker.notify.messages import store
from broker.notify.messages.models import Message, MessageState

RETRIES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""How long after each try the next one follows, as Standard Webhooks advises."""
LONGEST_TOLD: Final = timedelta(days=1)
UNDELIVERED: Final = "message_undelivered"


class Unsent(Exception):
    """It did not arrive. `is_final`: it never will. `after` is when the other side wants to be asked again."""

    def __init__(self, reason: str, *, is_final: bool = False, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.is_final = is_final
        self.after = after


class Sender(Protocol):
    """One way to reach a subscriber."""

    async def send(self, message: Message, at: datetime) -> None:
        """`Unsent` where it did not arrive."""
        ...


class SendMessages:
    """One message a lane; what of one subscriber waits keeps none of another's waiting."""

    name = "send messages"
    lanes = 4

    def __init__(
        self,
        ledger: Ledger,
        senders: Mapping[str, Sender],
        notices: Notices,
        clock: Clock,
        jitter: random.Random,
    ) -> None:
        self._ledger = ledger
        self._senders = senders
        self._notices = notices
        self._clock = clock
        self._jitter = jitter
        self._log = structlog.get_logger("messages")

    async def claim(self, lease: Lease) -> Message | None:
        at = self._clock.now()
        if not await self._ledger.read(lambda c: store.is_due(c, at)):
            return None
        return await self._ledger.write(lambda c: store.claim(c, lease, at))

    async def renew(self, claimed: Message, lease: Lease) -> bool:
        return await self._ledger.write(lambda c: store.renew(c, claimed.id, lease))

    async def carry_out(self, claimed: Message, owner: str) -> None:
        sender = self._senders.get(claimed.subscriber)
        try:
            if sender is None:
                raise Unsent("this subscriber is no longer configured", is_final=True)
            await sender.send(claimed, self._clock.now())
        except Unsent as unsent:
            await self._not_sent(claimed, owner, unsent)
            return
        await self._settle(claimed, owner, {**self._ended(MessageState.DELIVERED), "error": None})

    async def fail(self, claimed: Message, owner: str) -> None:
        await self._not_sent(claimed, owner, Unsent("failed inside"))

    async def clear_up(self, claimed: Message) -> None:
        """Whoever has it now sends it again; its id is the same."""

    async def _not_sent(self, message: Message, owner: str, unsent: Unsent) -> None:
        reason, at = str(unsent), self._clock.now()
        if unsent.is_final or message.attempts > len(RETRIES):
            self._log.warning(
                "message is dead", message=message.id, subscriber=message.subscriber, reason=reason
            )
            values = {**self._ended(MessageState.DEAD), "error": reason}
            await self._settle(message, owner, values, tells=True)
            return
        wait = RETRIES[message.attempts - 1] * self._jitter.uniform(0.8, 1.2)
        due_at = at + max(wait, min(unsent.after or timedelta(), LONGEST_TOLD))
        await self._settle(message, owner, {**let_go(due_at), "error": reason})

    def _ended(self, state: MessageState) -> dict[str, Any]:
        at = self._clock.now()
        return {"state": state.value, "ended_at": at, **let_go(at)}

    async def _settle(
        self, message: Message, owner: str, values: dict[str, Any], *, tells: bool = False
    ) -> None:
        def work(connection: Connection) -> None:
            store.settle(connection, message.id, owner, values)
            if tells:
                administrators = [Addressee(message.agency, Role.ADMINISTRATOR)]
                at = self._clock.now()
                self._notices.tell_once(connection, administrators, UNDELIVERED, message.subscriber, at)

        await self._ledger.write(work)
