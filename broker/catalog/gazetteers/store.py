"""Gazetteers in the ledger: a row for each, and one for some thousand of its places.

Places are written together, as JSON, and not a row each: two hundred thousand rows keep every other writer waiting for
seconds, and with it every answer, as none leaves before its log entry is durable.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from broker.catalog.gazetteers.models import Gazetteer
from broker.catalog.placelist import PlaceRow
from broker.ledger import tables

PLACES_TOGETHER: Final = 2_000

_Plain = tuple[str, str, float, float, float | None, float | None]
"""The garbage collector lets go of plain tuples of plain values; named ones would have it look through everything."""

_read_part: Final = msgspec.json.Decoder(list[_Plain]).decode


def parts_of(rows: Iterable[PlaceRow]) -> list[tuple[int, str]]:
    """The places as they are written, and how many each part has; made before the transaction begins."""
    rows = iter(rows)
    parts = []
    while some := list(islice(rows, PLACES_TOGETHER)):
        parts.append((len(some), msgspec.json.encode(some).decode()))
    return parts


def versions(connection: Connection) -> dict[str, int]:
    """Gazetteer id → its version."""
    table = tables.gazetteers
    return {row.id: row.version for row in connection.execute(select(table.c.id, table.c.version))}


def version(connection: Connection, gazetteer: str) -> int | None:
    """Its version, None where there is no such gazetteer."""
    table = tables.gazetteers
    return connection.execute(select(table.c.version).where(table.c.id == gazetteer)).scalar_one_or_none()


def list_gazetteers(connection: Connection) -> list[Gazetteer]:
    table, parts = tables.gazetteers, tables.gazetteer_parts
    query = (
        select(table, func.coalesce(func.sum(parts.c.count), 0).label("places"))
        .outerjoin(parts, parts.c.gazetteer == table.c.id)
        .group_by(table.c.id)
        .order_by(table.c.id)
    )
    return [Gazetteer.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def rows(connection: Connection, gazetteer: str) -> Iterator[PlaceRow]:
    """Every place of the gazetteer, a part at a time."""
    table = tables.gazetteer_parts
    query = select(table.c.places).where(table.c.gazetteer == gazetteer).order_by(table.c.n)
    for part in connection.execute(query.execution_options(yield_per=1)).scalars():
        yield from map(PlaceRow._make, _read_part(part))


def put(connection: Connection, gazetteer: str, version_now: int, source: str, at: datetime) -> None:
    """The gazetteer as it is from now on; its places are written by `put_parts`."""
    table = tables.gazetteers
    facts = {"version": version_now, "source": source, "imported_at": at}
    known = connection.execute(update(table).where(table.c.id == gazetteer).values(**facts))
    if known.rowcount == 0:
        connection.execute(insert(table).values(id=gazetteer, **facts))


def put_parts(connection: Connection, gazetteer: str, parts: Sequence[tuple[int, str]]) -> None:
    """All places of the gazetteer in place of those that it had."""
    table = tables.gazetteer_parts
    connection.execute(delete(table).where(table.c.gazetteer == gazetteer))
    connection.execute(
        insert(table),
        [
            {"gazetteer": gazetteer, "n": n, "count": count, "places": places}
            for n, (count, places) in enumerate(parts)
        ],
    )


def remove(connection: Connection, gazetteer: str) -> int:
    """Removes the gazetteer; how many places it had."""
    parts, table = tables.gazetteer_parts, tables.gazetteers
    held = select(func.coalesce(func.sum(parts.c.count), 0)).where(parts.c.gazetteer == gazetteer)
    gone = int(connection.execute(held).scalar_one())
    connection.execute(delete(parts).where(parts.c.gazetteer == gazetteer))
    connection.execute(delete(table).where(table.c.id == gazetteer))
    return gone
