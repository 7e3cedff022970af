"""What is kept of a camera beside its latest picture: a grey reference for each part of the day, and its last look.

A reference is the mean of looks that were good, so that what passes through fades from it. It is masked as the pictures
are. Bytes that cannot be read, or are of other masks, count as none.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import cv2
import msgspec
import numpy as np

from broker.snapshots.looks import BLOCKS, HEIGHT, WIDTH, Detail, Grey, Look, detail_of
from broker.snapshots.masks import NO_MASKS, Masks
from broker.snapshots.models import Quality

VERSION: Final = 1
LOOKS: Final = 16
"""So many good looks make a reference: then a passer-by is a sixteenth of it. It serves from the first on."""

RENEWED_AFTER_S: Final = 24 * 3600.0
"""Then a new one is gathered beside it, and takes its place when it is whole: it follows seasons and works."""

REFERENCE_QUALITY: Final = 95
_QUARTERS: Final = 4


class HourClass(StrEnum):
    """Quarters of the sun's day; light and shadows within one are alike."""

    NIGHT = "night"
    MORNING = "morning"
    MIDDAY = "midday"
    EVENING = "evening"


def hour_class(at: datetime, lon_deg: float | None) -> HourClass:
    """The quarter around midnight, six, noon or eighteen by mean solar time; by UTC where the longitude is unknown."""
    at_utc_h = at.hour + at.minute / 60
    solar_h = at_utc_h + (0.0 if lon_deg is None else lon_deg / 15)
    return tuple(HourClass)[int((solar_h + 3) % 24 // 6) % _QUARTERS]


class Gathering(msgspec.Struct, frozen=True):
    """The sum of looks that are to be a reference, in 16 bits: means of bytes, rounded look by look, would forget."""

    total: bytes
    looks: int
    noise: float
    structure: float
    ratio: bytes

    def mean(self, completed_s: float) -> "Reference":
        total = np.frombuffer(self.total, np.uint16).reshape(HEIGHT, WIDTH)
        grey = np.round(total / self.looks).astype(np.uint8)
        _, encoded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, REFERENCE_QUALITY])
        ratio = np.frombuffer(self.ratio, np.float32) / np.float32(self.looks)
        return Reference(
            jpeg=encoded.tobytes(),
            noise=self.noise / self.looks,
            structure=self.structure / self.looks,
            fine=detail_of(grey).fine.tobytes(),
            ratio=ratio.tobytes(),
            completed_s=completed_s,
        )


class Reference(msgspec.Struct, frozen=True):
    """The mean of good looks.

    `fine` is the detail of the mean, in which what passes through has faded; `ratio` the mean of the looks' own, noise
    and all, so that a look is compared with its like. `gathering` is there while there are too few looks, or while a
    new reference is gathered.
    """

    jpeg: bytes
    noise: float
    structure: float
    fine: bytes
    ratio: bytes
    completed_s: float
    gathering: Gathering | None = None
    is_whole: bool = False

    def grey(self) -> Grey | None:
        found = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
        if found is None or found.shape != (HEIGHT, WIDTH):
            return None
        return np.asarray(found, np.uint8)

    def detail(self) -> Detail:
        fine, ratio = (
            np.frombuffer(part, np.float32).reshape(BLOCKS[::-1]) for part in (self.fine, self.ratio)
        )
        return Detail(fine, ratio)


class Evidence(msgspec.Struct, frozen=True):
    """What one look says, as judged against thresholds; None where there was no reference to compare with."""

    common_share: float
    low: float
    high: float
    highest: float
    noise: float | None
    likeness: float | None
    sharpness: float | None
    structure: float | None


class Kept(msgspec.Struct, frozen=True):
    """All that is kept of a camera. `last` is the halved grid of its latest picture, `picture` and `quality` name what
    that was and what was said of it."""

    version: int
    scene: str
    picture: str
    quality: Quality
    last: bytes
    evidence: Evidence
    references: dict[str, Reference]

    def last_grid(self) -> Grey:
        return np.frombuffer(self.last, np.uint8).reshape(HEIGHT // 2, WIDTH // 2)


@dataclass(frozen=True)
class Scene:
    """What a camera is set to look at: its masks, and since when it is aimed as it is, None for ever.

    `is_fixed` is False for cameras that turn by themselves: their view is not compared.
    """

    masks: Masks = NO_MASKS
    aimed_at: datetime | None = None
    is_fixed: bool = True

    @property
    def name(self) -> str:
        """Changes when references of before are worth nothing any more."""
        return hashlib.blake2b(repr((self.masks, self.aimed_at)).encode(), digest_size=12).hexdigest()


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Kept)


def read(stored: bytes | None, scene: Scene) -> Kept | None:
    """What was kept of this scene; None where there is nothing that still counts."""
    if stored is None:
        return None
    try:
        kept = _DECODER.decode(stored)
    except msgspec.MsgspecError:
        return None
    whole = len(kept.last) == (HEIGHT // 2) * (WIDTH // 2)
    return kept if whole and (kept.version, kept.scene) == (VERSION, scene.name) else None


def write(kept: Kept) -> bytes:
    return _ENCODER.encode(kept)


def renewed(reference: Reference | None, look: Look, at: datetime) -> Reference:
    """The reference with a good look taken in, or as it was where it is not time yet."""
    now_s = at.timestamp()
    is_whole = reference is not None and reference.is_whole
    gathering = None if reference is None else reference.gathering
    is_fresh = reference is not None and now_s - reference.completed_s < RENEWED_AFTER_S
    if reference is not None and is_whole and is_fresh and gathering is None:
        return reference
    gathering = _with(gathering, look)
    found = gathering.mean(now_s)
    if gathering.looks >= LOOKS:
        return msgspec.structs.replace(found, is_whole=True)
    if reference is not None and is_whole:
        return msgspec.structs.replace(reference, gathering=gathering)
    return msgspec.structs.replace(found, gathering=gathering)


def _with(gathering: Gathering | None, look: Look) -> Gathering:
    own, ratio = look.grey.astype(np.uint16), detail_of(look.grey).ratio
    whole = None if gathering is None else np.frombuffer(gathering.total, np.uint16)
    if gathering is None or whole is None or whole.size != own.size:
        return Gathering(own.tobytes(), 1, look.noise, look.structure, ratio.tobytes())
    return Gathering(
        (whole.reshape(own.shape) + own).tobytes(),
        gathering.looks + 1,
        gathering.noise + look.noise,
        gathering.structure + look.structure,
        (np.frombuffer(gathering.ratio, np.float32) + ratio.ravel()).tobytes(),
    )
