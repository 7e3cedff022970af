"""Opaque cursors: they carry where a page ended and which question they belong to."""

import base64
import binascii
import hashlib
import json
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Depends, Query, Request

from broker.errors import Problem
from broker.pages import Page

LONGEST_PAGE: Final = 1000
LONGEST_CURSOR: Final = 4000
PLAIN: Final = "!$%&'()*+,/:;=?@[]"
"""What stands in a query as it is, beside letters and digits (RFC 3986)."""

LARGEST: Final = 2**63 - 1
"""Whole numbers beyond it fit no store."""


def next_href(path: str, query: bytes, cursor: str) -> str:
    """The address of the following page: the same question, its query as it was sent, with the cursor that ends this
    one."""
    asked = query.decode() if query.isascii() else quote(query, safe=PLAIN)
    kept = [part for part in asked.split("&") if part and not part.startswith("cursor=")]
    return f"{path}?{'&'.join([*kept, f'cursor={cursor}'])}"


def fingerprint(question: object) -> str:
    """Short digest of what a cursor belongs to."""
    return hashlib.blake2b(repr(question).encode(), digest_size=8).hexdigest()


def encode_cursor(question: object, position: dict[str, Any]) -> str:
    body = json.dumps({"q": fingerprint(question), **position}, separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def decode_cursor(question: object, cursor: str) -> dict[str, Any]:
    """What `encode_cursor` put in; `Problem` where the cursor is damaged or of another question."""
    refused = Problem("cursor_invalid", "the cursor does not belong to this query: start without one")
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
        json.dumps(position, ensure_ascii=False).encode()  # half a surrogate pair is no text to look for
    except (ValueError, binascii.Error, RecursionError) as error:
        raise refused from error
    if not isinstance(position, dict) or position.pop("q", None) != fingerprint(question):
        raise refused
    if any(isinstance(value, int) and abs(value) > LARGEST for value in position.values()):
        raise refused
    return position


class ListCall:
    """`limit` and `cursor` of a call that lists: the page that is asked for, and where the next one is."""

    def __init__(
        self,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE, examples=[100])] = 100,
        cursor: Annotated[
            str | None,
            Query(
                max_length=LONGEST_CURSOR,
                description="of links[rel=next]",
                examples=["eyJxIjoiM2Y1YzFhYjkwZTdkMjQ2OCIsImFmdGVyIjoic25jZi1nYXJlczpnZG4ifQ"],
            ),
        ] = None,
    ) -> None:
        self._path = request.url.path
        self._raw_query: bytes = request.scope["query_string"]
        query = request.query_params.multi_items()
        self._identity = [self._path, sorted(q for q in query if q[0] not in ("limit", "cursor"))]
        after = None
        if cursor is not None:
            after = decode_cursor(self._identity, cursor).get("after")
            if not isinstance(after, str):
                raise Problem("cursor_invalid", "the cursor is damaged: start without one")
        self.page = Page(limit, after)

    def links(self, last: str | None) -> list[dict[str, str]]:
        """`rel=next` where rows follow the key `last`."""
        if last is None:
            return []
        cursor = encode_cursor(self._identity, {"after": last})
        return [{"rel": "next", "href": next_href(self._path, self._raw_query, cursor)}]


CurrentList = Annotated[ListCall, Depends()]
