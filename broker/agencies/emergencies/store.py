"""Emergencies and their reviews in the ledger. Plain functions of a connection."""

from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from broker.agencies.models import Emergency, Review, ReviewVerdict
from broker.ledger import tables


def add(connection: Connection, emergency: Emergency) -> None:
    facts = emergency.model_dump(mode="json", include={"person", "area", "owners"})
    connection.execute(
        insert(tables.emergencies).values(
            id=emergency.id,
            officer_id=emergency.officer_id,
            agency=emergency.agency,
            purpose=emergency.purpose,
            case_ref=emergency.case_ref,
            reason=emergency.reason,
            started_at=emergency.started_at,
            ends_at=emergency.ends_at,
            **facts,
        )
    )


def end(connection: Connection, emergency_id: str, at: datetime, by: str) -> None:
    emergencies = tables.emergencies
    connection.execute(
        update(emergencies).where(emergencies.c.id == emergency_id).values(ended_at=at, ended_by=by)
    )


def add_review(connection: Connection, emergency_id: str, review: Review, closed_at: datetime | None) -> None:
    """`closed_at` where every owner has reviewed it now."""
    connection.execute(
        insert(tables.emergency_reviews).values(
            emergency_id=emergency_id,
            owner=review.owner,
            officer_id=review.officer_id,
            verdict=review.verdict.value,
            reason=review.reason,
            reviewed_at=review.reviewed_at,
        )
    )
    emergencies = tables.emergencies
    connection.execute(
        update(emergencies).where(emergencies.c.id == emergency_id).values(closed_at=closed_at)
    )


def find(connection: Connection, emergency_id: str) -> Emergency | None:
    query = select(tables.emergencies).where(tables.emergencies.c.id == emergency_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _emergency(connection, row)


def list_all(connection: Connection) -> list[Emergency]:
    """By id."""
    query = select(tables.emergencies).order_by(tables.emergencies.c.id)
    return [_emergency(connection, row) for row in connection.execute(query)]


def list_running(connection: Connection) -> list[Emergency]:
    """Those that nobody ended and nobody closed. Whether the clock has ended one is for the policy function, which
    knows the time: one that is over gives nothing."""
    emergencies = tables.emergencies
    query = select(emergencies).where(emergencies.c.ended_at.is_(None), emergencies.c.closed_at.is_(None))
    return [_emergency(connection, row) for row in connection.execute(query.order_by(emergencies.c.id))]


def _emergency(connection: Connection, row: Row[tuple[object, ...]]) -> Emergency:
    reviews = tables.emergency_reviews
    found = connection.execute(
        select(reviews)
        .where(reviews.c.emergency_id == row.id)
        .order_by(reviews.c.reviewed_at, reviews.c.owner)
    )
    return Emergency.model_validate(
        dict(row._mapping)
        | {
            "owners": tuple(row.owners),
            "reviews": tuple(
                Review(
                    owner=each.owner,
                    officer_id=each.officer_id,
                    verdict=ReviewVerdict(each.verdict),
                    reason=each.reason,
                    reviewed_at=each.reviewed_at,
                )
                for each in found
            ),
        }
    )
