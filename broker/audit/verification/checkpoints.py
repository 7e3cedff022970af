"""Checkpoints and cosignatures as notes: whether they are signed, and which root they name for which size."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from broker.audit.verification.findings import Findings
from broker.audit.verification.models import Fault, KeptNote, WitnessCount
from broker.transparency import notes
from broker.transparency.notes import Checkpoint, MalformedNote, NotSigned, VerifierKey


@dataclass(frozen=True)
class Stated:
    """A signed root for a size. `origin` says where the note was found, None for the log's own."""

    size: int
    root: bytes
    origin: str | None


def stored(rows: Iterator[tuple[int, object]], key: VerifierKey, findings: Findings) -> Iterator[Stated]:
    """The log's own checkpoints that its key signed, smallest first."""
    for size, note in rows:
        try:
            yield Stated(size, _root(size, note, key), None)
        except (MalformedNote, NotSigned) as error:
            said = f"the checkpoint of size {size} cannot be used: {error}"
            findings.in_general(Fault.BAD_CHECKPOINT, said)


def newest_size(rows: Iterator[tuple[int, object]], key: VerifierKey) -> int:
    """Size of the first of these checkpoints that the key signed; 0 where it signed none."""
    for size, note in rows:
        try:
            _root(size, note, key)
        except (MalformedNote, NotSigned):
            continue
        return size
    return 0


def _root(size: int, note: object, key: VerifierKey) -> bytes:
    if not isinstance(note, str):
        raise MalformedNote("it is no text")
    checkpoint, _ = notes.open_checkpoint(note, key)
    if checkpoint.size != size:
        raise NotSigned(f"it is of size {checkpoint.size}")
    return checkpoint.root


def kept(found: Iterable[KeptNote], key: VerifierKey, findings: Findings) -> list[Stated]:
    """The notes kept elsewhere that the log's key signed, smallest first."""
    opened: list[Stated] = []
    for each in found:
        try:
            checkpoint, _ = notes.open_checkpoint(each.text, key)
        except (MalformedNote, NotSigned) as error:
            findings.in_general(Fault.BAD_NOTE, f"{each.origin} cannot be used: {error}")
            continue
        opened.append(Stated(checkpoint.size, checkpoint.root, each.origin))
    return sorted(opened, key=lambda stated: stated.size)


def witnessed(
    rows: Iterator[tuple[int, str, object, object]], keys: Sequence[VerifierKey], findings: Findings
) -> tuple[tuple[WitnessCount, ...], int]:
    """What each known witness co-signed, and how many cosignatures are of witnesses that nobody configured."""
    known = {key.name: key for key in keys}
    number: Counter[str] = Counter()
    newest: dict[str, int] = {}
    strangers = 0
    for size, name, line, note in rows:
        key = known.get(name)
        if key is None:
            strangers += 1
            continue
        try:
            _read(size, line, note, key)
        except (MalformedNote, NotSigned) as error:
            said = f"the cosignature of {name} under the checkpoint of size {size} does not hold: {error}"
            findings.in_general(Fault.BAD_COSIGNATURE, said)
            continue
        number[name] += 1
        newest[name] = size
    counts = (WitnessCount(witness=name, cosigned=number[name], newest_size=newest[name]) for name in newest)
    return tuple(sorted(counts, key=lambda count: count.witness)), strangers


def _read(size: int, line: object, note: object, key: VerifierKey) -> Checkpoint:
    if not isinstance(line, str) or not isinstance(note, str):
        raise MalformedNote("the line or the checkpoint under which it stands is missing")
    body = notes.parse_note(note).body
    notes.read_cosignature(body, notes.parse_signature(line.removesuffix("\n")), key)
    checkpoint = notes.parse_checkpoint(body)
    if checkpoint.size != size:
        raise NotSigned("it is of another size")
    return checkpoint
