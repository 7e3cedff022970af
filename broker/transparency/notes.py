"""Signed notes, checkpoints and cosignatures, as C2SP writes them: pure functions over text, no files, no clock.

Formats: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-cosignature (v1 alone).
What is not exactly of the form is `MalformedNote`; what no given key signed, or a given key did not, is `NotSigned`.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

NOTE_LIMIT: Final = 64 * 1024
"""Bytes; a longer note is not read."""
MOST_SIGNATURES: Final = 100
MARK: Final = "— "
"""How a signature's line begins: em dash, blank."""
HASH_BYTES: Final = 32
KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 4
SIGNATURE_BYTES: Final = 64
TIME_BYTES: Final = 8
LATEST: Final = 2**63 - 1
"""Largest size of a tree, and largest time of a cosignature in seconds."""

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}")


class MalformedNote(Exception):
    """The text is not of the form; the message says where it is not."""


class NotSigned(Exception):
    """No given key signed this, or a signature that names one of them is not its own."""


class KeyKind(IntEnum):
    """What a key signs: notes, or other logs' checkpoints as a witness. Part of the key's id."""

    NOTE = 0x01
    COSIGNATURE = 0x04


_KINDS: Final = tuple(bytes([kind]) for kind in KeyKind)


@dataclass(frozen=True)
class VerifierKey:
    """A public key (32 bytes, Ed25519) with its name; `text` is how it is handed out: a C2SP vkey."""

    name: str
    kind: KeyKind
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes; with the name they tell which key a signature says it is of."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[
            :KEY_ID_BYTES
        ]

    @property
    def text(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_encode(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True)
class NoteSignature:
    """One line under a note; `signature` is what follows the key's id, 64 bytes or 8 more with a cosignature's time."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        return f"{MARK}{self.name} {_encode(self.key_id + self.signature)}\n"

    def names(self, key: VerifierKey) -> bool:
        return (self.name, self.key_id) == (key.name, key.key_id)


@dataclass(frozen=True)
class SignedNote:
    """A note whose form is right; nothing is said of its signatures. `body` ends in a newline and is what they sign."""

    body: str
    signatures: tuple[NoteSignature, ...]

    @property
    def text(self) -> str:
        return f"{self.body}\n{''.join(signature.line for signature in self.signatures)}"

    def of(self, key: VerifierKey) -> tuple[NoteSignature, ...]:
        """The lines that say they are by this key."""
        return tuple(signature for signature in self.signatures if signature.names(key))


@dataclass(frozen=True)
class Checkpoint:
    """A tree at one size: `root` is its RFC 9162 root hash, 32 bytes."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> str:
        return f"{self.origin}\n{self.size}\n{_encode(self.root)}\n"


@dataclass(frozen=True)
class Cosignature:
    """A witness's word that it saw the checkpoint follow from all it had seen before."""

    witness: str
    at: datetime


@dataclass(frozen=True)
class SigningKey:
    """A private key with its name, for one kind of signature."""

    name: str
    kind: KeyKind
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self.kind, self.private.public_key().public_bytes_raw())

    def pem(self) -> bytes:
        """PKCS #8, not encrypted; the name and the kind are not in it."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def new_key(name: str, kind: KeyKind) -> SigningKey:
    """A key of the operating system's randomness. `ValueError` for a name that no key can have."""
    return SigningKey(_checked_name(name), kind, Ed25519PrivateKey.generate())


def read_key(pem: bytes, name: str, kind: KeyKind) -> SigningKey:
    """The key in a PEM file. `ValueError` where it holds no unencrypted Ed25519 key, or the name is none."""
    try:
        private = load_pem_private_key(pem, password=None)
    except (TypeError, ValueError) as error:
        raise ValueError("this is not an unencrypted private key in PEM") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError("the key is not an Ed25519 key")
    return SigningKey(_checked_name(name), kind, private)


