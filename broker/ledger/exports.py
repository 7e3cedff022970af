"""Which recorders are asked for footage as often as they may be: clips and copies together, by all workers."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select, union_all

from broker.ledger import tables

PROCESSING = "processing"
"""An item whose clips are being made, as `broker.requests.states` has it."""


def full_networks(connection: Connection, at: datetime, at_once: Mapping[str, int]) -> list[str]:
    """Networks from which nothing more is to be fetched for now; one that is in no table has no limit."""
    holds, items = tables.holds, tables.request_items
    under_way = union_all(
        select(holds.c.network).where(
            holds.c.is_copied, holds.c.released_at.is_(None), holds.c.lease_until > at
        ),
        select(items.c.network).where(items.c.state == PROCESSING, items.c.lease_until > at),
    ).subquery()
    query = select(under_way.c.network, func.count().label("fetched")).group_by(under_way.c.network)
    return [
        row.network
        for row in connection.execute(query)
        if row.network in at_once and row.fetched >= at_once[row.network]
    ]
