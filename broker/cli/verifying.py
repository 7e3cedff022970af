"""`entrevue verify`: offline, on a clip or a bundle."""

from pathlib import Path
from typing import Annotated, Final

import typer

from broker.cli import keys
from broker.cli.configured import settings_of
from broker.cli.failures import USAGE, Failure
from broker.cli.options import HostOptions, host_command
from broker.cli.output import print_json, print_lines, waiting
from broker.evidence.bundle.errors import SubjectUnreadable, TrustUnreadable
from broker.evidence.bundle.log_proofs import LogTrust
from broker.evidence.bundle.verify import verify_file

MARKS: Final = {"proven": "proven    ", "failed": "FAILED    ", "not_proven": "not proven"}


def add_to(app: typer.Typer) -> None:
    app.command("verify", help="Say what a clip or bundle proves, by whom, and what not.")(verify)


@host_command
def verify(
    options: HostOptions,
    file: Annotated[Path, typer.Argument(help="A clip (.mp4) or a bundle (.zip).")],
    trust: Annotated[
        list[Path] | None, typer.Option(help="Certificate (PEM) of an agency that you trust; repeatable.")
    ] = None,
    log_key: Annotated[
        str | None, typer.Option("--log-key", help="The log's public key (vkey) or a file with it.")
    ] = None,
    witness_key: Annotated[
        list[str] | None,
        typer.Option("--witness-key", help="A witness's public key (vkey) or a file with it; repeatable."),
    ] = None,
) -> None:
    """With `--config` or `--data` the agencies of that broker are trusted too, by the roots in its folder."""
    named = LogTrust(
        None if log_key is None else keys.log_key(log_key),
        tuple(keys.witness_key(given) for given in witness_key or ()),
    )
    try:
        anchors = [certificate.read_bytes() for certificate in (*(trust or ()), *_roots(options))]
        with waiting(f"checking {file}"):
            checked = verify_file(file, anchors, named)
    except OSError as error:
        raise Failure(f"the certificate cannot be read: {error}", USAGE) from error
    except TrustUnreadable as error:
        raise Failure(str(error), USAGE) from error
    except SubjectUnreadable as error:
        raise Failure(str(error)) from error
    if options.as_json:
        print_json(checked.model_dump(mode="json"))
    else:
        print_lines(f"{MARKS[f.result]}  {f.sentence}" for f in checked.findings)
    if not checked.ok:
        wrong = sum(1 for finding in checked.findings if finding.result == "failed")
        raise Failure(f"{file}: {wrong} of {len(checked.findings)} checks failed")


def _roots(options: HostOptions) -> list[Path]:
    """Where the named broker keeps its agencies' roots; nothing is trusted where none is named."""
    if options.config is None and options.data is None:
        return []
    folder = settings_of(options).broker.data / "keys"
    found = sorted(folder.glob("*/root.pem"))
    if not found:
        raise Failure(f"{folder} holds no agency's root: nothing was sealed there yet", USAGE)
    return found
