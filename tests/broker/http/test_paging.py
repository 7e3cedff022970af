"""Cursors carry any position of their own question, and nothing else is taken for one."""

import base64
import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import Problem
from broker.http.paging import decode_cursor, encode_cursor, fingerprint, next_href

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = TEXT | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False) | st.none() | st.booleans()
POSITIONS = st.dictionaries(
    TEXT.filter(lambda name: name != "q"), SCALARS | st.lists(SCALARS, max_size=4), max_size=4
)


def forged(question: object, position: str) -> str:
    """A cursor with the right fingerprint, made by somebody else."""
    body = f'{{"q": "{fingerprint(question)}", {position}}}'
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def refused(question: object, cursor: str) -> None:
    with pytest.raises(Problem) as caught:
        decode_cursor(question, cursor)
    assert (caught.value.code, caught.value.kind.status) == ("cursor_invalid", 422)


@given(POSITIONS)
def test_a_cursor_brings_its_position_back(position: dict[str, object]) -> None:
    cursor = encode_cursor(["cameras", 5], position)
    assert decode_cursor(["cameras", 5], cursor) == position
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?# ")


@given(POSITIONS)
def test_a_cursor_of_another_question_is_refused(position: dict[str, object]) -> None:
    refused(["cameras", 6], encode_cursor(["cameras", 5], position))


@given(st.text(max_size=60))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    refused("question", text)


@given(st.data())
def test_a_damaged_cursor_is_refused_or_still_the_same_question(data: st.DataObject) -> None:
    cursor = encode_cursor("question", {"after": 17})
    at = data.draw(st.integers(0, len(cursor) - 1))
    damaged = cursor[:at] + data.draw(st.sampled_from("AZaz09-_=%")) + cursor[at + 1 :]
    try:
        position = decode_cursor("question", damaged)
    except Problem as problem:
        assert problem.code == "cursor_invalid"
    else:
        json.dumps(position)


@pytest.mark.parametrize(
    "position",
    [
        '"after": 1' + "0" * 30,
        '"after": -1' + "0" * 30,
        '"after": "\\ud800"',
        '"after": ' + "9" * 5000,
        '"a": ' + "[" * 9999,
    ],
)
def test_a_forged_position_that_no_store_could_look_for_is_refused(position: str) -> None:
    refused("question", forged("question", position))


def test_a_position_that_is_no_object_is_refused() -> None:
    for body in ("1", "[]", "null", '"q"'):
        refused("question", base64.urlsafe_b64encode(body.encode()).decode())


def test_the_next_page_asks_the_same_question() -> None:
    for written in (b"limit=5&q=%C3%A9%26&cursor=old&q=b", "limit=5&q=é%26&cursor=old&q=b&".encode()):
        parts = urlsplit(next_href("/v1/x", written, "new"))
        assert parts.path == "/v1/x"
        assert parts.query.isascii()
        assert parse_qsl(parts.query) == [("limit", "5"), ("q", "é&"), ("q", "b"), ("cursor", "new")]
