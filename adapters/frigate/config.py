"""Options of a Frigate server. Owns their shape."""

from typing import Annotated

from pydantic import Field

from adapters.lists.config import ListOptions
from adapters.transport.config import Seconds
from adapters.transport.sessions import SignInOptions


class FrigateOptions(SignInOptions, ListOptions):
    """`url` is where Frigate's pages are; its API is at `/api` below it. `export_wait_s` is how long the making of a
    hold's exports is waited for at once: an order that takes longer is tried again."""

    cookie_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] = "frigate_token"
    export_wait_s: Seconds = 20
    export_poll_s: Seconds = 0.5
