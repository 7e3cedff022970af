"""Tokens: stored as hashes only, and worth nothing once wrong, expired or revoked."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.agencies.models import Role
from broker.errors import Problem
from broker.identifiers import TOKEN_PREFIX, RandomIdentifiers, token_hash
from tests.broker.agencies.office import PURPOSE, Office
from tests.world import NOW


async def refused(office: Office, token: str) -> str:
    with pytest.raises(Problem) as caught:
        await office.authority.authenticate(token, None, None)
    assert caught.value.kind.status == 401
    assert not token.strip() or token not in caught.value.detail
    return caught.value.code


async def test_the_file_holds_the_hash_and_never_the_token(office: Office, tmp_path: Path) -> None:
    token = await office.token("police", Role.OPERATOR)
    await office.authority.authenticate(token, PURPOSE, None)
    office.ledger.close()
    bytes_on_disk = b"".join(file.read_bytes() for file in tmp_path.glob("ledger.sqlite*"))
    assert token_hash(token).encode() in bytes_on_disk
    assert token.encode() not in bytes_on_disk
    assert token.removeprefix(TOKEN_PREFIX).encode() not in bytes_on_disk


async def test_a_token_brings_back_its_officer(office: Office) -> None:
    caller = await office.sign_in("police", Role.OPERATOR, Role.AUDITOR)
    assert (caller.officer.agency, caller.officer.roles) == ("police", {Role.OPERATOR, Role.AUDITOR})
    assert (caller.designated, caller.purpose, caller.case_ref) == (True, PURPOSE, "PV-1")


@pytest.mark.parametrize("token", ["", " ", "ent_", "x" * 10_000, "ent_\x00", "é", "' OR 1=1 --"])
async def test_a_malformed_token_is_refused(office: Office, token: str) -> None:
    assert await refused(office, token) == "token_invalid"


async def test_neither_a_tokens_hash_nor_its_part_is_a_token(office: Office) -> None:
    token = await office.token("police", Role.OPERATOR)
    for wrong in (token_hash(token), token[:-1], token + "a", token.upper()):
        assert await refused(office, wrong) == "token_invalid"


async def test_a_token_ends_with_its_designation(office: Office) -> None:
    token = await office.token("police", Role.OPERATOR, until=NOW + timedelta(hours=1))
    office.clock.advance(minutes=59)
    assert (await office.authority.authenticate(token, None, None)).designated
    office.clock.advance(minutes=1)
    assert await refused(office, token) == "token_invalid"


async def test_a_revoked_token_is_refused_at_once_also_by_another_process(
    office: Office, other: Office
) -> None:
    token = await office.token("police", Role.OPERATOR)
    caller = await other.authority.authenticate(token, None, None)
    assert await office.officers.revoke_tokens(caller.officer.id) == 1
    assert await refused(other, token) == "token_invalid"
    assert await office.officers.revoke_tokens(caller.officer.id) == 0


async def test_revoking_one_officers_tokens_leaves_the_others(office: Office) -> None:
    gone, kept = await office.sign_in("police", Role.OPERATOR), await office.token("police", Role.OPERATOR)
    await office.officers.revoke_tokens(gone.officer.id)
    assert await office.authority.authenticate(kept, None, None)


async def test_a_calls_purpose_wins_over_the_sessions(office: Office) -> None:
    token = await office.token("police", Role.OPERATOR)
    caller = await office.authority.authenticate(token, None, None)
    assert (caller.purpose, caller.case_ref) == (None, None)
    await office.officers.set_purpose(caller, "public_safety", "PV-7")
    again = await office.authority.authenticate(token, None, None)
    assert (again.purpose, again.case_ref) == ("public_safety", "PV-7")
    stated = await office.authority.authenticate(token, "accident", None)
    assert (stated.purpose, stated.case_ref) == ("accident", None)
    await office.officers.set_purpose(again, None, None)
    assert (await office.authority.authenticate(token, None, None)).purpose is None


async def test_a_sessions_purpose_is_its_own_tokens(office: Office) -> None:
    first, second = await office.token("police", Role.OPERATOR), await office.token("police", Role.OPERATOR)
    await office.officers.set_purpose(await office.authority.authenticate(first, None, None), PURPOSE, None)
    assert (await office.authority.authenticate(second, None, None)).purpose is None


async def test_an_unknown_purpose_is_refused_in_a_call_and_for_a_session(office: Office) -> None:
    caller = await office.sign_in("police", Role.OPERATOR)
    token = await office.token("police", Role.OPERATOR)
    for attempt in (
        office.authority.authenticate(token, "curiosity", None),
        office.officers.set_purpose(caller, "curiosity", None),
    ):
        with pytest.raises(Problem) as caught:
            await attempt
        assert (caught.value.code, caught.value.kind.status) == ("purpose_unknown", 422)
        assert "judicial_inquiry" in caught.value.detail


@given(st.integers(1, 50))
def test_secrets_are_long_and_never_repeat(count: int) -> None:
    made = {RandomIdentifiers().secret() for _ in range(count)}
    assert len(made) == count
    assert all(secret.startswith(TOKEN_PREFIX) and len(secret) >= len(TOKEN_PREFIX) + 43 for secret in made)


def test_ids_made_later_sort_later() -> None:
    identifiers = RandomIdentifiers()
    made = [identifiers.new("req") for _ in range(500)]
    assert len(set(made)) == 500
    times = [name.removeprefix("req_")[:12] for name in made]
    assert times == sorted(times)
    assert all(len(name) <= 64 for name in made)