def parse_vkey(text: str) -> VerifierKey:
    """The key that a vkey states, `name+id+key`. `ValueError` where it is none, or its id is another key's."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        raw = _decode(encoded)
        if raw[:1] not in _KINDS:
            raise ValueError("its key is of no kind that is read here")
        key = VerifierKey(_checked_name(name), KeyKind(raw[0]), raw[1:])
    except ValueError as error:
        raise ValueError(f"{text[:200]!r} is not a vkey of Ed25519: {error}") from error
    if len(key.public) != KEY_BYTES or _KEY_ID.fullmatch(key_id) is None:
        raise ValueError(
            f"{text[:200]!r} is not a vkey: name, eight hexadecimal digits and a key of 33 bytes"
        )
    if key.key_id.hex() != key_id:
        raise ValueError(f"{text[:200]!r} is not a vkey: its id does not fit its name and key")
    return key


def parse_note(raw: str | bytes) -> SignedNote:
    """A note of one or more signatures, by its form alone."""
    text = _text(raw)
    body, gap, lines = text.rpartition("\n\n")
    if not gap or not body:
        raise MalformedNote("a note has a text, a blank line and signatures")
    if not lines.endswith("\n"):
        raise MalformedNote("a note ends with a newline")
    split = lines[:-1].split("\n")
    if len(split) > MOST_SIGNATURES:
        raise MalformedNote(f"a note of more than {MOST_SIGNATURES} signatures is not read")
    return SignedNote(f"{body}\n", tuple(parse_signature(line) for line in split))


def parse_signature(line: str) -> NoteSignature:
    """One signature's line, without its newline."""
    if not line.startswith(MARK):
        raise MalformedNote("a signature's line begins with an em dash and a blank")
    name, blank, encoded = line.removeprefix(MARK).partition(" ")
    try:
        raw = _decode(encoded)
        _checked_name(name)
    except ValueError as error:
        raise MalformedNote(f"a signature's line is a name and base64: {error}") from error
    if not blank or len(raw) <= KEY_ID_BYTES:
        raise MalformedNote("a signature's line is a name, a blank, and a key's id with a signature")
    return NoteSignature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def parse_checkpoint(body: str) -> Checkpoint:
    """What a checkpoint's body states. Further lines, which no tree vouches for, are refused."""
    lines = body.split("\n")
    if len(lines) != 4 or lines[3]:
        raise MalformedNote("a checkpoint is three lines: origin, size and root")
    origin, size, root = lines[:3]
    if not origin:
        raise MalformedNote("a checkpoint names its origin")
    if _DECIMAL.fullmatch(size) is None or int(size) > LATEST:
        raise MalformedNote("a checkpoint's size is a decimal number without leading zeroes")
    try:
        raw = _decode(root)
    except ValueError as error:
        raise MalformedNote(f"a checkpoint's root is base64: {error}") from error
    if len(raw) != HASH_BYTES:
        raise MalformedNote(f"a checkpoint's root has {HASH_BYTES} bytes")
    return Checkpoint(origin, int(size), raw)


def sign_note(body: str, keys: Iterable[SigningKey]) -> SignedNote:
    """The note with one signature of each key; `ValueError` for a body that no note can have."""
    signers = tuple(keys)
    if any(key.kind is not KeyKind.NOTE for key in signers):
        raise ValueError("a witness's key signs no notes: its id is another")
    made = tuple(
        NoteSignature(key.name, key.verifier.key_id, key.private.sign(body.encode())) for key in signers
    )
    note = SignedNote(body, made)
    try:
        if parse_note(note.text) != note:
            raise MalformedNote("its text reads as another")
    except MalformedNote as error:
        raise ValueError(f"this cannot be signed as a note: {error}") from error
    return note


def open_note(raw: str | bytes, key: VerifierKey) -> SignedNote:
    """A note that the key signed. `MalformedNote`; `NotSigned` where it did not, or where one line in its name is not
    its own."""
    note = parse_note(raw)
    lines = note.of(key)
    if not lines:
        raise NotSigned(f"the note is not signed by {key.name} with the key {key.key_id.hex()}")
    for line in lines:
        _verify(key, line.signature, note.body.encode())
    return note


