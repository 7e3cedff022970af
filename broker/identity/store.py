"""Accounts, failed sign-ins and what identity providers know, in the ledger. Plain functions of a connection."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from broker.identity.models import Account, Failures, ProviderSignIn, Subject
from broker.ledger import tables


def _account(connection: Connection, where: object) -> Account | None:
    query = select(tables.accounts).where(where)  # type: ignore[arg-type]  # a column's comparison
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    return Account(officer_id=row["officer_id"], username=row["username"], password_hash=row["password_hash"])


def find_account(connection: Connection, username: str) -> Account | None:
    return _account(connection, tables.accounts.c.username == username)


def account_of(connection: Connection, officer_id: str) -> Account | None:
    return _account(connection, tables.accounts.c.officer_id == officer_id)


def find_code(connection: Connection, code_hash: str, at: datetime) -> Account | None:
    """The account whose password the code sets, None where the code is unknown, used or too old."""
    accounts = tables.accounts
    return _account(connection, (accounts.c.code_hash == code_hash) & (accounts.c.code_expires_at > at))


def put_code(
    connection: Connection, officer_id: str, username: str, code_hash: str, expires_at: datetime
) -> None:
    """Makes the account where there is none; the password stays until the code sets another one."""
    accounts = tables.accounts
    values = {"username": username, "code_hash": code_hash, "code_expires_at": expires_at}
    if account_of(connection, officer_id) is None:
        connection.execute(insert(accounts).values(officer_id=officer_id, **values))
    else:
        connection.execute(update(accounts).where(accounts.c.officer_id == officer_id).values(**values))


def set_password(connection: Connection, officer_id: str, password_hash: str) -> None:
    """The code is used up with it."""
    accounts = tables.accounts
    connection.execute(
        update(accounts)
        .where(accounts.c.officer_id == officer_id)
        .values(password_hash=password_hash, code_hash=None, code_expires_at=None)
    )


def upgrade_hash(connection: Connection, officer_id: str, old: str, new: str) -> None:
    """The same password in another form, unless it was changed meanwhile."""
    accounts = tables.accounts
    connection.execute(
        update(accounts)
        .where(accounts.c.officer_id == officer_id, accounts.c.password_hash == old)
        .values(password_hash=new)
    )


def find_failures(connection: Connection, subject: str) -> Failures | None:
    failures = tables.sign_in_failures
    row = connection.execute(select(failures).where(failures.c.subject == subject)).one_or_none()
    return None if row is None else Failures(count=row.count, at=row.at, locked_until=row.locked_until)


def put_failures(connection: Connection, subject: str, failures: Failures) -> None:
    forget_failures(connection, subject)
    connection.execute(
        insert(tables.sign_in_failures).values(
            subject=subject,
            count=failures.count,
            at=failures.at,
            locked_until=failures.locked_until,
        )
    )


def forget_failures(connection: Connection, subject: str) -> None:
    failures = tables.sign_in_failures
    connection.execute(delete(failures).where(failures.c.subject == subject))


def forget_failures_before(connection: Connection, at: datetime) -> None:
    failures = tables.sign_in_failures
    connection.execute(delete(failures).where(failures.c.at < at))


def begin_provider_sign_in(
    connection: Connection, cookie_hash: str, begun: ProviderSignIn, at: datetime
) -> None:
    """Those that nobody came back from in time go with it."""
    sign_ins = tables.provider_sign_ins
    connection.execute(delete(sign_ins).where(sign_ins.c.expires_at <= at))
    connection.execute(
        insert(sign_ins).values(
            cookie_hash=cookie_hash,
            provider=begun.provider,
            state=begun.state,
            nonce=begun.nonce,
            verifier=begun.verifier,
            expires_at=begun.expires_at,
        )
    )


def take_provider_sign_in(connection: Connection, cookie_hash: str) -> ProviderSignIn | None:
    """Each is taken once."""
    sign_ins = tables.provider_sign_ins
    query = select(sign_ins).where(sign_ins.c.cookie_hash == cookie_hash)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    connection.execute(delete(sign_ins).where(sign_ins.c.cookie_hash == cookie_hash))
    return ProviderSignIn(
        provider=row["provider"],
        state=row["state"],
        nonce=row["nonce"],
        verifier=row["verifier"],
        expires_at=row["expires_at"],
    )


def find_subject(connection: Connection, provider: str, subject: str) -> Subject | None:
    subjects = tables.provider_subjects
    row = connection.execute(
        select(subjects).where(subjects.c.provider == provider, subjects.c.subject == subject)
    ).one_or_none()
    return None if row is None else Subject(officer_id=row.officer_id, by_claims=row.by_claims)


def put_subject(
    connection: Connection, provider: str, subject: str, officer_id: str, *, by_claims: bool
) -> None:
    connection.execute(
        insert(tables.provider_subjects).values(
            provider=provider, subject=subject, officer_id=officer_id, by_claims=by_claims
        )
    )
