"""A camera's picture on its way in: decoded, masked, judged, made a small JPEG. One pure function, run in a thread."""

from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np

from broker.snapshots import references
from broker.snapshots.judging import judge
from broker.snapshots.looks import look_at
from broker.snapshots.masks import burn
from broker.snapshots.models import Quality
from broker.snapshots.picture import Pixels, as_it_came, decode, decode_grey, encode
from broker.snapshots.references import HourClass, Scene


@dataclass(frozen=True)
class Taken:
    """`jpeg` and `kept` are to be stored. `quality` None where masks leave too little to judge."""

    jpeg: bytes
    quality: Quality | None
    kept: bytes | None


@dataclass(frozen=True)
class Occasion:
    """`picture` names the picture and its time: one that comes again after a crash is not judged to be frozen."""

    picture: str
    hours: HourClass
    at: datetime


def take(data: bytes, max_bytes: int, scene: Scene, stored: bytes | None, occasion: Occasion) -> Taken:
    """`stored` is what was kept at the last picture; `UnusablePicture` where this is none."""
    jpeg, grey = _kept_and_judged(data, max_bytes, scene)
    before = references.read(stored, scene)
    if before is not None and before.picture == occasion.picture:
        return Taken(jpeg, before.quality, stored)
    look = look_at(grey, scene.masks)
    if look is None:
        return Taken(jpeg, None, None)
    quality, kept = judge(look, occasion.picture, before, scene, occasion.hours, occasion.at)
    return Taken(jpeg, quality, references.write(kept))


def _kept_and_judged(data: bytes, max_bytes: int, scene: Scene) -> tuple[bytes, Pixels]:
    """The JPEG to keep, and the grey picture to judge. Without masks the picture stays as it came where it may."""
    if not scene.masks.polygons:
        grey = decode_grey(data, max_bytes)
        kept = as_it_came(data)
        if kept is not None:
            return kept, grey
        return encode(decode(data, max_bytes)), grey
    picture = decode(data, max_bytes)
    burn(picture, scene.masks)
    return encode(picture), np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


def masked_again(jpeg: bytes, scene: Scene) -> bytes:
    """A stored picture under masks that were drawn since."""
    picture = decode(jpeg, len(jpeg))
    burn(picture, scene.masks)
    return encode(picture)
