"""Public keys of logs and witnesses in options: each is a vkey, or a file that holds one."""

from pathlib import Path
from typing import Final

from broker.cli.failures import USAGE, Failure
from broker.cli.texts import printable
from broker.transparency.notes import NOTE_LIMIT, KeyKind, VerifierKey, parse_vkey

OWNERS: Final = {KeyKind.NOTE: "a log", KeyKind.COSIGNATURE: "a witness"}


def log_key(given: str) -> VerifierKey:
    """The key that `--log-key` names."""
    return _key("--log-key", given, KeyKind.NOTE)


def witness_key(given: str) -> VerifierKey:
    """The key that `--witness-key` names."""
    return _key("--witness-key", given, KeyKind.COSIGNATURE)


def _key(option: str, given: str, kind: KeyKind) -> VerifierKey:
    text = given
    try:
        if "+" not in given or Path(given).is_file():
            with Path(given).open("rb") as file:
                text = file.read(NOTE_LIMIT).decode().strip()
    except OSError as error:
        raise Failure(f"{option} {given}: {error.strerror}", USAGE) from error
    except UnicodeDecodeError as error:
        raise Failure(f"{option} {given}: the file holds no text", USAGE) from error
    try:
        key = parse_vkey(text)
    except ValueError as error:
        raise Failure(f"{option}: {printable(str(error))}", USAGE) from error
    if key.kind is not kind:
        raise Failure(f"{option}: this is the key of {OWNERS[key.kind]}, not of {OWNERS[kind]}", USAGE)
    return key
