"""Reads an OpenAPI document and says what it leaves undescribed, and which of its examples are none."""

from collections.abc import Iterator
from typing import Any

from jsonschema_rs import Draft202012Validator

Json = dict[str, Any]

OPEN = ("/health/", "/metrics", "/auth/")
JSON_TYPES = ("application/json", "application/geo+json", "application/problem+json")


def complaints(document: Json) -> Iterator[str]:
    """What is missing or wrong, each with where."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for complaint in _undescribed(document, path, operation):
                yield f"{method.upper()} {path}: {complaint}"
    yield from _wrong_examples(document, document, "")


def _undescribed(document: Json, path: str, operation: Json) -> Iterator[str]:
    if not operation.get("summary"):
        yield "no summary"
    schemes = document["components"].get("securitySchemes", {})
    named = [name for requirement in operation.get("security", ()) for name in requirement]
    if path.startswith(OPEN) and operation.get("security") != []:
        yield "is not shown as open"
    if not path.startswith(OPEN) and (not named or set(named) - set(schemes)):
        yield "no security scheme"
    for parameter in operation.get("parameters", ()):
        if not list(_examples(document, parameter)):
            yield f"no example of {parameter['name']}"
    contents = {"body": operation.get("requestBody", {}).get("content", {})}
    for status, response in operation["responses"].items():
        contents[f"answer {status}"] = _resolved(document, response).get("content", {})
    for what, content in contents.items():
        for media_type, shown in content.items():
            if media_type in JSON_TYPES and not list(_examples(document, shown)):
                yield f"no example of the {what}"


def _examples(document: Json, shown: Json) -> Iterator[Any]:
    """Those of a parameter or a media type: its own, else its schema's."""
    yield from (example["value"] for example in shown.get("examples", {}).values())
    schema = _resolved(document, shown.get("schema", {}))
    for choice in (schema, *schema.get("anyOf", ())):
        yield from _resolved(document, choice).get("examples", ())


def _resolved(document: Json, part: Json) -> Json:
    if "$ref" not in part:
        return part
    found: Any = document
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return {**found, **part}


def _wrong_examples(document: Json, part: Any, where: str) -> Iterator[str]:
    """Every example that its own schema refuses, wherever in the document it stands."""
    if isinstance(part, list):
        for n, inner in enumerate(part):
            yield from _wrong_examples(document, inner, f"{where}/{n}")
    if not isinstance(part, dict):
        return
    schema, found = part.get("schema"), part.get("examples")
    if isinstance(found, list):
        for example in found:
            yield from _refused(document, part, example, where)
    elif isinstance(found, dict) and schema is not None:
        for example in found.values():
            yield from _refused(document, schema, example["value"], where)
    for name, inner in part.items():
        if name != "examples":
            yield from _wrong_examples(document, inner, f"{where}/{name}")


def _refused(document: Json, schema: Json, example: Any, where: str) -> Iterator[str]:
    whole = {name: value for name, value in schema.items() if name != "examples"}
    validator = Draft202012Validator(whole | {"components": document["components"]}, validate_formats=True)
    for error in validator.iter_errors(example):
        yield f"{where}: {example!r} is no example: {error.message}"
