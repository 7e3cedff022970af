"""A witness's folder: its key, what it has signed, and the evidence of what it refused.

| file | holds |
| --- | --- |
| `key.pem` | the private key (Ed25519, PKCS #8) |
| `state.json` | a `State` |
| `evidence/` | an `Evidence` a file |
| `lock` | nothing: held by the witness that runs |
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from broker.errors import SetupProblem
from broker.private_files import put_new, replace
from broker.transparency.notes import (
    KeyKind,
    MalformedNote,
    NotSigned,
    SigningKey,
    VerifierKey,
    cosignatures,
    new_key,
    open_checkpoint,
    parse_vkey,
    read_key,
)
from broker.witness.models import Evidence, State

KEY: Final = "key.pem"
STATE: Final = "state.json"
EVIDENCE: Final = "evidence"
LOCK: Final = "lock"
_OTHERS_MAY_READ: Final = 0o077


class WitnessFolder:
    """One witness's, while it is open. `state` is what was last written."""

    def __init__(self, folder: Path, state: State, key: SigningKey) -> None:
        self._folder = folder
        self._state = state
        self.key: Final = key

    @property
    def state(self) -> State:
        return self._state

    def write(self, state: State) -> None:
        """Durable on return."""
        _write_state(self._folder, state)
        self._state = state

    def keep_evidence(self, evidence: Evidence) -> str:
        """Writes it down and raises the alarm; the file's name."""
        content = evidence.model_dump_json(indent=2).encode() + b"\n"
        when = f"{evidence.at:%Y-%m-%dT%H-%M-%SZ}-{evidence.wrong.value}"
        with _reaching(self._folder):
            (self._folder / EVIDENCE).mkdir(mode=0o700, exist_ok=True)
            name, number = f"{when}.json", 1
            while not put_new(self._folder / EVIDENCE / name, content):
                number += 1
                name = f"{when}-{number}.json"
        self.write(self._state.model_copy(update={"alarm": name}))
        return name

    def read_evidence(self, name: str) -> Evidence:
        file = self._folder / EVIDENCE / name
        with _reaching(self._folder):
            try:
                return Evidence.model_validate_json(file.read_bytes())
            except FileNotFoundError as error:
                raise SetupProblem(f"the evidence {file} is gone: put it back") from error
            except ValidationError as error:
                raise SetupProblem(f"the evidence {file} is damaged: restore it from a backup") from error

    def path_of(self, evidence: str) -> Path:
        return self._folder / EVIDENCE / evidence


@contextmanager
def opened(folder: Path, name: str | None, log: VerifierKey | None) -> Iterator[WitnessFolder]:
    """The folder, made at the first call, which needs a name and the log's key. `SetupProblem` where another witness
    has it open, where something in it is damaged or missing, or where it is another witness's or another log's."""
    with _reaching(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder):
        state = _state(folder, name, log)
        key = _key(folder, state)
        if state.key is None:
            state = state.model_copy(update={"key": key.verifier.text})
            _write_state(folder, state)
        _check(folder, state, key)
        yield WitnessFolder(folder, state, key)


def read_state(file: Path) -> State:
    """A witness's memory, in a file of this form; `SetupProblem` where it is none."""
    try:
        return State.model_validate_json(file.read_bytes())
    except OSError as error:
        raise SetupProblem(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise SetupProblem(f"{file} is not what a witness keeps, or it is damaged") from error


def _write_state(folder: Path, state: State) -> None:
    with _reaching(folder):
        replace(folder / STATE, state.model_dump_json(indent=2).encode() + b"\n")


def _state(folder: Path, name: str | None, log: VerifierKey | None) -> State:
    file = folder / STATE
    if not file.exists():
        return _begun(folder, name, log)
    try:
        state = read_state(file)
        parse_vkey(state.log)
    except (SetupProblem, ValueError) as error:
        raise SetupProblem(
            f"{file} cannot be used: restore it from a backup; a witness that forgets could sign a second history"
        ) from error
    if name is not None and name != state.name:
        raise SetupProblem(f"{folder} is the witness {state.name}'s: choose another folder for {name}")
    if log is not None and log.text != state.log:
        raise SetupProblem(
            f"{folder} watches the log {state.log}: another log, or another key of it, needs a witness of its own"
        )
    return state


def _begun(folder: Path, name: str | None, log: VerifierKey | None) -> State:
    """The first thing written: nothing can have been signed before."""
    if (folder / KEY).exists():
        raise SetupProblem(
            f"{folder} holds a key and no {STATE}: restore it from a backup, or begin anew with another folder"
        )
    if name is None or log is None:
        raise SetupProblem(f"{folder} holds no witness yet: give --name and --log-key to begin one")
    try:
        new_key(name, KeyKind.COSIGNATURE)
    except ValueError as error:
        raise SetupProblem(f"{name!r} cannot be a witness's name: {error}") from error
    state = State(name=name, key=None, log=log.text, first=None, recent=(), pending=False, alarm=None)
    _write_state(folder, state)
    return state


def _key(folder: Path, state: State) -> SigningKey:
    file = folder / KEY
    with _reaching(folder):
        if state.key is None:
            put_new(file, new_key(state.name, KeyKind.COSIGNATURE).pem())
        try:
            if file.stat().st_mode & _OTHERS_MAY_READ:
                raise SetupProblem(f"the witness's key {file} is open to others: chmod 600 {file}")
            return read_key(file.read_bytes(), state.name, KeyKind.COSIGNATURE)
        except FileNotFoundError as error:
            raise SetupProblem(f"the witness's key {file} is gone: restore it from a backup") from error
        except ValueError as error:
            raise SetupProblem(f"the witness's key {file} cannot be used: {error}") from error


def _check(folder: Path, state: State, key: SigningKey) -> None:
    """Passes where the key is the one that signed, and everything kept is the log's and signed by it."""
    verifier, log = key.verifier, parse_vkey(state.log)
    if state.key != verifier.text:
        raise SetupProblem(f"{folder / KEY} is not the key {state.key} that signed: restore it from a backup")
    size = -1
    for kept in state.recent:
        try:
            checkpoint, note = open_checkpoint(kept, log)
            ours = cosignatures(note, [verifier])
        except (MalformedNote, NotSigned) as error:
            raise SetupProblem(f"{folder / STATE} is damaged ({error}): restore it from a backup") from error
        if not ours or checkpoint.size <= size:
            raise SetupProblem(f"{folder / STATE} is damaged: restore it from a backup")
        size = checkpoint.size


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with _reaching(folder):
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SetupProblem(f"another witness runs on {folder}") from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _reaching(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        raise SetupProblem(
            f"the witness's folder {folder} cannot be used: {where}: {error.strerror}"
        ) from error
