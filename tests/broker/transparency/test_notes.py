"""Notes, checkpoints and cosignatures read and write as C2SP defines them, and nothing else passes."""

import base64
import hashlib
import struct
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from broker.transparency import notes
from broker.transparency.notes import KeyKind, MalformedNote, NotSigned

PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The key and note that the format's first implementation publishes as its example."""
PUBLISHED_CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE"
    "+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+"
    "mbIUBkBIfZ+qnA==\n"
)
AT = datetime(2026, 6, 15, 12, 0, 0, 999_999, UTC)
LOG = notes.SigningKey(
    "broker.example/log", KeyKind.NOTE, Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
)
WITNESS = notes.SigningKey(
    "rail.example/w", KeyKind.COSIGNATURE, Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
)
CHECKPOINT = notes.Checkpoint("broker.example/log", 7, hashlib.sha256(b"root").digest())


def signed() -> notes.SignedNote:
    return notes.sign_note(CHECKPOINT.body, [LOG])


def cosigned() -> notes.SignedNote:
    note = signed()
    line = notes.cosign(note.body, WITNESS, AT)
    return notes.SignedNote(note.body, (*note.signatures, line))


def test_a_note_that_others_signed_is_read_and_verified() -> None:
    key = notes.parse_vkey(PUBLISHED_KEY)
    note = notes.open_note(PUBLISHED_NOTE, key)
    assert note.text == PUBLISHED_NOTE
    assert key.text == PUBLISHED_KEY


def test_the_specification_s_checkpoint_is_read_with_its_cosignature_s_time() -> None:
    note = notes.parse_note(PUBLISHED_CHECKPOINT)
    checkpoint = notes.parse_checkpoint(note.body)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.body == note.body
    assert note.text == PUBLISHED_CHECKPOINT
    assert int.from_bytes(note.signatures[1].signature[:8], "big") == 1679315147


def test_a_signature_is_made_as_the_specification_says() -> None:
    (made,) = signed().signatures
    public = LOG.private.public_key().public_bytes_raw()
    assert made.key_id == hashlib.sha256(b"broker.example/log\n\x01" + public).digest()[:4]
    LOG.private.public_key().verify(made.signature, CHECKPOINT.body.encode())


def test_a_cosignature_is_made_as_the_specification_says() -> None:
    line = notes.cosign(CHECKPOINT.body, WITNESS, AT)
    public = WITNESS.private.public_key().public_bytes_raw()
    seconds = int(datetime(2026, 6, 15, 12, tzinfo=UTC).timestamp())
    assert line.key_id == hashlib.sha256(b"rail.example/w\n\x04" + public).digest()[:4]
    assert line.signature[:8] == struct.pack(">Q", seconds)
    over = f"cosignature/v1\ntime {seconds}\n{CHECKPOINT.body}".encode()
    WITNESS.private.public_key().verify(line.signature[8:], over)
    found = notes.read_cosignature(CHECKPOINT.body, line, WITNESS.verifier)
    assert found == notes.Cosignature("rail.example/w", datetime(2026, 6, 15, 12, tzinfo=UTC))


def test_lines_of_unknown_keys_are_passed_over_and_known_witnesses_are_told() -> None:
    stranger = notes.new_key("rail.example/w", KeyKind.COSIGNATURE)
    note = cosigned()
    checkpoint, opened = notes.open_checkpoint(note.text, LOG.verifier)
    assert checkpoint == CHECKPOINT
    assert [c.witness for c in notes.cosignatures(opened, [stranger.verifier, WITNESS.verifier])] == [
        "rail.example/w"
    ]
    assert notes.cosignatures(opened, [stranger.verifier]) == ()


def test_a_note_that_the_key_did_not_sign_is_refused() -> None:
    other = notes.new_key("broker.example/log", KeyKind.NOTE)
    with pytest.raises(NotSigned, match="not signed by"):
        notes.open_note(signed().text, other.verifier)


