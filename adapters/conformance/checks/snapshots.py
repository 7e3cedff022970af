"""A picture is a picture, and of the time at which the recorder took it."""

from typing import Final

import cv2
import numpy as np

from adapters.conformance.bench import Bench
from adapters.conformance.verdicts import NotConformant, demand
from adapters.contract.errors import NotFound
from adapters.contract.models import Snapshot

MAGIC: Final = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
MOST_BYTES: Final = 64 * 1024 * 1024


async def _taken(bench: Bench) -> list[Snapshot]:
    known = sorted(bench.site.truth.snapshot_times)
    camera = await bench.a_camera()
    names = known or ([camera] if camera is not None else [])
    taken = []
    async with bench.adapter() as adapter:
        for name in names:
            try:
                taken.append(await adapter.take_snapshot(name))
            except NotFound:
                demand(name not in known, f"there is no picture of {name!r}, which has one")
    demand(bool(taken) or bench.live, "the harness has no picture to look at")
    return taken


async def a_snapshot_decodes(bench: Bench) -> None:
    """Its bytes are a picture of the stated type, and of a bounded size."""
    for snapshot in await _taken(bench):
        name = snapshot.native_id
        demand(len(snapshot.data) <= MOST_BYTES, f"{name!r}: a picture of {len(snapshot.data)} bytes")
        demand(snapshot.data.startswith(MAGIC[snapshot.media_type]), f"{name!r} is no {snapshot.media_type}")
        picture = cv2.imdecode(np.frombuffer(snapshot.data, np.uint8), cv2.IMREAD_COLOR)
        demand(picture is not None, f"{name!r}: {len(snapshot.data)} bytes do not decode")


async def a_snapshot_is_of_the_camera_that_was_asked(bench: Bench) -> None:
    """It carries the id that was asked for."""
    known = sorted(bench.site.truth.snapshot_times)
    demand(len(known) > 1 or bench.live, "the harness has not two cameras with pictures")
    async with bench.adapter() as adapter:
        for name in known:
            snapshot = await adapter.take_snapshot(name)
            demand(snapshot.native_id == name, f"asked for {name!r}, {snapshot.native_id!r} is given")


async def a_snapshots_time_is_the_recorders(bench: Bench) -> None:
    """It is when the recorder took it, or unknown; never when we fetched it."""
    times = bench.site.truth.snapshot_times
    if not times:
        raise NotConformant("the harness does not say when its pictures were taken")
    async with bench.adapter() as adapter:
        for name, wanted in times.items():
            told = (await adapter.take_snapshot(name)).captured_at
            off = told is not None and wanted is not None and abs((told - wanted).total_seconds()) > 1
            demand(
                (told is None) == (wanted is None) and not off, f"{name!r} was taken {wanted}, {told} is told"
            )
