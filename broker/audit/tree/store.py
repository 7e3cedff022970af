"""Tiles, checkpoints and cosignatures in the ledger. A checkpoint is never changed, nor a full tile."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Connection, Text, and_, cast, delete, func, insert, select, type_coerce

from broker.audit.texts import LeafRow
from broker.audit.tree.merkle import TileId
from broker.audit.tree.models import Standing, StoredCheckpoint
from broker.ledger import log_tables

NEWEST_LINES: Final = 1000


class StoredTiles:
    """The tiles of one view of the ledger; each is read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._read: dict[TileId, bytes] = {}

    def hashes(self, level: int, n: int) -> bytes:
        known = self._read.get((level, n))
        if known is None:
            tiles = log_tables.log_tiles
            query = select(tiles.c.hashes).where(tiles.c.level == level, tiles.c.n == n)
            found = self._connection.execute(query).scalar_one_or_none()
            known = self._read[level, n] = b"" if found is None else bytes(found)
        return known


def put_tiles(connection: Connection, grown: Mapping[TileId, bytes]) -> None:
    """Writes new tiles, and fuller ones in the place of what they were."""
    tiles = log_tables.log_tiles
    for level in {level for level, _ in grown}:
        first = min(n for at, n in grown if at == level)
        connection.execute(delete(tiles).where(tiles.c.level == level, tiles.c.n == first))
    rows = [{"level": level, "n": n, "hashes": hashes} for (level, n), hashes in grown.items()]
    connection.execute(insert(tiles), rows)


def standing(connection: Connection) -> Standing:
    """Two look-ups at the end of an index."""
    kept = log_tables.log_checkpoints
    entries = select(func.max(log_tables.audit_entries.c.sequence)).scalar_subquery()
    newest = select(func.max(kept.c.size)).scalar_subquery()
    row = connection.execute(
        select(
            entries.label("entries"),
            newest.label("size"),
            select(kept.c.at).where(kept.c.size == newest).scalar_subquery().label("at"),
        )
    ).one()
    return Standing(row.entries or 0, row.size or 0, row.at)


_LEAF_ROWS: Final = msgspec.json.Decoder(list[LeafRow])


def leaves(connection: Connection, after: int, limit: int) -> list[LeafRow]:
    """What leaves are made of, of the entries after one sequence number, in order.

    They come as one text: each row that is fetched waits for the interpreter once more, and while a process is busy
    answering, hundreds of such waits held up both what is answered and what is logged.
    """
    log = log_tables.audit_entries
    columns = [log.c[name] if name != "at" else type_coerce(log.c.at, BigInteger) for name in LeafRow._fields]
    array = func.json_array if connection.dialect.name == "sqlite" else func.json_build_array
    one = cast(array(*columns), Text).label("leaf")
    rows = select(one).where(log.c.sequence > after).order_by(log.c.sequence).limit(limit).subquery()
    text = connection.execute(select(func.aggregate_strings(rows.c.leaf, ","))).scalar_one()
    return sorted(_LEAF_ROWS.decode(f"[{text or ''}]"))


def put_checkpoint(connection: Connection, checkpoint: StoredCheckpoint) -> None:
    connection.execute(insert(log_tables.log_checkpoints).values(**checkpoint._asdict()))


def newest_checkpoint(connection: Connection, *, cosigned: bool = False) -> StoredCheckpoint | None:
    """The largest, of all or of those that a witness co-signed."""
    kept = log_tables.log_checkpoints
    query = select(kept).order_by(kept.c.size.desc()).limit(1)
    if cosigned:
        query = query.where(kept.c.size.in_(select(func.max(log_tables.log_cosignatures.c.size))))
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredCheckpoint(row.size, row.at, row.note)


def checkpoint(connection: Connection, size: int) -> StoredCheckpoint | None:
    kept = log_tables.log_checkpoints
    row = connection.execute(select(kept).where(kept.c.size == size)).one_or_none()
    return None if row is None else StoredCheckpoint(row.size, row.at, row.note)


def waits_for(connection: Connection, names: Collection[str], since: datetime) -> StoredCheckpoint | None:
    """The largest co-signed checkpoint, where one of these witnesses has not signed it and the first one did so after
    `since`."""
    kept = log_tables.log_cosignatures
    size = connection.execute(select(func.max(kept.c.size))).scalar_one()
    if size is None:
        return None
    rows = connection.execute(select(kept.c.name, kept.c.at).where(kept.c.size == size)).all()
    if set(names) <= {row.name for row in rows} or min(row.at for row in rows) <= since:
        return None
    return checkpoint(connection, size)


def signed_since(connection: Connection, names: Collection[str], since: datetime) -> set[str]:
    """Those of these witnesses who made one of the newest lines after `since`."""
    kept = log_tables.log_cosignatures
    newest = select(kept.c.name, kept.c.at).order_by(kept.c.size.desc()).limit(NEWEST_LINES)
    return {row.name for row in connection.execute(newest) if row.at > since} & set(names)


def most_cosigned(connection: Connection, size: int, names: Collection[str]) -> StoredCheckpoint | None:
    """Of the checkpoints of this size and above the one that most of these witnesses co-signed, the smallest of
    several; None where they co-signed none."""
    kept = log_tables.log_cosignatures
    query = (
        select(kept.c.size)
        .where(kept.c.size >= size, kept.c.name.in_(names))
        .group_by(kept.c.size)
        .order_by(func.count().desc(), kept.c.size)
        .limit(1)
    )
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else checkpoint(connection, found)


def cosigners(connection: Connection, size: int) -> set[str]:
    """Names of the witnesses whose lines are under a checkpoint."""
    kept = log_tables.log_cosignatures
    return set(connection.execute(select(kept.c.name).where(kept.c.size == size)).scalars())


def cosignatures(connection: Connection, size: int) -> list[str]:
    """The lines under a checkpoint, each with its newline, by their witnesses' names."""
    kept = log_tables.log_cosignatures
    query = select(kept.c.line).where(kept.c.size == size).order_by(kept.c.name)
    return list(connection.execute(query).scalars())


def put_cosignature(connection: Connection, size: int, name: str, line: str, at: datetime) -> bool:
    """Keeps a witness's line; False where it has one there already, which stays."""
    kept = log_tables.log_cosignatures
    there = select(kept.c.size).where(and_(kept.c.size == size, kept.c.name == name))
    if connection.execute(there).first() is not None:
        return False
    connection.execute(insert(kept).values(size=size, name=name, line=line, at=at))
    return True
