"""The texts that hashes are over, held against RFC 8785 as the standard library writes it, and against the format."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.audit.texts import (
    LeafRow,
    PartContent,
    PersonContent,
    committed,
    leaf_data,
    read_part,
    read_person,
)
from broker.ledger.columns import EPOCH, MICROSECOND

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MAYBE = st.none() | TEXT
LISTS = st.lists(TEXT, max_size=4).map(tuple)
QUERY = st.none() | st.dictionaries(
    TEXT, st.integers(-(2**53), 2**53) | TEXT | st.booleans() | st.lists(TEXT), max_size=4
)
PARTS = st.builds(PartContent, TEXT, LISTS, LISTS, LISTS, QUERY, MAYBE, MAYBE)
PEOPLE = st.builds(PersonContent, MAYBE, MAYBE, MAYBE, MAYBE, MAYBE)


def canonical(value: Any) -> str:
    """RFC 8785 where keys sort by code points as by UTF-16, and no number has a fraction."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fields(content: PartContent | PersonContent) -> dict[str, Any]:
    return {name: getattr(content, name) for name in content.__struct_fields__}


@given(PARTS)
def test_a_part_is_written_canonically_and_read_back(part: PartContent) -> None:
    (salted,) = committed([part]).salted
    assert salted.content == canonical(fields(part))
    assert read_part(salted.content) == part


@given(PEOPLE)
def test_a_person_is_written_canonically_and_read_back(person: PersonContent) -> None:
    (salted,) = committed([person]).salted
    assert salted.content == canonical(fields(person))
    assert read_person(salted.content) == person


@given(st.lists(PARTS | PEOPLE, min_size=1, max_size=9))
def test_every_content_is_among_the_commitments_and_their_number_is_a_multiple_of_four(contents: Any) -> None:
    salted, text = committed(contents)
    hashes = json.loads(text)
    assert text == canonical(hashes)
    assert hashes == sorted(set(hashes))
    assert len(hashes) == -(-len(contents) // 4) * 4
    made = [hashlib.sha256(bytes.fromhex(salt) + content.encode()).hexdigest() for salt, content in salted]
    assert set(made) <= set(hashes)
    assert all(len(salt) == 32 for salt, _ in salted)


def test_nothing_random_is_used_twice() -> None:
    content = PersonContent(None, None, None, None, None)
    drawn = [committed([content] * 5) for _ in range(50)]
    assert len({salt for one in drawn for salt, _ in one.salted}) == 250
    assert len({text for one in drawn for text in json.loads(one.text)}) == 400


@given(
    st.integers(1, 2**53),
    st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.tuples(MAYBE, TEXT, TEXT, TEXT, MAYBE),
)
def test_a_leaf_is_canonical_with_its_instant_to_the_microsecond(
    sequence: int, at: datetime, texts: tuple[str | None, str, str, str, str | None]
) -> None:
    agency, operation, action, decision, purpose = texts
    row = LeafRow(
        sequence, (at - EPOCH) // MICROSECOND, agency, operation, action, decision, purpose, '["00"]'
    )
    stated = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert leaf_data(row) == canonical(
        {
            "action": action,
            "agency": agency,
            "at": stated,
            "commitments": ["00"],
            "decision": decision,
            "operation": operation,
            "purpose": purpose,
            "sequence": sequence,
            "v": 1,
        }
    )


@pytest.mark.parametrize("before", [timedelta(microseconds=1), timedelta(days=400)])
def test_an_instant_before_1970_is_written_as_well(before: timedelta) -> None:
    row = LeafRow(1, -(before // MICROSECOND), None, "", "", "", None, "[]")
    assert (
        f'"at":"{(EPOCH - before).isoformat(timespec="microseconds").replace("+00:00", "Z")}"'
        in leaf_data(row)
    )
