"""Options of a network that is nothing but lists."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from adapters.lists.config import CameraFile, ListOptions, as_tables


class CameraListOptions(ListOptions):
    """As `ListOptions`, with at least one list of cameras."""

    cameras: Annotated[tuple[CameraFile, ...], BeforeValidator(as_tables), Field(min_length=1)]
