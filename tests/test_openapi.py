"""The checker of exchanges refuses what a document does not have."""

import json
from pathlib import Path

import pytest

from tests.openapi import ApiDocument, Undocumented
from tests.servers.exchanges import Exchange

DOCUMENT = """
openapi: 3.0.0
paths:
  /cameras/{name}:
    get:
      operationId: camera
      parameters:
        - {name: name, in: path, required: true, schema: {type: string}}
        - {name: page, in: query, schema: {type: integer}}
      responses:
        "200":
          content:
            application/json:
              schema: {type: object, properties: {seen: {type: string, nullable: true}}}
    post:
      operationId: change
      parameters:
        - {name: name, in: path, required: true, schema: {type: string}}
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {name: {type: string}}}
      responses:
        "200": {content: {application/json: {schema: {type: object}}}}
"""


def asked(
    method: str = "GET",
    path: str = "/cameras/a",
    query: list[tuple[str, str]] | None = None,
    body: bytes = b"",
    status: int = 200,
    answer: object = None,
    media_type: str = "application/json",
) -> Exchange:
    text = json.dumps({"seen": None} if answer is None else answer).encode()
    return Exchange(method, path, query or [], body, status, media_type, text)


@pytest.fixture
def document(tmp_path: Path) -> ApiDocument:
    file = tmp_path / "api.yaml"
    file.write_text(DOCUMENT)
    return ApiDocument(file)


def test_a_documented_exchange_is_named(document: ApiDocument) -> None:
    assert document.check(asked(query=[("page", "2")])) == "camera"
    assert document.check(asked("POST", body=b'{"name": "b"}', answer={})) == "change"


@pytest.mark.parametrize(
    "wrong",
    [
        asked(path="/doors/a"),
        asked("DELETE"),
        asked(query=[("size", "2")]),
        asked(query=[("page", "two")]),
        asked(body=b"{}"),
        asked(status=418),
        asked(answer={"seen": 3}),
        asked(answer={"seen": "now", "secret": 1}),
        asked(media_type="text/html"),
        asked("POST", body=b'{"name": 3}', answer={}),
        asked("POST", body=b'{"other": "b"}', answer={}),
    ],
    ids=str,
)
def test_anything_else_is_refused(document: ApiDocument, wrong: Exchange) -> None:
    with pytest.raises(Undocumented):
        document.check(wrong)
