"""What those who run networks read of them and decide about them, over HTTP."""

from collections.abc import Mapping

from broker.agencies.authority import Authority
from broker.agencies.models import AgencyAction, Caller
from broker.agencies.policy import may
from broker.audit.models import Operation
from broker.catalog.models import Confirmed, HeldAnswer, NetworkReport, Quarantined
from broker.catalog.store import CatalogStore
from broker.clock import Clock
from broker.errors import Problem


def answer_to_confirm(report: NetworkReport | None, network_id: str) -> HeldAnswer:
    """The answer that is held; `Problem` where none is."""
    if report is None or report.held is None:
        raise Problem("state_conflict", f"nothing that network {network_id} answered waits for confirmation")
    return report.held


class Networks:
    """`agencies` maps a network's id to its owner."""

    def __init__(
        self, authority: Authority, catalog: CatalogStore, clock: Clock, agencies: Mapping[str, str]
    ) -> None:
        self._authority = authority
        self._catalog = catalog
        self._clock = clock
        self._agencies = agencies

    async def quarantine(self, caller: Caller, network_id: str) -> list[Quarantined]:
        """Bad records of a network, for an administrator and the owner's custodians; for others there is no such
        network."""
        await self._authority.require_purpose(caller)
        either = (AgencyAction.ADMINISTER, AgencyAction.DECIDE)
        await self._authority.require_scope(caller, either, "list_quarantine")
        at, owner = self._clock.now(), self._agencies.get(network_id)
        is_shown = owner is not None and (
            may(caller.officer, AgencyAction.ADMINISTER, at)
            or may(caller.officer, AgencyAction.DECIDE, at, owner)
        )
        if owner is None or not is_shown:
            await self._authority.deny(caller, "list_quarantine", (network_id,))
            raise Problem("not_found", "there is no such network, or you may not know of it")
        records = await self._catalog.quarantine(network_id)
        await self._log(caller, Operation.CONSULTATION, "list_quarantine", network_id, {})
        return records

    async def confirm(self, caller: Caller, network_id: str, found: int) -> HeldAnswer:
        """An administrator takes the answer of `found` cameras that is held for true; the next answer is believed
        unless it lists under half of that. `Problem` where that is not what is held by now."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.ADMINISTER, "confirm_network")
        if network_id not in self._agencies:
            raise Problem("not_found", f"there is no network {network_id}")
        answer = answer_to_confirm(await self._catalog.report(network_id), network_id)
        if answer.found != found:
            raise Problem(
                "state_conflict",
                f"what network {network_id} answered last lists {answer.found} cameras, not {found}: look again",
            )
        counts = answer.model_dump(include={"found", "still_listed", "known"})
        await self._log(caller, Operation.COLLECTION, "confirm_network", network_id, counts)
        confirmed = Confirmed(found=answer.found, still_listed=answer.still_listed)
        await self._catalog.put_confirmed(network_id, confirmed)
        return answer

    async def _log(
        self, caller: Caller, operation: Operation, action: str, network_id: str, query: dict[str, int]
    ) -> None:
        entry = self._authority.entry(caller, operation, action).model_copy(
            update={"objects": (network_id,), "owners": (self._agencies[network_id],), "query": query}
        )
        await self._authority.decide_and_log(lambda _book: (None, entry))
