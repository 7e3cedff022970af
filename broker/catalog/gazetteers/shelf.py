"""The gazetteers as one process knows them: read from the ledger when their versions there have changed."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import structlog
from sqlalchemy import Connection

from broker.catalog.gazetteers import store
from broker.catalog.models import Place, network_of
from broker.catalog.placelist import PlaceList
from broker.ledger.engine import Ledger

NO_LISTS: Final[Mapping[str, PlaceList]] = MappingProxyType({})


@dataclass(frozen=True)
class KnownPlaces:
    """Every gazetteer's places at one moment, by the gazetteer's id; it never changes."""

    lists: Mapping[str, PlaceList] = field(default_factory=lambda: NO_LISTS)

    def get(self, place_id: str) -> Place | None:
        places = self.lists.get(network_of(place_id))
        return None if places is None else places.get(place_id)

    def named(self, name: str, at_most: int) -> list[Place]:
        """Places of exactly this name, of all gazetteers."""
        found = [place for places in self.lists.values() for place in places.named(name, at_most)]
        return found[:at_most]


class GazetteerShelf:
    """What the process has read, and when it has to read again.

    `networks` are the configured ones: a gazetteer that has the id of one is left out, whatever the ledger holds,
    so that no place of it is taken for the network's.
    """

    def __init__(self, ledger: Ledger, networks: Collection[str]) -> None:
        self._ledger = ledger
        self._networks = frozenset(networks)
        self._known = KnownPlaces()
        self._versions: dict[str, int] = {}
        self._one_at_a_time = asyncio.Lock()
        self._log = structlog.get_logger("catalog")

    @property
    def known(self) -> KnownPlaces:
        """As last read."""
        return self._known

    async def refresh(self) -> KnownPlaces:
        """As the ledger has them now. Only what changed is read; `Problem` where the ledger does not answer."""
        async with self._one_at_a_time:
            wanted = await self._ledger.read(store.versions)
            for clash in sorted(self._networks & set(wanted)):
                del wanted[clash]
                self._log.error("a gazetteer has the id of a network and is left out", gazetteer=clash)
            if wanted == self._versions:
                return self._known
            lists: dict[str, PlaceList] = {}
            found: dict[str, int] = {}
            for gazetteer, version in wanted.items():
                if self._versions.get(gazetteer) == version:
                    found[gazetteer], lists[gazetteer] = version, self._known.lists[gazetteer]
                elif (read := await self._read(gazetteer)) is not None:
                    found[gazetteer], lists[gazetteer] = read
            self._versions, self._known = found, KnownPlaces(MappingProxyType(lists))
            self._log.info("gazetteers were read", places={name: len(lists[name]) for name in lists})
            return self._known

    async def _read(self, gazetteer: str) -> tuple[int, PlaceList] | None:
        """Its places and their version, in one view of the ledger; None where it was removed meanwhile."""

        def work(connection: Connection) -> tuple[int, PlaceList] | None:
            version = store.version(connection, gazetteer)
            return None if version is None else (version, PlaceList(store.rows(connection, gazetteer)))

        return await self._ledger.read(work)
