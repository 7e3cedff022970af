"""Agencies, officers, designations and agreements in the ledger. Plain functions of a connection."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from broker.agencies.emergencies import store as emergencies
from broker.agencies.models import (
    Agency,
    Agreement,
    AgreementState,
    Designation,
    KeptDesignation,
    NewOfficer,
    Officer,
    PolicyBook,
    Role,
    Terms,
)
from broker.agencies.substitutes import store as substitutes
from broker.ledger import tables


def bump_policy_version(connection: Connection) -> None:
    """Called with every change that a right may depend on; the next query anywhere notices."""
    version = tables.policy_version
    connection.execute(update(version).values(version=version.c.version + 1))


def put_agencies(connection: Connection, agencies: Iterable[Agency]) -> None:
    """Adds agencies that are new and renames those whose name changed."""
    known = {row.id: row.name for row in connection.execute(select(tables.agencies))}
    for agency in agencies:
        if agency.id not in known:
            connection.execute(insert(tables.agencies).values(id=agency.id, name=agency.name))
        elif known[agency.id] != agency.name:
            connection.execute(
                update(tables.agencies).where(tables.agencies.c.id == agency.id).values(name=agency.name)
            )


def list_agencies(connection: Connection) -> list[Agency]:
    rows = connection.execute(select(tables.agencies).order_by(tables.agencies.c.id))
    return [Agency(id=row.id, name=row.name) for row in rows]


def add_officer(
    connection: Connection, officer_id: str, designation_id: str, new: NewOfficer, at: datetime
) -> None:
    connection.execute(
        insert(tables.officers).values(
            id=officer_id,
            agency=new.agency,
            name=new.name,
            service=new.service,
            personnel_number=new.personnel_number,
            roles=sorted(role.value for role in new.roles),
            created_at=at,
        )
    )
    add_designation(connection, designation_id, officer_id, new.designated_by, at, new.until)


def add_designation(
    connection: Connection,
    designation_id: str,
    officer_id: str,
    designated_by: str,
    start: datetime,
    until: datetime | None,
) -> None:
    connection.execute(
        insert(tables.designations).values(
            id=designation_id,
            officer_id=officer_id,
            designated_by=designated_by,
            valid_from=start,
            valid_until=until,
        )
    )
    bump_policy_version(connection)


def list_designations(connection: Connection, officer_id: str) -> list[KeptDesignation]:
    """All of the officer's, also those that are over, in the order in which they begin."""
    designations = tables.designations
    query = (
        select(designations)
        .where(designations.c.officer_id == officer_id)
        .order_by(designations.c.valid_from, designations.c.id)
    )
    return [
        KeptDesignation(
            id=row.id,
            designated_by=row.designated_by,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            ended_by=row.ended_by,
        )
        for row in connection.execute(query)
    ]


def move_designation_end(
    connection: Connection, designation_id: str, until: datetime, ended_by: str | None = None
) -> None:
    designations = tables.designations
    connection.execute(
        update(designations)
        .where(designations.c.id == designation_id)
        .values(valid_until=until, ended_by=ended_by)
    )
    bump_policy_version(connection)


def set_roles(connection: Connection, officer_id: str, roles: frozenset[Role]) -> None:
    officers = tables.officers
    connection.execute(
        update(officers).where(officers.c.id == officer_id).values(roles=sorted(role.value for role in roles))
    )
    bump_policy_version(connection)


def _officer(connection: Connection, row: RowMapping) -> Officer:
    designations = connection.execute(
        select(tables.designations)
        .where(tables.designations.c.officer_id == row["id"])
        .order_by(tables.designations.c.valid_from)
    ).mappings()
    return Officer(
        id=row["id"],
        agency=row["agency"],
        name=row["name"],
        service=row["service"],
        personnel_number=row["personnel_number"],
        roles=frozenset(Role(role) for role in row["roles"]),
        designations=tuple(
            Designation(
                designated_by=designation["designated_by"],
                valid_from=designation["valid_from"],
                valid_until=designation["valid_until"],
            )
            for designation in designations
        ),
        substitutions=tuple(substitutes.of_substitute(connection, row["id"])),
    )


