"""Options that many commands share, added to each by a decorator so that they are written once."""

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's own JSON.")]


@dataclass(frozen=True)
class ClientOptions:
    """How to reach a broker, as whom and why."""

    server: str
    token: str | None
    purpose: str | None
    case_ref: str | None
    as_json: bool


@dataclass(frozen=True)
class HostOptions:
    """Which broker's stores to work on."""

    config: Path | None
    data: Path | None
    as_json: bool


def _client(
    server: Annotated[
        str, typer.Option("--server", envvar="ENTREVUE_SERVER", help="Address of the broker.")
    ] = "http://127.0.0.1:8080",
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="File with the bearer token; else ENTREVUE_TOKEN.")
    ] = None,
    purpose: Annotated[
        str | None, typer.Option("--purpose", envvar="ENTREVUE_PURPOSE", help="What this is for.")
    ] = None,
    case_ref: Annotated[
        str | None, typer.Option("--case", envvar="ENTREVUE_CASE", help="Reference of the case.")
    ] = None,
    as_json: JsonOption = False,
) -> ClientOptions:
    if token_file is not None:
        try:
            token: str | None = token_file.read_text().strip()
        except OSError as error:
            raise typer.BadParameter(
                f"the token file {token_file} cannot be read: {error.strerror}"
            ) from error
    else:
        token = os.environ.get("ENTREVUE_TOKEN")
    return ClientOptions(server.rstrip("/"), token, purpose, case_ref, as_json)


def _host(
    config: Annotated[
        Path | None, typer.Option("--config", help="The broker's configuration (TOML).")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="The broker's data folder.")] = None,
    as_json: JsonOption = False,
) -> HostOptions:
    return HostOptions(config, data, as_json)


def _with(build: Callable[..., Any], parameter: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Replaces the function's parameter of that name by the builder's own parameters."""
    shared = inspect.signature(build).parameters

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = [p for name, p in inspect.signature(function).parameters.items() if name != parameter]

        @wraps(function)
        def command(**given: Any) -> None:
            built = build(**{name: given.pop(name) for name in shared})
            function(**given, **{parameter: built})

        merged = [*own, *shared.values()]
        keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in merged]
        command.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]  # read by Typer
        command.__annotations__ = {p.name: p.annotation for p in keyword}
        return command

    return decorate


client_command = _with(_client, "options")
"""For commands that talk HTTP: `options` is a `ClientOptions`."""

host_command = _with(_host, "options")
"""For commands on the broker's own stores: `options` is a `HostOptions`."""
