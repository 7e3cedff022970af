"""The entry of the command `entrevue`: puts the commands together and turns failures into exit statuses."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Final

import typer

from broker.cli.failures import REFUSED, USAGE, Failure, Stopped
from broker.cli.options import show_help_without_command
from broker.cli.output import ReaderGone
from broker.cli.texts import printable

INTERRUPTED: Final = 130
TRACE: Final = "ENTREVUE_TRACE"

MODULES: Final[dict[str, str]] = {
    "demo": "broker.cli.demo",
    "serve": "broker.cli.serving",
    "api": "broker.cli.serving",
    "ingest": "broker.cli.ingesting",
    "worker": "broker.cli.serving",
    "search": "broker.cli.search",
    "request": "broker.cli.requests",
    "requests": "broker.cli.requests",
    "show": "broker.cli.requests",
    "approve": "broker.cli.requests",
    "deny": "broker.cli.requests",
    "cancel": "broker.cli.requests",
    "attach": "broker.cli.requests",
    "outcome": "broker.cli.requests",
    "fetch": "broker.cli.fetching",
    "verify": "broker.cli.verifying",
    "hold": "broker.cli.holds",
    "stop": "broker.cli.holds",
    "register": "broker.cli.registers",
    "release": "broker.cli.holds",
    "retention": "broker.cli.retaining",
    "agency": "broker.cli.agencies",
    "officer": "broker.cli.officers",
    "agreement": "broker.cli.agencies",
    "agreement dry-run": "broker.cli.dry_runs",
    "policy": "broker.cli.policy",
    "emergency": "broker.cli.emergencies",
    "message": "broker.cli.messages",
    "places": "broker.cli.places",
    "places find": "broker.cli.finding",
    "audit": "broker.cli.auditing",
    "witness": "broker.cli.witnessing",
    "adapter": "broker.cli.adapters",
    "doctor": "broker.cli.doctor",
}
"""Command → where it is; `--help` shows them in this order. A group's command may have a module of its own."""


def command_line(*words: str) -> typer.Typer:
    """The commands. Where the first words name one, its module alone is loaded: a client's command does not
    wait for the libraries of a server."""
    app = typer.Typer(
        name="entrevue",
        help="A broker of video-surveillance metadata between agencies.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback(invoke_without_command=True)(entrevue)
    for module in _modules_of(words):
        import_module(module).add_to(app)
    return app


def _modules_of(words: Sequence[str]) -> list[str]:
    """Where the command is that these words begin, its group's too; all where they begin none."""
    if len(words) > 1 and (alone := MODULES.get(f"{words[0]} {words[1]}")) is not None:
        return [alone]
    wanted = [module for name, module in MODULES.items() if words and name.partition(" ")[0] == words[0]]
    return list(dict.fromkeys(wanted or MODULES.values()))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"entrevue {version('entrevue')}")
        raise typer.Exit


def entrevue(
    context: typer.Context,
    show_version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    show_help_without_command(context)


def run() -> None:
    """Runs one command. Errors are one line on standard error."""
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal of any encoding
        app = command_line(*sys.argv[1:])
        outcome = app(standalone_mode=False, prog_name="entrevue")
        status = outcome if isinstance(outcome, int) else 0
        sys.stdout.flush()
    except Failure as failure:
        status = _complain(failure.message, failure.status)
    except Stopped as stopped:
        status = stopped.status
    except typer.TyperException as error:
        status = _complain(_usage(error), USAGE)
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except (ReaderGone, BrokenPipeError):
        # whoever read us has seen enough; what is still buffered goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except Exception as error:
        if os.environ.get(TRACE):
            raise
        detail = printable(" ".join(str(error).split()))[:300]
        status = _complain(
            f"failed inside, which is a bug ({type(error).__name__}: {detail}); {TRACE}=1 shows where",
            REFUSED,
        )
    sys.exit(status)


def _usage(error: typer.TyperException) -> str:
    """What is wrong with the command line, and where it is explained."""
    message = printable(" ".join(error.format_message().split())).rstrip(".")
    context = getattr(error, "ctx", None)
    return message if context is None else f"{message}: see `{context.command_path} --help`"


def _complain(message: str, status: int) -> int:
    sys.stderr.write(f"entrevue: {message}\n")
    return status


if __name__ == "__main__":
    run()
