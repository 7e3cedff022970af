"""Tokens and sessions in the ledger. Plain functions of a connection; of a secret only its hash is here."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from broker.agencies.credentials.models import KnownToken
from broker.agencies.models import NewToken, Scope, Session, TokenFacts
from broker.agencies.store import bump_policy_version, find_officer, read_policy_version
from broker.ledger import tables


def add_token(
    connection: Connection, token_id: str, officer_id: str, hashed: str, new: NewToken, at: datetime
) -> None:
    connection.execute(
        insert(tables.tokens).values(
            id=token_id,
            officer_id=officer_id,
            token_hash=hashed,
            created_at=at,
            expires_at=new.until,
            name=new.name,
            scopes=None if new.scopes is None else sorted(scope.value for scope in new.scopes),
        )
    )


def list_tokens(connection: Connection, officer_id: str, at: datetime) -> list[TokenFacts]:
    """Those that are good for anything, by id."""
    tokens = tables.tokens
    query = (
        select(tokens)
        .where(
            tokens.c.officer_id == officer_id,
            tokens.c.revoked_at.is_(None),
            or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > at),
        )
        .order_by(tokens.c.id)
    )
    return [
        TokenFacts(
            id=row["id"],
            officer_id=row["officer_id"],
            name=row["name"],
            scopes=_scopes(row),
            created_at=row["created_at"],
            expires_at=row["expires_at"],
            used_at=row["used_at"],
        )
        for row in connection.execute(query).mappings()
    ]


def _scopes(row: RowMapping) -> frozenset[Scope] | None:
    return None if row["scopes"] is None else frozenset(Scope(name) for name in row["scopes"])


def revoke_token(connection: Connection, officer_id: str, token_id: str, at: datetime) -> bool:
    """Whether there was such a token of the officer's to revoke."""
    tokens = tables.tokens
    done = connection.execute(
        update(tokens)
        .where(tokens.c.id == token_id, tokens.c.officer_id == officer_id, tokens.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    if done.rowcount:
        bump_policy_version(connection)
    return bool(done.rowcount)


def revoke_tokens(connection: Connection, officer_id: str, at: datetime) -> int:
    """Revokes every token of the officer and ends every session; returns how many tokens were live."""
    tokens = tables.tokens
    done = connection.execute(
        update(tokens)
        .where(tokens.c.officer_id == officer_id, tokens.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    end_sessions(connection, officer_id, at)
    bump_policy_version(connection)
    return done.rowcount


def find_token(connection: Connection, hashed: str) -> KnownToken | None:
    """The token with this hash and its officer, None where there is none or it is revoked."""
    tokens = tables.tokens
    row = connection.execute(select(tokens).where(tokens.c.token_hash == hashed)).mappings().one_or_none()
    if row is None or row["revoked_at"] is not None:
        return None
    return _known(connection, row, _scopes(row), is_session=False, idle=None)


def find_session(connection: Connection, hashed: str, idle: timedelta) -> KnownToken | None:
    """The session whose cookie has this hash, None where there is none or it was ended."""
    sessions = tables.sessions
    row = (
        connection.execute(select(sessions).where(sessions.c.cookie_hash == hashed)).mappings().one_or_none()
    )
    if row is None or row["ended_at"] is not None:
        return None
    return _known(connection, row, None, is_session=True, idle=idle)


def _known(
    connection: Connection,
    row: RowMapping,
    scopes: frozenset[Scope] | None,
    *,
    is_session: bool,
    idle: timedelta | None,
) -> KnownToken | None:
    officer = find_officer(connection, row["officer_id"])
    if officer is None:
        return None
    return KnownToken(
        token_id=row["id"],
        officer=officer.model_copy(update={"scopes": scopes}),
        expires_at=row["expires_at"],
        used_at=row["used_at"],
        is_session=is_session,
        idle=idle,
        purpose=row["purpose"],
        case_ref=row["case_ref"],
        version=read_policy_version(connection),
    )


def note_use(connection: Connection, token_id: str, is_session: bool, at: datetime) -> None:
    """Keeps the latest use; one that another process wrote later stays."""
    table = tables.sessions if is_session else tables.tokens
    connection.execute(
        update(table)
        .where(table.c.id == token_id, or_(table.c.used_at.is_(None), table.c.used_at < at))
        .values(used_at=at)
    )


def set_purpose(
    connection: Connection, token_id: str, is_session: bool, purpose: str | None, case_ref: str | None
) -> None:
    table = tables.sessions if is_session else tables.tokens
    connection.execute(update(table).where(table.c.id == token_id).values(purpose=purpose, case_ref=case_ref))


def start_session(connection: Connection, session: Session, hashed: str) -> None:
    connection.execute(
        insert(tables.sessions).values(
            id=session.id,
            officer_id=session.officer_id,
            cookie_hash=hashed,
            provider=session.provider,
            started_at=session.started_at,
            used_at=session.started_at,
            expires_at=session.expires_at,
        )
    )


def read_session(connection: Connection, hashed: str) -> Session | None:
    """What the cookie's session was begun with, ended or not."""
    sessions = tables.sessions
    row = (
        connection.execute(select(sessions).where(sessions.c.cookie_hash == hashed)).mappings().one_or_none()
    )
    if row is None:
        return None
    return Session(
        id=row["id"],
        officer_id=row["officer_id"],
        provider=row["provider"],
        started_at=row["started_at"],
        expires_at=row["expires_at"],
    )


def end_session(connection: Connection, session_id: str, at: datetime) -> bool:
    """Whether it went on until now. The next call anywhere notices."""
    sessions = tables.sessions
    done = connection.execute(
        update(sessions).where(sessions.c.id == session_id, sessions.c.ended_at.is_(None)).values(ended_at=at)
    )
    if done.rowcount:
        bump_policy_version(connection)
    return bool(done.rowcount)


def end_sessions(connection: Connection, officer_id: str, at: datetime) -> int:
    """Ends all of the officer's; returns how many had not been."""
    sessions = tables.sessions
    done = connection.execute(
        update(sessions)
        .where(sessions.c.officer_id == officer_id, sessions.c.ended_at.is_(None))
        .values(ended_at=at)
    )
    if done.rowcount:
        bump_policy_version(connection)
    return done.rowcount
