"""Draws the register from the log: each line is an entry that is proven there."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from broker.agencies.authority import Authority
from broker.agencies.models import AgencyAction, Caller
from broker.audit import store as audit
from broker.audit.models import Change, Operation
from broker.catalog.models import network_of
from broker.clock import Clock
from broker.errors import Problem
from broker.holds import orders
from broker.holds.models import Hold
from broker.ledger.engine import Ledger
from broker.register.models import Event, Line, Register, What, month_of
from broker.requests.models import Item, Request
from broker.requests.service import find_requests
from broker.settings import Settings

ACTIONS: Final[dict[str, tuple[Event, What]]] = {
    "make_clips": (Event.MADE, What.CLIP),
    "hold_held": (Event.MADE, What.HOLD),
    "hold_partial": (Event.MADE, What.HOLD),
    "fetch_clip": (Event.HANDED_OVER, What.CLIP),
    "fetch_bundle": (Event.HANDED_OVER, What.CLIP),
    "erase_evidence": (Event.DESTROYED, What.CLIP),
    "hold_released": (Event.DESTROYED, What.HOLD),
    "hold_expired": (Event.DESTROYED, What.HOLD),
}
AROUND: Final = timedelta(hours=2)
"""How far instants in the log may stand out of the order of their numbers: a clock that was put right."""
HOLDS: Final = "hold_"


class Registers:
    """The service of the register."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        authority: Authority,
        clock: Clock,
    ) -> None:
        self._names = {agency.id: agency.name for agency in settings.agency}
        self._networks = settings.network
        self._ledger = ledger
        self._authority = authority
        self._clock = clock

    async def read(self, caller: Caller, month: str) -> Register:
        """Of the caller's agency. Logged."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.READ_REGISTER, "read_register")
        register = await self.draw(caller.officer.agency, month)
        entry = self._authority.entry(caller, Operation.CONSULTATION, "read_register")
        entry = entry.model_copy(update={"query": {"month": month}})
        await self._ledger.write(lambda c: audit.append(c, entry, self._clock.now()))
        return register

    async def draw(self, agency: str, month: str) -> Register:
        """For the host. `invalid` where the month is none."""
        try:
            start, end = month_of(month)
        except ValueError as error:
            raise Problem("invalid", f"{month!r} is no month: write it as 2026-06") from error
        lines = await self._ledger.read(lambda c: self._lines(c, agency, start, end))
        return Register(
            agency=agency,
            agency_name=self._names.get(agency, agency),
            month=month,
            authorisations=tuple(
                (
                    network.id,
                    network.authorisation,
                    network.authorised_until and network.authorised_until.isoformat(),
                )
                for network in self._networks
                if network.agency == agency
            ),
            lines=tuple(lines),
        )

    def _lines(self, connection: Connection, agency: str, start: datetime, end: datetime) -> list[Line]:
        after = audit.sequence_before(connection, start - AROUND)
        until = audit.sequence_before(connection, end + AROUND)
        changes = [
            change
            for change in audit.changes(connection, after, until, agency)
            if change.action in ACTIONS and start <= change.at < end
        ]
        wanted = sorted({change.request_id for change in changes if change.request_id is not None})
        requests = {request.id: request for request in find_requests(connection, wanted)}
        named = sorted({name for change in changes for name in change.objects if name.startswith(HOLDS)})
        holds = {hold.id: hold for hold in orders.find_all(connection, named)}
        lines = [line for change in changes for line in self._lines_of(change, requests, holds)]
        return sorted(lines, key=lambda line: (line.at, line.entry, line.camera_id))

    def _lines_of(
        self, change: Change, requests: Mapping[str, Request], holds: Mapping[str, Hold]
    ) -> Iterator[Line]:
        """One for each of the agency's cameras that it is about."""
        event, what = ACTIONS[change.action]
        request = None if change.request_id is None else requests.get(change.request_id)
        if what is What.HOLD:
            for hold in (holds[name] for name in change.objects if name in holds):
                if hold.camera.agency == change.agency:
                    yield self._line(
                        change, event, hold.camera.id, hold.camera.name, str(hold.interval), request, hold
                    )
            return
        for item in () if request is None else request.items:
            if item.camera.agency == change.agency and _is_about(change, item):
                asked = str(item.approved or item.requested)
                files = tuple(clip.sha256 for clip in item.clips)
                yield self._line(change, event, item.camera.id, item.camera.name, asked, request, None, files)

    def _line(
        self,
        change: Change,
        event: Event,
        camera_id: str,
        camera_name: str,
        interval: str,
        request: Request | None,
        hold: Hold | None,
        sha256: tuple[str, ...] = (),
    ) -> Line:
        network = network_of(camera_id)
        basis = None if request is None else request.legal_basis
        recipient = None
        if event is Event.HANDED_OVER and request is not None:
            recipient = f"{self._names.get(request.agency, request.agency)}, {request.requester.service}"
        return Line(
            at=change.at,
            event=event,
            what=What.CLIP if hold is None else What.HOLD,
            network=network,
            authorisation=next((each.authorisation for each in self._networks if each.id == network), None),
            camera_id=camera_id,
            camera_name=camera_name,
            interval=interval,
            request_id=change.request_id,
            hold_id=None if hold is None else hold.id,
            requisition=None if basis is None else f"{basis.kind}: {basis.reference}",
            recipient=recipient,
            sha256=sha256,
            entry=change.sequence,
        )


def _is_about(change: Change, item: Item) -> bool:
    """Whether it is about this item's clips: where it names digests, one of them."""
    digests = {clip.sha256 for clip in item.clips}
    if change.action == "fetch_bundle":
        return bool(digests)
    return not digests.isdisjoint(change.objects)