def test_a_line_in_a_known_key_s_name_that_is_not_its_own_spoils_the_note() -> None:
    (line,) = signed().signatures
    forged = notes.NoteSignature(line.name, line.key_id, bytes(64))
    note = notes.SignedNote(CHECKPOINT.body, (line, forged))
    with pytest.raises(NotSigned, match="is not by its key"):
        notes.open_note(note.text, LOG.verifier)


def test_a_checkpoint_of_another_origin_than_its_key_is_refused() -> None:
    other = notes.Checkpoint("other.example/log", 7, CHECKPOINT.root)
    with pytest.raises(NotSigned, match=r"other\.example/log"):
        notes.open_checkpoint(notes.sign_note(other.body, [LOG]).text, LOG.verifier)


def test_keys_sign_what_they_are_for_and_nothing_else() -> None:
    with pytest.raises(ValueError, match="does not cosign"):
        notes.cosign(CHECKPOINT.body, LOG, AT)
    with pytest.raises(ValueError, match="signs no notes"):
        notes.sign_note(CHECKPOINT.body, [WITNESS])
    with pytest.raises(MalformedNote):
        notes.cosign("not a checkpoint\n", WITNESS, AT)
    with pytest.raises(NotSigned, match="not by the witness"):
        notes.read_cosignature(CHECKPOINT.body, signed().signatures[0], LOG.verifier)


def test_a_cosignature_of_one_time_or_checkpoint_is_none_of_another() -> None:
    line = notes.cosign(CHECKPOINT.body, WITNESS, AT)
    later = notes.NoteSignature(line.name, line.key_id, struct.pack(">Q", 1) + line.signature[8:])
    with pytest.raises(NotSigned):
        notes.read_cosignature(CHECKPOINT.body, later, WITNESS.verifier)
    other = notes.Checkpoint(CHECKPOINT.origin, 8, CHECKPOINT.root)
    with pytest.raises(NotSigned):
        notes.read_cosignature(other.body, line, WITNESS.verifier)


@pytest.mark.parametrize("seconds", [2**63, 2**64 - 1, 2**63 - 1])
def test_a_cosignature_s_time_is_one_that_a_calendar_has(seconds: int) -> None:
    over = f"cosignature/v1\ntime {seconds}\n{CHECKPOINT.body}".encode()
    signature = struct.pack(">Q", seconds) + WITNESS.private.sign(over)
    line = notes.NoteSignature(WITNESS.name, WITNESS.verifier.key_id, signature)
    with pytest.raises(NotSigned, match="time"):
        notes.read_cosignature(CHECKPOINT.body, line, WITNESS.verifier)


def test_a_key_survives_its_file() -> None:
    kept = notes.read_key(LOG.pem(), LOG.name, LOG.kind)
    assert kept.verifier == LOG.verifier
    assert notes.parse_vkey(LOG.verifier.text) == LOG.verifier


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\nb", "a\tb", "\ud800"])
def test_a_name_that_no_key_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        notes.new_key(name, KeyKind.NOTE)
    with pytest.raises(ValueError):
        notes.read_key(LOG.pem(), name, KeyKind.NOTE)


@pytest.mark.parametrize(
    "pem", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_holds_no_key_is_refused(pem: bytes) -> None:
    with pytest.raises(ValueError):
        notes.read_key(pem, "broker.example/log", KeyKind.NOTE)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        PUBLISHED_KEY.replace("c74f20a3", "c74f20a4"),
        PUBLISHED_KEY.replace("c74f20a3", "C74F20A3"),
        PUBLISHED_KEY.replace("PeterNeumann", "PeterNeuman"),
        PUBLISHED_KEY.replace("PeterNeumann", ""),
        PUBLISHED_KEY.replace("+AR", "+Ah"),
        PUBLISHED_KEY[:-4],
        PUBLISHED_KEY + "\n",
        PUBLISHED_KEY + "+",
        "a b+" + PUBLISHED_KEY,
    ],
)
def test_what_is_no_vkey_is_refused(vkey: str) -> None:
    with pytest.raises(ValueError):
        notes.parse_vkey(vkey)


