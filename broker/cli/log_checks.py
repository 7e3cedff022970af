"""`entrevue audit verify`: holds the log against its signatures, on the host or on a copy of its data folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from broker.audit.tree.keys import read_log_key, witness_keys
from broker.audit.verification.models import KeptNote, Verification
from broker.audit.verification.service import Trusted, verify_log
from broker.cli import keys
from broker.cli.configured import settings_of
from broker.cli.failures import USAGE, Failure
from broker.cli.options import HostOptions, host_command
from broker.cli.output import print_json, print_lines, waiting
from broker.errors import SetupProblem
from broker.ledger.inspection import inspect
from broker.settings import Settings
from broker.stores import key_folder, ledger_place
from broker.transparency.notes import NOTE_LIMIT, VerifierKey, parse_vkey
from broker.witness.models import State
from broker.witness.store import read_state

MARKS: Final = {True: "proven    ", False: "not proven"}
FAILED: Final = "FAILED    "
NEWLINE: Final = "\n"
MOST_NAMED: Final = 5


def add_to(audit: typer.Typer) -> None:
    audit.command(
        "verify", help="Check the whole log against its tree, signatures and notes kept elsewhere."
    )(verify)


@host_command
def verify(
    options: HostOptions,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint's note that was kept elsewhere; repeatable.")
    ] = None,
    log_key: Annotated[
        str | None,
        typer.Option("--log-key", help="The log's public key (vkey) or a file with it, kept elsewhere."),
    ] = None,
    witness_state: Annotated[
        list[Path] | None,
        typer.Option("--witness-state", help="A witness's state.json, with all that it signed; repeatable."),
    ] = None,
) -> None:
    """Without --log-key or --witness-state the key in the data folder is believed, which whoever holds the host could
    have replaced."""
    settings = settings_of(options)
    kept = [KeptNote(str(file), _read(file)) for file in checkpoint or ()]
    try:
        states = [(file, read_state(file)) for file in witness_state or ()]
        kept += [note for file, state in states for note in _kept_by(file, state)]
        known = None if log_key is None else keys.log_key(log_key)
        for file, state in states:
            known = _agreed(known, file, state)
        trusted = Trusted(
            _own_key(settings) if known is None else known,
            witness_keys((a.id, a.witness) for a in settings.agency),
        )
        with waiting("checking the log"):
            verdict = inspect(ledger_place(settings), lambda c: verify_log(c, trusted, kept))
    except SetupProblem as problem:
        raise Failure(str(problem)) from problem
    if options.as_json:
        print_json(verdict.model_dump(mode="json"))
    else:
        print_lines(_told(verdict, kept, anchored=known is not None))
    if not verdict.ok:
        found = len(verdict.findings) + verdict.more
        raise Failure(f"the log is not as it was signed: {found} {'fault' if found == 1 else 'faults'}")


def _own_key(settings: Settings) -> VerifierKey:
    return read_log_key(key_folder(settings), settings.broker.origin).verifier


def _agreed(known: VerifierKey | None, file: Path, state: State) -> VerifierKey:
    """The log's key, which all who name it must have alike."""
    try:
        key = parse_vkey(state.log)
    except ValueError as error:
        raise Failure(f"{file} names no key of a log: {error}", USAGE) from error
    if known is not None and key != known:
        raise Failure(f"{file} is about the log {key.text}, and not about {known.text}", USAGE)
    return key


def _kept_by(file: Path, state: State) -> Iterator[KeptNote]:
    """The notes that a witness signed, smallest first."""
    for text in dict.fromkeys(filter(None, (state.first, *state.recent))):
        yield KeptNote(f"{file} at {text.split(NEWLINE, 2)[1]} entries", text)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(NOTE_LIMIT + 1).decode()
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}", USAGE) from error
    except UnicodeDecodeError as error:
        raise Failure(f"{file} holds no text", USAGE) from error


def _told(verdict: Verification, kept: list[KeptNote], *, anchored: bool) -> Iterator[str]:
    """What is proven, what is not, and every fault, a line each."""
    if verdict.ok and verdict.root is not None:
        yield f"{MARKS[True]}  {verdict.covered} entries are as the log signed them, root {verdict.root}"
        yield f"{MARKS[True]}  each of its {verdict.checkpoints} checkpoints continues the one before"
        yield from _continued(kept)
    for each in verdict.witnesses:
        yield f"{MARKS[True]}  {each.witness} co-signed {each.cosigned} checkpoints, the newest of {each.newest_size}"
    if verdict.erased:
        yield f"{MARKS[True]}  {verdict.erased} people were erased as the log itself says"
    waits = verdict.entries - verdict.covered
    if waits > 0:
        yield f"{MARKS[False]}  {waits} entries are not in the tree yet"
    if not anchored:
        yield f"{MARKS[False]}  the log's key is the host's own: give --log-key or --witness-state kept elsewhere"
    if not kept:
        yield f"{MARKS[False]}  nothing kept elsewhere was compared: a log that was rolled back looks whole by itself"
    if verdict.unknown_cosignatures:
        yield f"{MARKS[False]}  {verdict.unknown_cosignatures} cosignatures are of witnesses that are not configured"
    for found in verdict.findings:
        yield f"{FAILED}  {found.sentence}"
    if verdict.more:
        yield f"{FAILED}  {verdict.more} more faults are not listed"


def _continued(kept: list[KeptNote]) -> Iterator[str]:
    """What the log continues: a few by name, of more their number."""
    if len(kept) <= MOST_NAMED:
        for note in kept:
            yield f"{MARKS[True]}  the log continues {note.origin}"
    else:
        yield f"{MARKS[True]}  the log continues {kept[-1].origin}, and {len(kept) - 1} more notes kept elsewhere"
