"""Addresses of one thing. Ids that people type become one step of a path, never several."""

import re
from typing import Final

from broker.cli.failures import USAGE, Failure

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def request_path(request_id: str, *more: str) -> str:
    return "/".join(("/v1/requests", _checked(request_id, "request"), *more))


def hold_path(hold_id: str) -> str:
    return f"/v1/holds/{_checked(hold_id, 'hold')}"


def _checked(given: str, what: str) -> str:
    if _ID.fullmatch(given) is None:
        raise Failure(f"{given!r} is not the id of a {what}", USAGE)
    return given
