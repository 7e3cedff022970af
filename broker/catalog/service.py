"""Answers searches: which cameras are near, see the point, work, hold footage, and may be used, and why.

One question over the index in memory, one log entry, then the answer. Rights are those of the policy version that
the entry is committed under: where it moved on, the answer is made anew.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from broker.agencies.authority import Authority
from broker.agencies.columns import CameraColumns
from broker.agencies.models import Action, AgencyAction, Caller, PolicyBook, RecalledCaller
from broker.agencies.policy import located_networks
from broker.audit.models import NewEntry, Operation, Verdict
from broker.catalog.disclosure import BITS, LOCATE_BIT
from broker.catalog.gazetteers.shelf import GazetteerShelf
from broker.catalog.index.changed import ChangedCameras
from broker.catalog.index.following import CatalogFollower
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.index.searching import answer_of, show
from broker.catalog.models import Camera, NetworkReport, Place, network_of
from broker.catalog.placelist import PlaceList, place_key
from broker.catalog.questions import Along, Answer, Question, Radius, Shown, Within
from broker.catalog.store import CatalogStore
from broker.clock import Clock
from broker.errors import Problem
from broker.pages import Cut, Page

PATIENCE_S: Final = 2.0
"""So long a call waits for a catalog that is being read."""


class Catalog:
    """The service of this domain. `networks` are the configured ones, by id their agency."""

    def __init__(
        self,
        index: CatalogIndex,
        follower: CatalogFollower,
        store: CatalogStore,
        authority: Authority,
        clock: Clock,
        networks: Mapping[str, str],
        gazetteers: GazetteerShelf,
    ) -> None:
        self._index = index
        self._follower = follower
        self._store = store
        self._authority = authority
        self._clock = clock
        self._networks = dict(networks)
        self._whose = {f"{network}:": (agency,) for network, agency in networks.items()}
        self._gazetteers = gazetteers

    async def search(self, caller: Caller | RecalledCaller, question: Question) -> Answer:
        """The cameras that fit, in order, one page of them."""
        await self._require_loaded()

        def decide(book: PolicyBook, caller: Caller) -> tuple[Answer, NewEntry]:
            rights = self._index.rights(caller.officer, caller.purpose, book, self._clock.now())
            answer = answer_of(self._index, question, rights, self._follower.stale_since)
            entry = self._authority.entry(caller, Operation.CONSULTATION, "search")
            return answer, entry.model_copy(
                update={
                    "objects": answer.camera_ids,
                    "owners": answer.owners,
                    "query": _described(question),
                    "basis": answer.basis,
                    "whose": self._whose | book.parties(answer.basis),
                }
            )

        return await self._authority.answer(caller, AgencyAction.SEARCH, "search", decide)

    async def show(
        self, caller: Caller, identifier: str, any_of: Collection[Action], logged_as: str
    ) -> Shown:
        """One camera, when the caller may do one of these with it. `not_found` for a hidden one."""
        await self._authority.require_purpose(caller)
        await self._authority.require_scope(caller, any_of, logged_as)
        await self._require_loaded()

        def decide(book: PolicyBook) -> tuple[Shown | Problem, NewEntry]:
            at = self._clock.now()
            slot = self._index.table.slot_of(identifier)
            rights = self._index.rights(caller.officer, caller.purpose, book, at)
            bits = 0 if slot is None else int(rights.bits.values[slot])
            entry = self._authority.entry(caller, Operation.CONSULTATION, logged_as)
            owners = () if slot is None else (self._index.table.owner_of(slot),)
            denied = entry.model_copy(
                update={
                    "decision": Verdict.DENIED,
                    "objects": (identifier,),
                    "owners": owners,
                    "whose": self._whose,
                }
            )
            if slot is None or not bits & LOCATE_BIT:
                return Problem("not_found", f"there is no camera {identifier}"), denied
            if not any(bits & BITS[action] for action in any_of):
                wanted = " or ".join(sorted(action.value for action in any_of))
                return Problem(
                    "action_denied", f"no role and agreement of yours allows {wanted} on {identifier}"
                ), denied
            shown = show(self._index, slot, rights, at)
            return shown, entry.model_copy(
                update={
                    "objects": (identifier,),
                    "owners": owners,
                    "basis": shown.basis,
                    "whose": self._whose | book.parties(shown.basis),
                }
            )

        outcome = await self._authority.decide_and_log(decide)
        if isinstance(outcome, Problem):
            raise outcome
        return outcome

    async def find_places(self, caller: Caller, text: str | None, page: Page) -> Cut[Place]:
        """Places whose name holds every word, accents and case folded: those of gazetteers, which are public, and
        those that the networks list in which the caller may locate cameras."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.SEARCH, "find_places")
        await self._require_loaded()

        async def holding(places: PlaceList) -> list[Place]:
            return await places.holding(text or "", page.after, page.limit + 1)

        public = [p for places in self._gazetteers.known.lists.values() for p in await holding(places)]
        own = [p for name, places in list(self._index.places.items()) for p in await holding(places)]

        def decide(book: PolicyBook) -> tuple[Cut[Place], NewEntry]:
            networks = self._located_networks(caller, book)
            cut = page.cut([*public, *(p for p in own if network_of(p.id) in networks)], place_key)
            entry = self._authority.entry(caller, Operation.CONSULTATION, "find_places")
            facts = {
                "objects": tuple(place.id for place in cut.rows),
                "owners": self._owners(place.id for place in cut.rows),
                "query": {"text": text or ""},
                "whose": self._whose,
            }
            return cut, entry.model_copy(update=facts)

        return await self._authority.decide_and_log(decide)

    async def place(self, caller: Caller, identifier: str) -> Place:
        """One place; `not_found` for an unknown one, and for one of a network that the caller may not see."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.SEARCH, "find_places")
        await self._require_loaded()

        def decide(book: PolicyBook) -> tuple[Place | Problem, NewEntry]:
            public = self._gazetteers.known.get(identifier)
            own = self._index.place(identifier)
            located = self._located_networks(caller, book)
            entry = self._authority.entry(caller, Operation.CONSULTATION, "show_place").model_copy(
                update={
                    "objects": (identifier,),
                    "owners": () if own is None else self._owners([identifier]),
                    "whose": self._whose,
                }
            )
            place = own if network_of(identifier) in located else public
            if place is not None:
                return place, entry
            denied = entry.model_copy(update={"decision": Verdict.DENIED})
            return Problem(
                "not_found", f"there is no place {identifier}: look it up with /v1/places?q=…"
            ), denied

        outcome = await self._authority.decide_and_log(decide)
        if isinstance(outcome, Problem):
            raise outcome
        return outcome

    def _owners(self, place_ids: Iterable[str]) -> tuple[str, ...]:
        """The agencies of the networks among those that list these places; a gazetteer is nobody's."""
        networks = {network_of(name) for name in place_ids} & self._networks.keys()
        return tuple(sorted({self._networks[name] for name in networks}))

    def _located_networks(self, caller: Caller, book: PolicyBook) -> frozenset[str]:
        at = self._clock.now()
        return located_networks(
            caller.officer, caller.purpose, self._networks, book.agreements, at, book.emergencies
        )

    async def located(self, caller: Caller, camera_ids: Sequence[str]) -> list[str]:
        """Those of these that the caller may locate now, by the roles and agreements in force; not logged."""
        book = await self._authority.book()
        rights = self._index.rights(caller.officer, caller.purpose, book, self._clock.now())
        slots = ((camera_id, self._index.table.slot_of(camera_id)) for camera_id in camera_ids)
        return [
            name for name, slot in slots if slot is not None and int(rights.bits.values[slot]) & LOCATE_BIT
        ]

    @property
    def changed(self) -> ChangedCameras:
        """Which cameras changed of late."""
        return self._follower.changed

    async def _require_loaded(self) -> None:
        if not await self._follower.wait_until_loaded(PATIENCE_S):
            raise Problem(
                "catalog_unavailable", "the catalog is still being read: try again", retry_after_s=2
            )

    async def cameras(self, ids: Sequence[str]) -> list[Camera]:
        """Those of these that there are, hidden ones too: for a domain that asks the policy in the transaction in
        which it acts on the answer.

        While the catalog is being filled again, what it lacks is not said to be unknown.
        """
        found = await self._store.cameras(ids)
        if len(found) < len(set(ids)) and not await self._follower.catalog_is_whole():
            raise Problem(
                "catalog_unavailable", "the catalog is being filled: try again in a moment", retry_after_s=2
            )
        return found

    async def stored(self, ids: Sequence[str]) -> list[Camera]:
        """The same for the host, whose process follows no catalog: those that the catalog has at this moment."""
        return await self._store.cameras(ids)

    async def columns_of(self, owner: str) -> tuple[list[str], CameraColumns]:
        """Ids of an agency's cameras, and the facts that rights on them depend on: a copy, good for another thread."""
        await self._require_loaded()
        table = self._index.table
        slots = table.all_slots()
        slots = slots[table.policy_columns(slots).owner.where(owner.__eq__)]
        return [table.ids[slot] or "" for slot in slots.tolist()], table.policy_columns(slots)

    @property
    def reports(self) -> Mapping[str, NetworkReport]:
        """By network, what its last synchronisation found."""
        return self._index.reports

    @property
    def health(self) -> CatalogFollower:
        """How far this process knows the catalog."""
        return self._follower


def _described(question: Question) -> dict[str, object]:
    """The question as the log keeps it."""
    area = question.area
    described: dict[str, object] = {}
    if isinstance(area, Radius):
        described |= {"lat": area.lat_deg, "lon": area.lon_deg, "radius_m": area.radius_m}
    elif isinstance(area, Within):
        described["within"] = [round(value, 6) for value in area.shape.bounds]
    elif isinstance(area, Along):
        described |= {"along": [list(point) for point in area.points_deg], "buffer_m": area.buffer_m}
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
