"""Holds exchanges with a server to its published OpenAPI document, more strictly than the document itself: what it
does not name must not be sent, asked or answered."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import yaml

from tests.servers.exchanges import Exchange


class Undocumented(AssertionError):
    """Something that the document does not have."""


class ApiDocument:
    """`prefix` is what comes before the document's paths, as its servers have it."""

    def __init__(self, file: Path, prefix: str = "") -> None:
        self._prefix = prefix
        self._document: dict[str, Any] = strict(yaml.safe_load(file.read_text()))
        self._templates = [
            (
                re.compile(
                    re.sub(
                        r"\\{\w+\\}",
                        "(.+)" if template.endswith("{name}") else "([^/]+)",
                        re.escape(template),
                    )
                ),
                template,
            )
            for template in sorted(self._document["paths"], key=lambda template: template.count("{"))
        ]

    def check(self, exchange: Exchange) -> str:
        """The operation's id; `Undocumented` says what does not fit."""
        operation, found = self._operation(exchange)
        self._check_parameters(exchange, operation, found)
        self._check_body(exchange, operation)
        self._check_answer(exchange, operation)
        return str(operation["operationId"])

    def _operation(self, exchange: Exchange) -> tuple[dict[str, Any], tuple[str, ...]]:
        for pattern, template in self._templates:
            found = pattern.fullmatch(exchange.path.removeprefix(self._prefix))
            if found and exchange.method.lower() in self._document["paths"][template]:
                return self._document["paths"][template][exchange.method.lower()], found.groups()
        raise Undocumented(f"no operation {exchange.method} {exchange.path}")

    def _check_parameters(
        self, exchange: Exchange, operation: dict[str, Any], in_path: tuple[str, ...]
    ) -> None:
        documented = [self._resolved(each) for each in operation.get("parameters", [])]
        query = {each["name"]: each for each in documented if each["in"] == "query"}
        paths = [each for each in documented if each["in"] == "path"]
        given = dict(exchange.query)
        if unknown := given.keys() - query.keys():
            raise Undocumented(f"{operation['operationId']} takes no {sorted(unknown)}")
        if missing := {name for name, each in query.items() if each.get("required")} - given.keys():
            raise Undocumented(f"{operation['operationId']} needs {sorted(missing)}")
        for name, text in given.items():
            self._check_value(text, query[name])
        for each, text in zip(paths, in_path, strict=True):
            self._check_value(unquote(text), each)

    def _check_value(self, text: str, parameter: dict[str, Any]) -> None:
        """A text in an address is what the schema wants of it."""
        if not any(self._fits(value, parameter["schema"]) for value in _readings(text)):
            raise Undocumented(f"{parameter['name']}={text} is not {parameter['schema']}")

    def _check_body(self, exchange: Exchange, operation: dict[str, Any]) -> None:
        body = operation.get("requestBody")
        if body is None:
            if exchange.body:
                raise Undocumented(f"{operation['operationId']} takes no body")
            return
        schema = body["content"]["application/json"]["schema"]
        if not self._fits(json.loads(exchange.body), schema):
            raise Undocumented(f"{operation['operationId']} was sent {exchange.body!r}")

    def _check_answer(self, exchange: Exchange, operation: dict[str, Any]) -> None:
        documented = self._resolved(operation["responses"].get(str(exchange.status), {}))
        contents = documented.get("content", {})
        if exchange.media_type not in contents and "application/json" not in contents:
            raise Undocumented(f"{operation['operationId']}: {exchange.status} {exchange.media_type}")
        schema = contents.get(exchange.media_type, contents.get("application/json", {}))["schema"]
        if exchange.media_type != "application/json":
            if schema and schema.get("format") != "binary":
                raise Undocumented(f"{operation['operationId']} answers JSON, not {exchange.media_type}")
            return
        for error in self._validator(schema).iter_errors(json.loads(exchange.answer)):
            raise Undocumented(f"{operation['operationId']} answered {error.instance_path}: {error.message}")

    def _fits(self, value: Any, schema: dict[str, Any]) -> bool:
        return self._validator(schema).is_valid(value)

    def _validator(self, schema: dict[str, Any]) -> Any:
        whole = {**schema, "components": self._document.get("components", {})}
        return jsonschema_rs.Draft202012Validator(whole)

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        found: Any = part
        while "$ref" in found:
            at: Any = self._document
            for key in found["$ref"].removeprefix("#/").split("/"):
                at = at[key]
            found = at
        return dict(found)


def strict(part: Any) -> Any:
    """The document as JSON Schema of 2020-12 reads it: `nullable` is spelt out, objects have no further keys, and one
    of several alike shapes may be any of them."""
    if isinstance(part, list):
        return [strict(each) for each in part]
    if not isinstance(part, dict):
        return part
    made = {
        "anyOf" if key == "oneOf" else key: strict(value) for key, value in part.items() if key != "nullable"
    }
    if "properties" in made and isinstance(made["properties"], dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    if part.get("nullable") is True:
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _readings(text: str) -> list[Any]:
    """What a text in an address can mean."""
    readings: list[Any] = [text]
    for read in (int, float):
        try:
            readings.append(read(text))
        except ValueError:
            continue
    return readings