def open_checkpoint(raw: str | bytes, key: VerifierKey) -> tuple[Checkpoint, SignedNote]:
    """A checkpoint of the log whose key this is: its key's name is its origin."""
    note = open_note(raw, key)
    checkpoint = parse_checkpoint(note.body)
    if checkpoint.origin != key.name:
        raise NotSigned(f"the checkpoint is of {checkpoint.origin[:100]!r}, and not of {key.name}")
    return checkpoint, note


def cosign(body: str, key: SigningKey, at: datetime) -> NoteSignature:
    """A witness's line for a checkpoint, with its time in whole seconds."""
    if key.kind is not KeyKind.COSIGNATURE:
        raise ValueError("a key for notes does not cosign: its id is another")
    parse_checkpoint(body)
    seconds = int(at.timestamp())
    signature = key.private.sign(_cosigned(body, seconds))
    return NoteSignature(key.name, key.verifier.key_id, seconds.to_bytes(TIME_BYTES, "big") + signature)


def read_cosignature(body: str, line: NoteSignature, key: VerifierKey) -> Cosignature:
    """What the line says of the checkpoint; `NotSigned` where the witness's key did not make it for this body."""
    if key.kind is not KeyKind.COSIGNATURE or not line.names(key):
        raise NotSigned(f"the line is not by the witness {key.name} with the key {key.key_id.hex()}")
    stated, signature = line.signature[:TIME_BYTES], line.signature[TIME_BYTES:]
    seconds = int.from_bytes(stated, "big")
    if len(stated) != TIME_BYTES or seconds > LATEST:
        raise NotSigned(f"the cosignature of {key.name} has no time")
    _verify(key, signature, _cosigned(body, seconds))
    try:
        return Cosignature(key.name, datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError) as error:
        raise NotSigned(f"the cosignature of {key.name} has a time that no calendar has") from error


def cosignatures(note: SignedNote, keys: Iterable[VerifierKey]) -> tuple[Cosignature, ...]:
    """What the known witnesses say, in the order of the keys; lines of others are passed over. `NotSigned` where a line
    in a known witness's name is not its own."""
    return tuple(read_cosignature(note.body, line, key) for key in keys for line in note.of(key))


def _cosigned(body: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{body}".encode()


def _verify(key: VerifierKey, signature: bytes, signed: bytes) -> None:
    if len(signature) != SIGNATURE_BYTES:
        raise NotSigned(f"the signature of {key.name} has not {SIGNATURE_BYTES} bytes")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed)
    except (InvalidSignature, ValueError) as error:
        raise NotSigned(
            f"the signature in the name of {key.name} is not by its key, over this text"
        ) from error


def _text(raw: str | bytes) -> str:
    if len(raw) > NOTE_LIMIT:
        raise MalformedNote(f"a note longer than {NOTE_LIMIT} bytes is not read")
    try:
        text = raw.decode() if isinstance(raw, bytes) else raw
        size = len(text.encode())
    except UnicodeError as error:
        raise MalformedNote("a note is UTF-8") from error
    if size > NOTE_LIMIT:
        raise MalformedNote(f"a note longer than {NOTE_LIMIT} bytes is not read")
    if any(letter < " " and letter != "\n" for letter in text):
        raise MalformedNote("a note has no control characters but newlines")
    return text


def _checked_name(name: str) -> str:
    if not name or "+" in name or any(letter.isspace() or letter < " " for letter in name):
        raise ValueError("a key's name is not empty and has neither spaces nor a plus")
    name.encode()
    return name


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(text: str) -> bytes:
    """Base64 in the one form that encoding gives; `ValueError` for any other."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeError, binascii.Error) as error:
        raise ValueError("this is not base64") from error
    if _encode(raw) != text:
        raise ValueError("this is not base64 as encoding writes it")
    return raw
