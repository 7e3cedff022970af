"""Addresses of one thing. Ids that people type become one step of a path, never several."""

import re
from typing import Final

from broker.cli.failures import USAGE, Failure

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CHOSEN_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""Of what the configuration names."""


def request_path(request_id: str, *more: str) -> str:
    return "/".join(("/v1/requests", _checked(request_id, "a request"), *more))


def hold_path(hold_id: str) -> str:
    return f"/v1/holds/{_checked(hold_id, 'a hold')}"


def emergency_path(emergency_id: str, *more: str) -> str:
    return "/".join(("/v1/emergencies", _checked(emergency_id, "an emergency"), *more))


def message_path(message_id: str, *more: str) -> str:
    return "/".join(("/v1/messages", _checked(message_id, "a message"), *more))


def agreement_path(agreement_id: str, *more: str) -> str:
    return "/".join(("/v1/agreements", _checked(agreement_id, "an agreement", _CHOSEN_ID), *more))


def _checked(given: str, what: str, form: re.Pattern[str] = _ID) -> str:
    if form.fullmatch(given) is None:
        raise Failure(f"{given!r} is not the id of {what}", USAGE)
    return given
