"""`entrevue witness`: runs at an agency, beside its own systems, and co-signs a log as long as it only grows."""

import sys
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from broker.cli import keys
from broker.cli.client import http_client
from broker.cli.failures import UNREACHABLE, Failure
from broker.cli.options import ClientOptions, client_command
from broker.cli.output import tell, tell_json
from broker.clock import SystemClock
from broker.errors import SetupProblem
from broker.witness.client import LogClient
from broker.witness.models import Declined, Refused, Round, Unanswered
from broker.witness.service import Witness
from broker.witness.store import WitnessFolder, opened

EVERY_S: Final = 60.0


def add_to(app: typer.Typer) -> None:
    app.command("witness", help="Co-sign a broker's log for an agency, as long as it only grows.")(witness)


@client_command
def witness(
    options: ClientOptions,
    folder: Annotated[
        Path, typer.Option("--folder", help="Where this witness keeps its key and what it signed.")
    ] = Path("witness"),
    name: Annotated[
        str | None,
        typer.Option(help="Its name, such as metro.example/witness: the first time."),
    ] = None,
    log_key: Annotated[
        str | None,
        typer.Option("--log-key", help="The log's public key (vkey) or a file with it: the first time."),
    ] = None,
    show_key: Annotated[
        bool, typer.Option("--show-key", help="Print the witness's public key, and look at no log.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Look once.")] = False,
    every: Annotated[float, typer.Option(min=1, max=86_400, help="Seconds between two looks.")] = EVERY_S,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on after a refusal that somebody has looked into.")
    ] = False,
) -> None:
    try:
        with opened(folder, name, None if log_key is None else keys.log_key(log_key)) as its_own:
            if resume:
                its_own.write(its_own.state.model_copy(update={"alarm": None}))
            if show_key:
                _show_key(its_own, as_json=options.as_json)
            else:
                _watch(options, its_own, None if once else every)
    except SetupProblem as problem:
        raise Failure(str(problem)) from problem


def _show_key(folder: WitnessFolder, *, as_json: bool) -> None:
    key = folder.key.verifier.text
    if as_json:
        tell_json({"key": key, "log": folder.state.log})
    else:
        tell([key])


def _watch(options: ClientOptions, folder: WitnessFolder, every_s: float | None) -> None:
    client = LogClient(http_client(options))
    watching = Witness(folder, client, SystemClock())
    try:
        while True:
            failure = _look(watching, folder, options)
            if failure is not None:
                if every_s is None or folder.state.alarm is not None:
                    raise failure
                sys.stderr.write(f"entrevue: {failure.message}; will be tried again\n")
                sys.stderr.flush()
            if every_s is None:
                return
            time.sleep(every_s)
    finally:
        client.close()


def _look(watching: Witness, folder: WitnessFolder, options: ClientOptions) -> Failure | None:
    """One round, told; what was wrong with it."""
    try:
        seen = watching.round()
    except Refused as refused:
        if refused.evidence is None:
            return Failure(f"not co-signed: {refused.sentence}")
        evidence = folder.path_of(refused.evidence)
        return Failure(
            f"not co-signed, and nothing will be until somebody looks into it: {refused.sentence}; the evidence is in "
            f"{evidence}; `entrevue witness --resume` goes on afterwards"
        )
    except Declined as declined:
        return Failure(f"the broker refused: {declined}")
    except Unanswered as unanswered:
        return Failure(str(unanswered), UNREACHABLE)
    _tell(seen, options)
    return None


def _tell(seen: Round, options: ClientOptions) -> None:
    if options.as_json:
        tell_json(seen._asdict())
    elif seen.size is None:
        tell(["the log has no checkpoint yet"])
    elif seen.is_new:
        tell([f"co-signed: {seen.size} entries, root {seen.root}"])
    elif seen.handed_in:
        tell([f"handed in again: {seen.size} entries"])
