"""Options of a network that is nothing but lists."""

from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from adapters.lists.config import CameraFile, ListOptions, as_tables
from adapters.transport.config import HttpOptions


class HostOptions(HttpOptions):
    """One server from which pictures may be fetched: scheme, host and port, without a path."""

    @model_validator(mode="after")
    def _is_a_whole_server(self) -> Self:
        if urlsplit(self.url).path:
            raise ValueError("a host is written without a path: https://host or https://host:port")
        return self


def _as_hosts(given: Any) -> Any:
    if not isinstance(given, list | tuple):
        return given
    return [{"url": host} if isinstance(host, str) else host for host in given]


class CameraListOptions(ListOptions):
    """As `ListOptions`, with at least one list of cameras, and the servers that its pictures may come from."""

    cameras: Annotated[tuple[CameraFile, ...], BeforeValidator(as_tables), Field(min_length=1)]
    hosts: Annotated[tuple[HostOptions, ...], BeforeValidator(_as_hosts)] = ()
