"""What was sent to an agency's systems and what was not, for its administrators."""

from broker.agencies.authority import Authority
from broker.agencies.models import AgencyAction, Caller
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.catalog.bell import WorkerBell
from broker.clock import Clock
from broker.errors import Problem
from broker.ledger.engine import Ledger
from broker.notify.messages import store
from broker.notify.messages.models import Message, MessageState
from broker.pages import Cut, Page


class Messages:
    """The service of messages."""

    def __init__(self, ledger: Ledger, authority: Authority, bell: WorkerBell, clock: Clock) -> None:
        self._ledger = ledger
        self._authority = authority
        self._bell = bell
        self._clock = clock

    async def list_messages(self, caller: Caller, state: MessageState | None, page: Page) -> Cut[Message]:
        """Of the caller's agency, newest first. Logged."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.ADMINISTER, "list_messages")
        cut = await self._ledger.read(lambda c: store.list_of(c, caller.officer.agency, state, page))
        entry = self._authority.entry(caller, Operation.CONSULTATION, "list_messages")
        told = entry.model_copy(update={"objects": tuple(message.id for message in cut.rows)})
        await self._ledger.write(lambda c: audit.append(c, told, self._clock.now()))
        return cut

    async def retry(self, caller: Caller, message_id: str) -> Message:
        """Sends a dead message again. `state_conflict` where it is not dead."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.ADMINISTER, "retry_message")
        found = await self._ledger.read(lambda c: store.find(c, message_id))
        if found is None or found.agency != caller.officer.agency:
            await self._authority.deny(caller, "retry_message", (message_id,))
            raise Problem("not_found", f"there is no message {message_id}")
        entry = self._authority.entry(caller, Operation.ALTERATION, "retry_message")
        entry = entry.model_copy(update={"objects": (message_id,)})
        at = self._clock.now()
        if not await self._ledger.write(
            lambda c: store.retry(c, message_id, at) and bool(audit.append(c, entry, at))
        ):
            raise Problem("state_conflict", f"message {message_id} is not dead: nothing is sent again")
        await self._bell.ring()
        again = await self._ledger.read(lambda c: store.find(c, message_id))
        return found if again is None else again
