"""Turns the options of a configured network into an adapter's own model. Never repeats a value: it may be a
secret in the wrong place."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from adapters.contract.errors import Misconfigured

Options = TypeVar("Options", bound=BaseModel)


def parse_options(model: type[Options], given: Mapping[str, Any]) -> Options:
    """`given` as `model`; `Misconfigured` names every option that is wrong, without repeating its value."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        known = ", ".join(model.model_fields)
        complaints = [
            f"{'.'.join(map(str, complaint['loc'])) or 'options'}: "
            + (
                f"not a known option (known here: {known})"
                if complaint["type"] == "extra_forbidden" and len(complaint["loc"]) == 1
                else complaint["msg"].removeprefix("Value error, ")
            )
            for complaint in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise Misconfigured("; ".join(complaints)) from error
