"""The entry of the command `entrevue`: puts the commands together and turns failures into exit statuses."""

import os
import sys

import click
import typer

from broker.cli import agencies, auditing, demo, doctor, fetching, holds, requests, search, serving, verifying
from broker.cli.failures import USAGE, Failure

app = typer.Typer(
    name="entrevue",
    help="A broker of video-surveillance metadata between agencies.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for part in (demo, serving, agencies, search, holds, requests, fetching, verifying, auditing, doctor):
    part.add_to(app)


def run() -> None:
    """Runs one command. Errors are one line on standard error."""
    try:
        outcome = app(standalone_mode=False)
        status = outcome if isinstance(outcome, int) else 0
    except Failure as failure:
        status = _complain(failure.message, failure.status)
    except click.UsageError as error:
        status = _complain(" ".join(error.format_message().split()), USAGE)
    except (click.Abort, KeyboardInterrupt):
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)


def _complain(message: str, status: int) -> int:
    sys.stderr.write(f"entrevue: {message}\n")
    return status


if __name__ == "__main__":
    run()
