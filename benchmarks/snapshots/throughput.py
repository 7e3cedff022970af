"""What taking a picture in costs, beside its bare reduced decode and one resize, in the same run on one core.

Ours is the way of `broker.ingest.pictures`: what was kept of the camera is read from the vault, the picture is decoded,
judged, encoded and stored with what is kept for the next one. The peer decodes the same bytes as small as ours does and
halves what it got, once. Times are a core's, of all threads and the system's part, so that other processes do not
count. Each camera has its own reference, and its pictures differ from one to the next.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.snapshots.footage import SOURCES, Picture, pictures
from benchmarks.snapshots.staging import usual
from broker.ingest.pictures import take_and_store
from broker.snapshots.masks import NO_MASKS, Masks
from broker.snapshots.models import Quality
from broker.snapshots.references import LOOKS, HourClass, Scene
from broker.snapshots.taking import Occasion
from broker.vault.store import Vault

SIZE: Final = (1920, 1080)
PICTURES: Final = LOOKS + 4
MOST_BYTES: Final = 1 << 23
MASKS: Final = Masks(
    (((0.0, 0.0), (0.3, 0.0), (0.25, 0.4), (0.0, 0.5)), ((0.6, 0.7), (1.0, 0.6), (1.0, 1.0)))
)
_AT: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Camera:
    name: str
    jpegs: tuple[bytes, ...]


def rows(samples: Path | None, seconds: float) -> Iterator[dict[str, object]]:
    """One row unmasked, one masked, each measured in a process of its own, kept to one core where the system can."""
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        yield from alone.submit(_measured, samples, seconds).result()


def _measured(samples: Path | None, seconds: float) -> list[dict[str, object]]:
    cv2.setNumThreads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    cameras = _cameras(samples)
    with tempfile.TemporaryDirectory(prefix="benchmark-snapshots-") as folder:
        return [
            asyncio.run(_row(name, scene, cameras, Vault(Path(folder) / name), seconds))
            for name, scene in (("unmasked", Scene(NO_MASKS)), ("masked", Scene(MASKS)))
        ]


async def _row(
    name: str, scene: Scene, cameras: list[Camera], vault: Vault, seconds: float
) -> dict[str, object]:
    turn = 0
    said: dict[str, int] = {}

    async def ours(camera: Camera, data: bytes) -> None:
        nonlocal turn
        turn += 1
        quality = await _taken(vault, scene, camera, data, turn)
        said[str(quality)] = said.get(str(quality), 0) + 1

    async def bare(_: Camera, data: bytes) -> None:
        _decode_and_resize(data)

    await _round(
        cameras, ours
    )  # references are whole afterwards, as they are on all but a camera's first day
    said.clear()
    spent_s, counts = [0.0, 0.0], [0, 0]
    until = time.perf_counter() + 2 * seconds
    while time.perf_counter() < until:  # turn by turn, so that what disturbs the machine disturbs both
        for number, work in enumerate((ours, bare)):
            begin = time.process_time()
            counts[number] += await _round(cameras, work)
            spent_s[number] += time.process_time() - begin
    per_picture_s, bare_s = (spent / count for spent, count in zip(spent_s, counts, strict=True))
    return {
        "case": f"1080p JPEG judged and stored, {name}, one core",
        "ours": round(per_picture_s, 6),
        "unit": "s",
        "peers": {"reduced decode and one resize": round(bare_s, 6)},
        "ratio": round(bare_s / per_picture_s, 3),
        "cameras_a_core_and_minute": int(60 / per_picture_s),
        "bytes_a_picture": int(np.mean([len(data) for camera in cameras for data in camera.jpegs])),
        "judged": said,
        "absent": [],
    }


async def _taken(vault: Vault, scene: Scene, camera: Camera, data: bytes, turn: int) -> Quality | None:
    occasion = Occasion(str(turn), HourClass.MIDDAY, _AT + timedelta(milliseconds=turn))
    found = await asyncio.to_thread(take_and_store, vault, camera.name, data, MOST_BYTES, scene, occasion)
    return found.quality


def _decode_and_resize(data: bytes) -> None:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_2)
    assert picture is not None
    cv2.resize(picture, (picture.shape[1] // 2, picture.shape[0] // 2), interpolation=cv2.INTER_AREA)


async def _round(cameras: list[Camera], work: Callable[[Camera, bytes], Awaitable[None]]) -> int:
    for number in range(PICTURES):
        await asyncio.gather(*(work(camera, camera.jpegs[number]) for camera in cameras))
    return PICTURES * len(cameras)


def _cameras(samples: Path | None) -> list[Camera]:
    """Real footage enlarged to 1080p, or drawn scenes where there is none; noise as sensors have it."""
    random = np.random.default_rng(7)
    films: dict[str, list[Picture]] = {}
    for name, file in SOURCES.items():
        if samples is not None and (samples / file).is_file() and name != "jamcam":
            films[name] = pictures(samples / file, PICTURES)
    for number in range(0 if films else 4):
        films[f"drawn {number}"] = [_drawn(random)] * PICTURES
    return [
        Camera(name, tuple(usual(np.asarray(cv2.resize(f, SIZE), np.uint8), random) for f in frames))
        for name, frames in films.items()
    ]


def _drawn(random: np.random.Generator) -> Picture:
    coarse = random.integers(30, 220, (27, 48, 3), dtype=np.uint8)
    fine = random.integers(0, 24, (270, 480, 3), dtype=np.uint8)
    shapes = cv2.resize(coarse, (480, 270), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.add(shapes, fine), np.uint8)
