"""A recorder's complete answer, and what may be read from it. Everything that is not what was expected is
`Malformed`, without repeating it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import TypeAdapter, ValidationError

from adapters.contract.complaints import complaints
from adapters.contract.errors import Malformed

Shape = TypeVar("Shape")
DEEPEST_XML = 100


@dataclass(frozen=True)
class Answer:
    """Status, headers (names in lower case) and body. `call` says in errors what was asked."""

    call: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """Lower case, without parameters; empty where the recorder does not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def content(self, *media_types: str) -> bytes:
        """The body, whose media type must be one of these; `text/*` allows every text."""
        if not any(_fits(self.media_type, wanted) for wanted in media_types):
            told = repr(self.media_type[:80]) if self.media_type else "nothing"
            raise Malformed(f"{self.call} promised {' or '.join(media_types)} and answered {told}")
        return self.body

    def json(self, *also: str) -> Any:
        """The decoded JSON; `also` names further media types under which this recorder sends it."""
        body = self.content("application/json", "text/json", "*+json", *also)
        try:
            return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise Malformed(f"{self.call} answered JSON that cannot be read") from error

    def shaped(self, shape: type[Shape], *also: str) -> Shape:
        """The JSON as a pydantic model, or any type that pydantic knows."""
        return as_shape(shape, self.json(*also), self.call)

    def text(self, *also: str) -> str:
        """The text by its stated charset, else UTF-8."""
        body = self.content("text/*", *also)
        try:
            return body.decode(self._charset)
        except (UnicodeDecodeError, LookupError) as error:
            raise Malformed(f"{self.call} answered text that is not {self._charset}") from error

    def xml(self, *also: str) -> Element:
        """The root; documents that declare types or entities, or nest too deeply, are refused."""
        body = self.content("application/xml", "text/xml", "*+xml", *also)
        try:
            root: Element = fromstring(body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            raise Malformed(f"{self.call} answered XML that cannot be read") from error
        if _deeper_than(root, DEEPEST_XML):
            raise Malformed(f"{self.call} answered XML that nests more than {DEEPEST_XML} deep")
        return root

    @property
    def _charset(self) -> str:
        for parameter in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip('"')[:40] or "utf-8"
        return "utf-8"


def as_shape(shape: type[Shape], value: Any, call: str) -> Shape:
    """The decoded value as the shape; `Malformed` names the fields that do not fit."""
    try:
        return TypeAdapter(shape).validate_python(value)
    except ValidationError as error:
        wrong = "; ".join(complaints(error)[:3])
        raise Malformed(f"{call} answered something else than expected: {wrong}") from error


def _fits(media_type: str, wanted: str) -> bool:
    if wanted.startswith("*"):
        return media_type.endswith(wanted[1:])
    return media_type.startswith(wanted[:-1]) if wanted.endswith("*") else media_type == wanted


def _deeper_than(root: Element, limit: int) -> bool:
    """Without recursion: the depth is what is in question."""
    level = [root]
    for _ in range(limit):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True
