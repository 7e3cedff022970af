"""What one look at a network gathers, in bounded memory: what differs from the catalog waits in a temporary file."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice
from types import TracebackType
from typing import IO, Final, Self

import msgspec

from adapters.contract.errors import AdapterError
from adapters.contract.models import CameraRecord, Position, Rejection
from broker.catalog.encoding import GONE, WrittenCamera
from broker.catalog.gazetteers.shelf import KnownPlaces
from broker.catalog.models import Confirmed, Place, camera_id, network_of
from broker.catalog.names import folded_name
from broker.ingest.area import Area, why_outside
from broker.ingest.evidence import Told
from broker.ingest.quarantine import Rejections
from broker.ingest.shrinking import is_believed

NAMESAKES_TOLD: Final = 4
SPOOLED_BYTES: Final = 4 * 1024 * 1024
"""So much of what a round will write is kept in memory; the rest waits in a file that has no name."""


class Spool:
    """Cameras that a round will write, in the order in which they were found."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(SPOOLED_BYTES)  # noqa: SIM115 - closed by `close`
        self._encode = msgspec.msgpack.Encoder().encode
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, camera: WrittenCamera) -> None:
        record = self._encode(camera)
        self._file.write(len(record).to_bytes(4, "little") + record)
        self._count += 1

    def parts(self, size: int) -> Iterator[list[WrittenCamera]]:
        """All of them, at most `size` at a time."""
        self._file.seek(0)
        records = self._records()
        while part := list(islice(records, size)):
            yield part

    def _records(self) -> Iterator[WrittenCamera]:
        decode = msgspec.msgpack.Decoder(tuple[str, str, bytes]).decode
        while head := self._file.read(4):
            yield WrittenCamera(*decode(self._file.read(int.from_bytes(head, "little"))))

    def close(self) -> None:
        self._file.close()


@dataclass
class Round:
    """What one look gathers. `digests` is what the catalog holds of the network, `gazetteers` the public places."""

    at: datetime
    digests: Mapping[str, str]
    gazetteers: KnownPlaces = field(default_factory=KnownPlaces)
    area: Area | None = None
    told: Mapping[str | None, Told] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    confirmed: Confirmed | None = None
    still_listed: int = 0
    differing: Spool = field(default_factory=Spool)
    rejected: Rejections = field(default_factory=Rejections)
    out_of_reach: list[AdapterError] = field(default_factory=list)
    _place_by_name: dict[str, Place] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.differing.close()

    @property
    def found(self) -> int:
        """How many cameras were listed and can be used."""
        return len(self.listed)

    @cached_property
    def known(self) -> int:
        """How many cameras were listed when the network was last believed."""
        return sum(not digest.startswith(GONE) for digest in self.digests.values())

    @property
    def is_believed(self) -> bool:
        """Whether so many of them are still listed that nothing looks wrong."""
        return is_believed(self.found, self.still_listed, self.known, self.confirmed)

    def told_of(self, native_id: str) -> Told | None:
        """The last that the recorder told of a camera by itself."""
        of_all, own = self.told.get(None), self.told.get(native_id)
        if of_all is None or (own is not None and own.at > of_all.at):
            return own
        return of_all

    def reject(self, where: str, reason: str) -> None:
        self.rejected.add(Rejection(where=where, reason=reason))

    def admit(self, identifier: str, position: Position | None) -> bool:
        """Whether a listed camera is used: the first of its id, and not outside the network's area."""
        if identifier in self.listed:
            self.reject(identifier, "listed twice: the first counts")
            return False
        if self.area is not None and position is not None:
            why = why_outside(self.area, position)
            if why is not None:
                self.reject(identifier, why)
                return False
        self.listed.add(identifier)
        earlier = self.digests.get(identifier)
        if earlier is not None and not earlier.startswith(GONE):
            self.still_listed += 1
        return True

    def take(self, camera: WrittenCamera) -> None:
        """A camera as it is now."""
        if self.digests.get(camera.id) != camera.digest:
            self.differing.add(camera)

    def add_place(self, place: Place) -> None:
        if place.id in self.places:
            self.reject(place.id, "place listed twice: the first counts")
            return
        self.places[place.id] = place
        if name := folded_name(place.name):
            self._place_by_name.setdefault(name, place)

    def place_of(self, identifier: str, record: CameraRecord) -> Place | None:
        """The network's own place with the native id that the camera names, else its first one with the name; else
        the place of a gazetteer with the id, else the only one with the name.

        A camera that nothing else locates is told of where it names several, or an id that there is not.
        """
        named = record.place
        if named is None:
            return None
        own = self.places.get(camera_id(network_of(identifier), named))
        place = own or self._place_by_name.get(folded_name(named)) or self.gazetteers.get(named)
        if place is not None:
            return place
        namesakes = self.gazetteers.named(named, NAMESAKES_TOLD)
        if len(namesakes) == 1:
            return namesakes[0]
        if record.position is None and namesakes:
            ids = ", ".join(namesake.id for namesake in namesakes)
            self.reject(identifier, f"its place {named!r} names several places: give its id ({ids})")
        elif record.position is None and network_of(named) in self.gazetteers.lists:
            self.reject(identifier, f"its place {named!r} is not in the gazetteer {network_of(named)}")
        return None
