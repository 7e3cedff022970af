"""Options of a ZoneMinder server. Owns their shape."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from adapters.lists.config import ListOptions
from adapters.transport.sessions import SignInOptions


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Paris") from error
    return name


class ZoneMinderOptions(SignInOptions, ListOptions):
    """`url` ends where ZoneMinder's pages begin, usually `/zm`; the API is at `/api` below it. `timezone` is the
    server's, where it is not to be asked."""

    timezone: Annotated[str, AfterValidator(_known_zone)] | None = None
    streaming_path: Annotated[str, Field(pattern=r"^/\S+$")] = "/cgi-bin/nph-zms"