LINE = signed().text.split("\n\n")[1]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        "no blank line\n" + LINE,
        "a\n\n" + LINE[:-1],
        "a\n\n" + LINE + "\n",
        "\n\n" + LINE,
        "a\n\n",
        "a\n\n" + LINE.replace("— ", "- "),
        "a\n\n" + LINE.replace("— ", "—"),
        "a\n\n" + LINE.replace("— ", "—  "),
        "a\n\n" + LINE[:-1] + " \n",
        "a\n\n— name\n",
        "a\n\n— name \n",
        "a\n\n— na+me AAAAAAAA\n",
        "a\n\n— name AAAAAA==\n",
        "a\n\n— name AAAAAAB=\n",
        "a\n\n— name AAAAAAA\n",
        "a\n\n— name AAAA_AAA\n",
        "a\tb\n\n" + LINE,
        "a\r\n\n" + LINE,
        "a\0\n\n" + LINE,
        b"\xff\n\n" + LINE.encode(),
        "\ud800\n\n" + LINE,
        "a\n\n" + LINE * 101,
        "a" * 70_000 + "\n\n" + LINE,
        "é" * 40_000 + "\n\n" + LINE,
    ],
)
def test_a_malformed_note_is_refused(raw: str | bytes) -> None:
    with pytest.raises(MalformedNote):
        notes.parse_note(raw)


def test_a_note_s_text_may_hold_blank_lines_and_a_hundred_signatures_are_read() -> None:
    assert notes.parse_note("a\n\nb\n\n" + LINE).body == "a\n\nb\n"
    assert len(notes.parse_note("a\n\n" + LINE * 100).signatures) == 100


ROOT = base64.b64encode(CHECKPOINT.root).decode()


@pytest.mark.parametrize(
    "body",
    [
        "",
        f"o\n7\n{ROOT}",
        f"\n7\n{ROOT}\n",
        f"o\n07\n{ROOT}\n",
        f"o\n+7\n{ROOT}\n",
        f"o\n-7\n{ROOT}\n",
        f"o\n 7\n{ROOT}\n",
        f"o\n\u0667\n{ROOT}\n",
        f"o\n\n{ROOT}\n",
        f"o\n{2**63}\n{ROOT}\n",
        f"o\n{'9' * 30}\n{ROOT}\n",
        f"o\n7\n{ROOT[:-1]}\n",
        f"o\n7\n{ROOT} \n",
        "o\n7\nAAAA\n",
        "o\n7\n\n",
        f"o\n7\n{ROOT}\nmore\n",
        f"o\n7\n{ROOT}\n\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(body: str) -> None:
    with pytest.raises(MalformedNote):
        notes.parse_checkpoint(body)


@pytest.mark.parametrize("body", ["", "a", "\n", "a\tb\n", "\ud800\n"])
def test_a_text_that_no_note_can_have_is_not_signed(body: str) -> None:
    with pytest.raises(ValueError):
        notes.sign_note(body, [LOG])


def test_no_single_changed_byte_of_a_cosigned_checkpoint_passes() -> None:
    raw = cosigned().text.encode()
    for place in range(len(raw)):
        for bit in range(8):
            changed = bytes([*raw[:place], raw[place] ^ 1 << bit, *raw[place + 1 :]])
            with pytest.raises((MalformedNote, NotSigned)):
                _, note = notes.open_checkpoint(changed, LOG.verifier)
                if len(notes.cosignatures(note, [WITNESS.verifier])) != 1:
                    raise NotSigned("the witness's line is nobody's")


@given(st.text(alphabet="ab+ \n—=é\t", max_size=60) | st.binary(max_size=60))
def test_whatever_is_read_writes_itself_again(raw: str | bytes) -> None:
    try:
        note = notes.parse_note(raw)
    except MalformedNote:
        return
    assert note.text == (raw if isinstance(raw, str) else raw.decode())
