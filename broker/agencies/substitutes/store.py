"""Substitutions in the ledger. Plain functions of a connection."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from broker.agencies.substitutes.models import Period, Substitution
from broker.hours import Hours
from broker.ledger import tables
from broker.ledger.duty_tables import substitutions

CUSTODIAN = "custodian"


def add(connection: Connection, row: dict[str, Any]) -> None:
    connection.execute(insert(substitutions).values(row))


def find(connection: Connection, substitution_id: str) -> Substitution | None:
    return next(iter(_read(connection, substitutions.c.id == substitution_id)), None)


def of_agency(connection: Connection, agency: str) -> list[Substitution]:
    """All of them, also those that are over, by id."""
    return _read(connection, substitutions.c.agency == agency)


def of_substitute(connection: Connection, officer_id: str) -> list[Substitution]:
    return _read(connection, substitutions.c.substitute_id == officer_id)


def end(connection: Connection, substitution_id: str, at: datetime, ended_by: str) -> None:
    mine = substitutions.c.id == substitution_id
    connection.execute(update(substitutions).where(mine).values(valid_until=at, ended_by=ended_by))


def _read(connection: Connection, condition: ColumnElement[bool]) -> list[Substitution]:
    query = select(substitutions).where(condition).order_by(substitutions.c.id)
    rows = connection.execute(query).mappings().all()
    designated = _custodians(connection, {row["principal_id"] for row in rows}) if rows else {}
    return [
        Substitution(
            **{**row, "hours": None if row["hours"] is None else Hours.model_validate(row["hours"])},
            principal_designated=designated.get(row["principal_id"], ()),
        )
        for row in rows
    ]


def _custodians(connection: Connection, officer_ids: Iterable[str]) -> dict[str, tuple[Period, ...]]:
    """When those of these who are custodians by their own roles are designated."""
    officers, designations = tables.officers, tables.designations
    query = (
        select(officers.c.id, officers.c.roles, designations.c.valid_from, designations.c.valid_until)
        .join(designations, designations.c.officer_id == officers.c.id)
        .where(officers.c.id.in_(list(officer_ids)))
    )
    found: dict[str, tuple[Period, ...]] = {}
    for row in connection.execute(query):
        if CUSTODIAN in row.roles:
            period = Period(start=row.valid_from, end=row.valid_until)
            found[row.id] = (*found.get(row.id, ()), period)
    return found
