"""Notices in the ledger. Plain functions of a connection."""

from collections.abc import Iterable

from sqlalchemy import Connection, insert, or_, select

from broker.agencies.models import Notice, Role
from broker.ledger import tables
from broker.pages import Cut, Page


def add(connection: Connection, notices: Iterable[Notice]) -> None:
    rows = [
        notice.model_dump(exclude={"role"}) | {"role": notice.role and notice.role.value}
        for notice in notices
    ]
    if rows:
        connection.execute(insert(tables.notices), rows)


def is_told(
    connection: Connection, agency: str, role: Role | None, officer_id: str | None, kind: str, subject: str
) -> bool:
    """Whether there is a notice of this kind about the subject for the same addressee."""
    notices = tables.notices
    query = select(notices.c.id).where(
        notices.c.subject == subject,
        notices.c.kind == kind,
        notices.c.agency == agency,
        notices.c.role.is_not_distinct_from(role and role.value),
        notices.c.officer_id.is_not_distinct_from(officer_id),
    )
    return connection.execute(query.limit(1)).first() is not None


def list_for(
    connection: Connection, agency: str, roles: Iterable[Role], officer_id: str, page: Page
) -> Cut[Notice]:
    """What is addressed to one of these roles of the agency or to this officer, in the order of their making."""
    notices = tables.notices
    addressed = notices.c.officer_id == officer_id
    to_roles = notices.c.role.in_([role.value for role in roles]) & notices.c.officer_id.is_(None)
    query = (
        select(*(notices.c[name] for name in Notice.model_fields))
        .where(notices.c.agency == agency, or_(addressed, to_roles))
        .order_by(notices.c.id)
        .limit(page.limit + 1)
    )
    if page.after is not None:
        query = query.where(notices.c.id > page.after)
    rows = connection.execute(query).mappings()
    return page.ended([Notice.model_validate(dict(row)) for row in rows], lambda notice: notice.id)
