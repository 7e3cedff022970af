"""Imports gazetteers, for the host: public lists of places beside those that networks list themselves.

An import takes the place of what was there as a whole or changes nothing, in one transaction with its log entry.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection

from adapters.contract.errors import AdapterError
from adapters.contract.models import PlaceRecord, Rejection
from adapters.contract.protocol import GazetteerReader
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.catalog.gazetteers import store
from broker.catalog.gazetteers.models import Gazetteer, ImportReport
from broker.catalog.models import camera_id
from broker.catalog.placelist import PlaceRow
from broker.clock import Clock
from broker.errors import Problem, SetupProblem
from broker.ledger.engine import Ledger
from broker.settings.values import Identifier

REASONS_KEPT: Final = 1000
LONGEST_ID: Final = 300
"""A search takes a place's id in its address."""

_IDENTIFIER: Final = TypeAdapter(Identifier)


class Gazetteers:
    """The service of this domain. `networks` are the configured ones: no gazetteer may have the id of one."""

    def __init__(
        self, ledger: Ledger, clock: Clock, networks: Collection[str], read: GazetteerReader
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._networks = frozenset(networks)
        self._read = read

    async def list_gazetteers(self) -> list[Gazetteer]:
        return await self._ledger.read(store.list_gazetteers)

    async def check_networks(self) -> None:
        """Passes where no network is called as a gazetteer: their places could not be told apart."""
        clashes = self._networks.intersection(await self._ledger.read(store.versions))
        if clashes:
            name = min(clashes)
            raise SetupProblem(
                f"network {name!r} has the id of an imported gazetteer: give the network another id, or remove "
                f"the gazetteer by `entrevue places remove {name}` and import it under another"
            )

    async def replace(self, gazetteer: str, options: Mapping[str, Any], base_dir: Path) -> ImportReport:
        """Reads the file that the options name, and makes its places the gazetteer's. What it rejects is reported;
        a file without any usable place changes nothing."""
        self._require_free(gazetteer)
        try:
            found, rejected = await asyncio.to_thread(self._read_file, gazetteer, dict(options), base_dir)
        except AdapterError as error:
            raise Problem("invalid", f"{error.message}: nothing was changed") from error
        source = Path(options["file"]).name
        report = ImportReport(
            gazetteer=gazetteer,
            found=len(found),
            rejected=len(rejected),
            reasons=tuple(f"{one.where}: {one.reason}" for one in rejected[:REASONS_KEPT]),
        )
        if not found:
            return report.model_copy(update={"error": f"{source} lists no usable place: nothing was changed"})
        parts = await asyncio.to_thread(store.parts_of, found.values())
        done: ImportReport | None = None
        while done is None:  # another import of it came in between, where it stays None
            before, counts = await self._ledger.read(lambda c: _compared(c, gazetteer, found))
            report = report.model_copy(update=counts)
            done = await self._ledger.write(self._writing(before, report, source, parts))
        return done

    def _writing(
        self, before: int | None, report: ImportReport, source: str, parts: Sequence[tuple[int, str]]
    ) -> Callable[[Connection], ImportReport | None]:
        entry = NewEntry(
            operation=Operation.COLLECTION,
            action="import_gazetteer",
            officer_id=audit.HOST,
            objects=(report.gazetteer,),
            query={"source": source}
            | report.model_dump(include={"found", "added", "changed", "removed", "rejected"}),
        )

        def work(connection: Connection) -> ImportReport | None:
            if store.version(connection, report.gazetteer) != before:
                return None
            at = self._clock.now()
            logged = audit.append(connection, entry, at)
            store.put(connection, report.gazetteer, logged.sequence, source, at)
            if report.added or report.changed or report.removed:
                store.put_parts(connection, report.gazetteer, parts)
            return report

        return work

    async def remove(self, gazetteer: str) -> int:
        """Forgets the gazetteer; how many places it had. Cameras lose them at their network's next round."""

        def work(connection: Connection) -> int:
            if store.version(connection, gazetteer) is None:
                known = ", ".join(store.versions(connection)) or "none"
                raise Problem("not_found", f"there is no gazetteer {gazetteer!r}; known: {known}")
            gone = store.remove(connection, gazetteer)
            entry = NewEntry(
                operation=Operation.ALTERATION,
                action="remove_gazetteer",
                officer_id=audit.HOST,
                objects=(gazetteer,),
                query={"removed": gone},
            )
            audit.append(connection, entry, self._clock.now())
            return gone

        return await self._ledger.write(work)

    def _require_free(self, gazetteer: str) -> None:
        try:
            _IDENTIFIER.validate_python(gazetteer)
        except ValidationError as error:
            raise Problem(
                "invalid",
                f"{gazetteer!r} is no id for a gazetteer: begin with a letter or digit in lower case, go on with "
                "those and . _ -, 64 at most",
            ) from error
        if gazetteer in self._networks:
            raise Problem(
                "invalid", f"{gazetteer!r} is the id of a configured network: give the gazetteer another"
            )

    def _read_file(
        self, gazetteer: str, options: dict[str, Any], base_dir: Path
    ) -> tuple[dict[str, PlaceRow], list[Rejection]]:
        found: dict[str, PlaceRow] = {}
        rejected: list[Rejection] = []
        for entry in self._read(options, base_dir):
            if isinstance(entry, Rejection):
                rejected.append(entry)
                continue
            row = _row(gazetteer, entry)
            if len(row.id) > LONGEST_ID:
                where = f"place {entry.native_id:.40}…"
                rejected.append(
                    Rejection(where=where, reason=f"its id is longer than {LONGEST_ID} characters")
                )
            else:
                found[row.id] = row
        return found, rejected


def _row(gazetteer: str, place: PlaceRecord) -> PlaceRow:
    position = place.position
    return PlaceRow(
        id=camera_id(gazetteer, place.native_id),
        name=place.name,
        lat=position.lat,
        lon=position.lon,
        elevation_m=position.elevation_m,
        accuracy_m=position.accuracy_m,
    )


def _compared(
    connection: Connection, gazetteer: str, found: Mapping[str, PlaceRow]
) -> tuple[int | None, dict[str, int]]:
    """The version that the ledger holds, and how many places are otherwise in what was found."""
    known = changed = removed = 0
    for row in store.rows(connection, gazetteer):
        known += 1
        now = found.get(row.id)
        removed += now is None
        changed += now is not None and now != row
    counts = {"added": len(found) - (known - removed), "changed": changed, "removed": removed}
    return store.version(connection, gazetteer), counts
