"""An answer is decoded under bounds, and only where it is what it says it is."""

from xml.etree.ElementTree import Element

import pytest
from pydantic import BaseModel

from adapters.contract.errors import Malformed
from adapters.transport.answers import DEEPEST_XML, Answer


class Shape(BaseModel):
    name: str
    port: int


def given(body: bytes, content_type: str = "application/json") -> Answer:
    return Answer("GET /x at http://nvr", 200, {"content-type": content_type}, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"NaN",
        b"[" * 100_000,
        b'{"a": "\xff"}',
        b"<html></html>",
        b'{"a": 1} x',
        b"1" * 5000 + b"x",
    ],
)
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed, match="JSON"):
        given(body).json()


@pytest.mark.parametrize("content_type", ["text/html", "", "application/xml", "image/jpeg"])
def test_json_under_another_type_is_malformed(content_type: str) -> None:
    with pytest.raises(Malformed, match="promised"):
        given(b"{}", content_type).json()


@pytest.mark.parametrize(
    "content_type", ["Application/JSON; charset=utf-8", "application/geo+json", "text/json"]
)
def test_json_is_read_under_its_types_with_and_without_a_mark(content_type: str) -> None:
    assert given(b"\xef\xbb\xbf[1]", content_type).json() == [1]


def test_a_type_that_the_caller_knows_of_is_read() -> None:
    assert given(b"[1]", "text/plain").json("text/plain") == [1]


def test_json_of_another_shape_is_malformed_and_its_values_are_not_repeated() -> None:
    assert given(b'{"name": "a", "port": 1}').shaped(Shape) == Shape(name="a", port=1)
    with pytest.raises(Malformed, match="port") as raised:
        given(b'{"name": "a", "port": "hunter2"}').shaped(Shape)
    assert "hunter2" not in raised.value.message


def test_xml_is_read() -> None:
    root = given(b"<a><b>1</b></a>", "text/xml; charset=utf-8").xml()
    assert isinstance(root, Element)
    assert root.findtext("b") == "1"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a>",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>" * (DEEPEST_XML + 1) + b"</a>" * (DEEPEST_XML + 1),
    ],
)
def test_xml_that_is_broken_or_hostile_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed, match="XML"):
        given(body, "application/soap+xml").xml()


def test_text_is_read_by_its_charset() -> None:
    assert given("é".encode("latin-1"), 'text/plain; charset="ISO-8859-1"').text() == "é"
    assert given("é".encode(), "text/plain").text() == "é"
    for bad in ("text/plain", "text/plain; charset=no-such"):
        with pytest.raises(Malformed, match="text"):
            given(b"\xff", bad).text()


def test_a_repr_shows_neither_body_nor_headers() -> None:
    assert "hunter2" not in repr(given(b"hunter2", "hunter2"))
