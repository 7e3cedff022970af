"""The log's own key, an Ed25519 key in one private file, made when there is none, and the keys of witnesses.

The name of the log's key is its origin.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from broker.errors import SetupProblem
from broker.private_files import put_new
from broker.transparency.notes import KeyKind, SigningKey, VerifierKey, new_key, parse_vkey, read_key

FILE: Final = "log.pem"
_OTHERS_MAY_READ: Final = 0o077


def open_log_key(folder: Path, origin: str) -> SigningKey:
    """The key in the folder, made at the first call; processes that make it at once all get the same one.

    `SetupProblem` where it cannot be read, is damaged, or others may read it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / FILE).exists():
            _make(folder, origin)
        return read_log_key(folder, origin)
    except OSError as error:
        raise SetupProblem(f"the log's key {folder / FILE} cannot be opened: {error.strerror}") from error


def read_log_key(folder: Path, origin: str) -> SigningKey:
    """The key that is there; `SetupProblem` where none can be used."""
    file = folder / FILE
    try:
        if file.stat().st_mode & _OTHERS_MAY_READ:
            raise SetupProblem(f"the log's key {file} is open to others: chmod 600 {file}")
        return read_key(file.read_bytes(), origin, KeyKind.NOTE)
    except FileNotFoundError as error:
        raise SetupProblem(f"there is no log key {file} yet: it is made when the broker starts") from error
    except OSError as error:
        raise SetupProblem(f"the log's key {file} cannot be opened: {error.strerror}") from error
    except ValueError as error:
        raise SetupProblem(f"the log's key {file} cannot be used: {error}") from error


def witness_keys(stated: Iterable[tuple[str, str | None]]) -> tuple[VerifierKey, ...]:
    """The keys of agencies' witnesses, as the configuration states them; `SetupProblem` for what is none."""
    found = []
    for agency, text in stated:
        if text is None:
            continue
        try:
            key = parse_vkey(text)
        except ValueError as error:
            raise SetupProblem(f"agency {agency!r}: witness: {error}") from error
        if key.kind is not KeyKind.COSIGNATURE:
            raise SetupProblem(f"agency {agency!r}: witness: this key signs notes and is no witness's")
        found.append(key)
    if len({key.name for key in found}) < len(found):
        raise SetupProblem("two agencies' witnesses have keys of one name: each needs its own")
    return tuple(found)


def _make(folder: Path, origin: str) -> None:
    """Never in the place of another."""
    try:
        pem = new_key(origin, KeyKind.NOTE).pem()
    except ValueError as error:
        raise SetupProblem(f"{origin!r} cannot be the log's origin: {error}") from error
    put_new(folder / FILE, pem)
