"""Options that many commands share, added to each by a decorator so that they are written once."""

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from broker.cli.failures import USAGE, Failure

JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's own JSON.")]
TokenFileOption = Annotated[
    Path | None, typer.Option("--token-file", help="File with the bearer token; else ENTREVUE_TOKEN.")
]
PurposeOption = Annotated[
    str | None, typer.Option("--purpose", envvar="ENTREVUE_PURPOSE", help="What this is for.")
]
CaseOption = Annotated[
    str | None, typer.Option("--case", envvar="ENTREVUE_CASE", help="Reference of the case.")
]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="The broker's configuration (TOML).")]
DataOption = Annotated[Path | None, typer.Option("--data", help="The broker's data folder.")]


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


@dataclass(frozen=True)
class DecisionOptions(HostOptions):
    """The same, as whom and why: for what the host may not decide by itself."""

    token: str | None
    purpose: str | None
    case_ref: str | None


def read_token(token_file: Path | None) -> str | None:
    """The token of the file, else of ENTREVUE_TOKEN; None where neither is given."""
    if token_file is None:
        return os.environ.get("ENTREVUE_TOKEN")
    try:
        return token_file.read_text().strip()
    except OSError as error:
        raise Failure(f"the token file {token_file} cannot be read: {error.strerror}", USAGE) from error
    except UnicodeDecodeError as error:
        raise Failure(f"the token file {token_file} holds no text", USAGE) from error


def _client(
    server: Annotated[
        str, typer.Option("--server", envvar="ENTREVUE_SERVER", help="Address of the broker.")
    ] = "http://127.0.0.1:8080",
    token_file: TokenFileOption = None,
    purpose: PurposeOption = None,
    case_ref: CaseOption = None,
    as_json: JsonOption = False,
) -> ClientOptions:
    return ClientOptions(server.rstrip("/"), read_token(token_file), purpose, case_ref, as_json)


def _host(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> HostOptions:
    return HostOptions(config, data, as_json)


def _decision(
    config: ConfigOption = None,
    data: DataOption = None,
    token_file: TokenFileOption = None,
    purpose: PurposeOption = None,
    case_ref: CaseOption = None,
    as_json: JsonOption = False,
) -> DecisionOptions:
    return DecisionOptions(config, data, as_json, read_token(token_file), purpose, case_ref)


def _with(build: Callable[..., Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Replaces the function's parameter `options` by the parameters of what builds it.

    Typer reads a command's signature. A decorated function shows its own parameters and then the shared
    ones; when it is called, the shared ones are built into `options`.
    """
    shared = inspect.signature(build).parameters

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = [p for name, p in inspect.signature(function).parameters.items() if name != "options"]
        keywords = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *shared.values())]

        @wraps(function)
        def command(**given: Any) -> None:
            built = build(**{name: given.pop(name) for name in shared})
            function(built, **given)

        command.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]  # read by Typer
        command.__annotations__ = {p.name: p.annotation for p in keywords}
        return command

    return decorate


client_command = _with(_client)
"""For commands that talk HTTP: `options`, their first parameter, is a `ClientOptions`."""

host_command = _with(_host)
"""For commands on the broker's own stores: `options`, their first parameter, is a `HostOptions`."""

decision_command = _with(_decision)
"""For an officer's decisions on the broker's own stores: `options`, their first parameter, is `DecisionOptions`."""


def command_group(help_text: str) -> typer.Typer:
    """A group such as `entrevue agency`; without a command it shows its help."""
    group = typer.Typer(help=help_text)
    group.callback(invoke_without_command=True)(show_help_without_command)
    return group


def places_group(app: typer.Typer) -> typer.Typer:
    """`entrevue places`, which has commands of the host and one of a client."""
    return _shared_group(app, "places", "Stations and streets by name.")


def agreement_group(app: typer.Typer) -> typer.Typer:
    """`entrevue agreement`, which has commands of the host and one of a client."""
    return _shared_group(app, "agreement", "What agencies let each other do.")


def _shared_group(app: typer.Typer, name: str, help_text: str) -> typer.Typer:
    """The group of that name: each module adds its own commands to it."""
    for known in app.registered_groups:
        if known.name == name and known.typer_instance is not None:
            return known.typer_instance
    group = command_group(help_text)
    app.add_typer(group, name=name)
    return group


def show_help_without_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(USAGE)
