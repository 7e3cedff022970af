"""What cameras are in columns, a batch at a time: computed from what is stored alone, here or in another process."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adapters.contract.gaps import gap_over_s, longest_period_s
from broker.catalog.disclosure import offered_bits
from broker.catalog.geometry import Floats
from broker.catalog.index.arrays import Slots, Vocabulary
from broker.catalog.index.instants import NEVER_US, microseconds
from broker.catalog.index.parts import span_rows, text_rows, view_rows
from broker.catalog.index.stored import StoredCamera
from broker.catalog.models import is_reserved
from broker.catalog.names import folded

STATUSES: Final = ("up", "stale", "unknown", "down")
"""Codes of `status`, best first. A camera that its network no longer lists is unknown."""

_STATUS_CODES: Final = {name: code for code, name in enumerate(STATUSES)}

FACTS: Final = np.dtype(
    [
        ("lat_deg", np.float64),
        ("lon_deg", np.float64),
        ("accuracy_m", np.float64),
        ("captured_us", np.int64),
        ("clock_offset_ms", np.float64),
        ("gap_over_s", np.float64),
        ("owner", np.int32),
        ("network", np.int32),
        ("kind", np.int32),
        ("level", np.int32),
        ("tags", np.int32),
        ("status", np.int8),
        ("offered", np.uint8),
        ("has_position", np.bool_),
        ("has_snapshot", np.bool_),
        ("reserved", np.bool_),
    ],
    align=True,
)
"""What cameras are searched by, a record each: a question reads all of a few scattered ones. Position and
accuracy are the camera's own, else its place's; `owner` to `tags` are codes; `offered` are bits of actions."""

UNUSED: Final = np.array((np.nan, np.nan, *[0] * (len(FACTS.fields or ()) - 2)), FACTS)
"""The record of a slot without a camera: nowhere."""

Facts = NDArray[np.void]


class Words:
    """What the codes of records stand for."""

    def __init__(self) -> None:
        self.owner: Vocabulary[str] = Vocabulary()
        self.network: Vocabulary[str] = Vocabulary()
        self.kind: Vocabulary[str] = Vocabulary([""])
        self.level: Vocabulary[str | None] = Vocabulary([None])
        self.tags: Vocabulary[frozenset[str]] = Vocabulary([frozenset()])

    def of(self, column: str) -> Vocabulary[object]:
        """The words of one of `CODED`."""
        words: Vocabulary[object] = getattr(self, column)
        return words


CODED: Final = ("owner", "network", "kind", "level", "tags")


class CameraRows(NamedTuple):
    """A batch of cameras, each once, and the bodies that they were read from. Codes in `facts` are those of `words`;
    `views`, `spans` and `texts` hold as many rows of each camera in turn as the counts beside them say, of the widths
    that `parts` gives them."""

    ids: list[str]
    bodies: list[str]
    facts: Facts
    words: Words
    view_counts: Slots
    views: Floats
    span_counts: Slots
    spans: NDArray[np.int64]
    text_counts: Slots
    texts: NDArray[np.uint8]


def rows_of(cameras: Iterable[StoredCamera]) -> CameraRows:
    """The cameras in columns, each as it was given last."""
    written = list({camera.id: camera for camera in cameras}.values())
    words = Words()
    facts = np.array([_record(camera, words) for camera in written], FACTS)
    texts = [folded(f"{c.name} {c.id} {c.place_name or ''}").encode() for c in written]
    return CameraRows(
        [camera.id for camera in written],
        [camera.body for camera in written],
        facts,
        words,
        *view_rows([camera.views for camera in written], facts),
        *span_rows([camera.spans for camera in written]),
        np.array(list(map(len, texts)), np.int64),
        text_rows(b"".join(texts)),
    )


def _record(camera: StoredCamera, words: Words) -> tuple[object, ...]:
    """The camera's row of `FACTS`."""
    place = camera.located
    lat_deg, lon_deg, accuracy_m = (np.nan, np.nan, 0.0)
    if place is not None:
        lat_deg, lon_deg, accuracy_m = place.lat, place.lon, place.accuracy_m or 0.0
    tags = frozenset(camera.tags)
    captured = None if camera.snapshot is None else camera.snapshot.captured_at
    return (
        lat_deg,
        lon_deg,
        accuracy_m,
        NEVER_US if captured is None else microseconds(captured),
        np.nan if camera.clock_offset_ms is None else camera.clock_offset_ms,
        _gap_over_s(tuple([stream.fps for stream in camera.streams])),
        words.owner.code(camera.agency),
        words.network.code(camera.network),
        words.kind.code(camera.kind or ""),
        words.level.code(camera.level),
        words.tags.code(tags),
        _STATUS_CODES["unknown" if camera.vanished_at else camera.status],
        offered_bits(camera.offers),
        camera.position is not None,
        camera.snapshot is not None,
        _is_reserved(tags),
    )


@lru_cache(maxsize=4_096)
def _gap_over_s(rates_fps: tuple[float | None, ...]) -> float:
    return float(gap_over_s(longest_period_s(rates_fps)))


@lru_cache(maxsize=4_096)
def _is_reserved(tags: frozenset[str]) -> bool:
    return is_reserved(tags)