def find_officer(connection: Connection, officer_id: str) -> Officer | None:
    query = select(tables.officers).where(tables.officers.c.id == officer_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _officer(connection, row)


def list_officers(connection: Connection, agency: str | None = None) -> list[Officer]:
    query = select(tables.officers).order_by(tables.officers.c.id)
    if agency is not None:
        query = query.where(tables.officers.c.agency == agency)
    return [_officer(connection, row) for row in connection.execute(query).mappings().all()]


def _agreement(row: RowMapping) -> Agreement:
    return Agreement(
        id=row["id"],
        version=row["version"],
        state=AgreementState(row["state"]),
        terms=Terms.model_validate(row["terms"]),
        proposed_at=row["proposed_at"],
        activated_at=row["activated_at"],
        ended_at=row["ended_at"],
    )


def list_agreements(connection: Connection, agreement_id: str | None = None) -> list[Agreement]:
    """Every version of every agreement, or of the one that is named, by id and version."""
    query = select(tables.agreements).order_by(tables.agreements.c.id, tables.agreements.c.version)
    if agreement_id is not None:
        query = query.where(tables.agreements.c.id == agreement_id)
    return [_agreement(row) for row in connection.execute(query).mappings()]


def find_agreement(connection: Connection, agreement_id: str, version: int | None = None) -> Agreement | None:
    """One version, or the latest where none is named."""
    agreements = tables.agreements
    query = select(agreements).where(agreements.c.id == agreement_id)
    if version is not None:
        query = query.where(agreements.c.version == version)
    row = connection.execute(query.order_by(agreements.c.version.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else _agreement(row)


def find_active_agreement(connection: Connection, agreement_id: str) -> Agreement | None:
    """The version that is in force, of which there is one at most."""
    agreements = tables.agreements
    query = select(agreements).where(
        agreements.c.id == agreement_id, agreements.c.state == AgreementState.ACTIVE.value
    )
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _agreement(row)


def propose_agreement(
    connection: Connection, agreement_id: str, terms: Terms, at: datetime, by: str | None
) -> Agreement:
    """Adds the next version as a proposal; what is in force stays in force."""
    latest = find_agreement(connection, agreement_id)
    version = 1 if latest is None else latest.version + 1
    connection.execute(
        insert(tables.agreements).values(
            id=agreement_id,
            version=version,
            owner=terms.owner,
            state=AgreementState.PROPOSED.value,
            terms=terms.model_dump(mode="json"),
            proposed_at=at,
            proposed_by=by,
        )
    )
    return Agreement(
        id=agreement_id,
        version=version,
        state=AgreementState.PROPOSED,
        terms=terms,
        proposed_at=at,
        activated_at=None,
        ended_at=None,
    )


def activate_agreement(connection: Connection, agreement: Agreement, at: datetime, by: str | None) -> None:
    """Puts this version in force; an older one in force ends at the same moment."""
    agreements = tables.agreements
    connection.execute(
        update(agreements)
        .where(agreements.c.id == agreement.id, agreements.c.state == AgreementState.ACTIVE.value)
        .values(state=AgreementState.ENDED.value, ended_at=at, ended_by=by)
    )
    connection.execute(
        update(agreements)
        .where(agreements.c.id == agreement.id, agreements.c.version == agreement.version)
        .values(state=AgreementState.ACTIVE.value, activated_at=at, activated_by=by)
    )
    bump_policy_version(connection)


def end_agreement(connection: Connection, agreement: Agreement, at: datetime, by: str | None) -> None:
    agreements = tables.agreements
    connection.execute(
        update(agreements)
        .where(agreements.c.id == agreement.id, agreements.c.version == agreement.version)
        .values(state=AgreementState.ENDED.value, ended_at=at, ended_by=by)
    )
    bump_policy_version(connection)


def read_policy_version(connection: Connection) -> int:
    return int(connection.execute(select(tables.policy_version.c.version)).scalar_one())


def read_policy_book(connection: Connection) -> PolicyBook:
    """Every agreement that is in force or may be, with the version that it belongs to."""
    active = [a for a in list_agreements(connection) if a.state is AgreementState.ACTIVE]
    return PolicyBook(
        version=read_policy_version(connection),
        agreements=tuple(active),
        emergencies=tuple(emergencies.list_running(connection)),
    )
