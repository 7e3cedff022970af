"""Answers searches: which cameras are near, see the point, work, hold footage, and may be used, and why.

One question, one policy decision over columns, one log entry, then the answer.
"""

from collections.abc import Collection, Mapping, Sequence

from broker.agencies.authority import Authority
from broker.agencies.models import Action, AgencyAction, Caller, PolicyBook
from broker.agencies.policy import action_masks, located_networks
from broker.audit.models import NewEntry, Operation, Verdict
from broker.catalog.columns import policy_columns
from broker.catalog.matching import answer_of, hit_of
from broker.catalog.models import Answer, Camera, Hit, NetworkReport, Place, Question, Radius, network_of
from broker.catalog.names import folded, holds_words
from broker.catalog.store import CatalogStore
from broker.clock import Clock
from broker.errors import Problem


class Catalog:
    """The service of this domain. `networks` are the configured ones."""

    def __init__(
        self, store: CatalogStore, authority: Authority, clock: Clock, networks: Mapping[str, str]
    ) -> None:
        self._store = store
        self._authority = authority
        self._clock = clock
        self._networks = dict(networks)

    async def search(self, caller: Caller, question: Question) -> Answer:
        """The cameras that fit, in order, one page of them."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.SEARCH, "search")
        candidates = await self._store.candidates(question.area, self._networks)
        reports = await self._store.reports()

        def decide(book: PolicyBook) -> tuple[Answer, NewEntry]:
            columns = policy_columns(candidates)
            masks = action_masks(caller.officer, caller.purpose, columns, book.agreements, self._clock.now())
            answer = answer_of(question, candidates, columns, masks, reports)
            entry = self._authority.entry(caller, Operation.CONSULTATION, "search")
            return answer, entry.model_copy(
                update={
                    "objects": tuple(hit.camera.id for hit in answer.hits),
                    "owners": tuple(sorted({hit.camera.agency for hit in answer.hits})),
                    "query": _described(question),
                    "basis": tuple(sorted({name for hit in answer.hits for name in hit.basis})),
                }
            )

        return await self._authority.decide_and_log(decide)

    async def show(self, caller: Caller, identifier: str, any_of: Collection[Action], logged_as: str) -> Hit:
        """One camera, when the caller may do one of these with it. `not_found` for a hidden one."""
        await self._authority.require_purpose(caller)
        cameras = await self._store.cameras([identifier])
        reports = await self._store.reports()

        def decide(book: PolicyBook) -> tuple[Hit | Problem, NewEntry]:
            entry = self._authority.entry(caller, Operation.CONSULTATION, logged_as)
            owners = tuple(camera.agency for camera in cameras)
            denied = entry.model_copy(
                update={"decision": Verdict.DENIED, "objects": (identifier,), "owners": owners}
            )
            at = self._clock.now()
            masks = action_masks(caller.officer, caller.purpose, policy_columns(cameras), book.agreements, at)
            if not cameras or not masks.allows(Action.LOCATE, 0):
                return Problem("not_found", f"there is no camera {identifier}"), denied
            camera = cameras[0]
            if not any(masks.allows(action, 0) for action in any_of):
                wanted = " or ".join(sorted(action.value for action in any_of))
                return Problem(
                    "action_denied", f"no role and agreement of yours allows {wanted} on {identifier}"
                ), denied
            hit = hit_of(camera, reports.get(camera.network), masks, 0, at)
            shown = {"objects": (identifier,), "owners": (camera.agency,), "basis": hit.basis}
            return hit, entry.model_copy(update=shown)

        outcome = await self._authority.decide_and_log(decide)
        if isinstance(outcome, Problem):
            raise outcome
        return outcome

    async def find_places(self, caller: Caller, text: str | None) -> list[Place]:
        """Places whose name holds every word, accents and case folded."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.SEARCH, "find_places")
        places = await self._store.places(self._networks)
        fitting = [place for place in places if holds_words(place.name, text or "")]
        fitting.sort(key=lambda place: (folded(place.name), place.id))

        def decide(book: PolicyBook) -> tuple[list[Place], NewEntry]:
            networks = self._located_networks(caller, book)
            found = [place for place in fitting if network_of(place.id) in networks]
            entry = self._authority.entry(caller, Operation.CONSULTATION, "find_places")
            shown = {"objects": tuple(place.id for place in found), "query": {"text": text or ""}}
            return found, entry.model_copy(update=shown)

        return await self._authority.decide_and_log(decide)

    async def place(self, caller: Caller, identifier: str) -> Place:
        """One place; `not_found` for an unknown one, and for one of a network that the caller may not see."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.SEARCH, "find_places")
        place = await self._store.place(identifier)
        networks = self._located_networks(caller, await self._authority.fresh_book())
        if place is None or network_of(identifier) not in networks:
            raise Problem("not_found", f"there is no place {identifier}: look it up with /v1/places?q=…")
        return place

    def _located_networks(self, caller: Caller, book: PolicyBook) -> frozenset[str]:
        at = self._clock.now()
        return located_networks(caller.officer, caller.purpose, self._networks, book.agreements, at)

    async def cameras(self, ids: Sequence[str]) -> list[Camera]:
        """Those of these that there are, hidden ones too: for a domain that asks the policy in the transaction in
        which it acts on the answer."""
        return await self._store.cameras(ids)

    async def reports(self) -> dict[str, NetworkReport]:
        return await self._store.reports()

    async def check(self) -> None:
        """Passes when the catalog answers."""
        await self._store.ping()


def _described(question: Question) -> dict[str, object]:
    """The question as the log keeps it."""
    area = question.area
    described: dict[str, object] = {}
    if isinstance(area, Radius):
        described |= {"lat": area.lat_deg, "lon": area.lon_deg, "radius_m": area.radius_m}
    elif area is not None:
        described["bbox"] = [area.west_deg, area.south_deg, area.east_deg, area.north_deg]
    if question.interval is not None:
        described["interval"] = str(question.interval)
    for name in ("agency", "network", "kind", "status", "text", "level"):
        if (value := getattr(question, name)) is not None:
            described[name] = str(value)
    if question.sees:
        described["sees"] = True
    return described | {"sort": question.sort.value, "limit": question.limit}
