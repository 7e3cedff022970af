"""The latest picture of a camera on its way from the recorder to the vault, with what is said of its quality.

Only what is masked is ever stored; only the latest picture is kept, with what the next one is compared with.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from adapters.contract.errors import AdapterError, NotFound
from adapters.contract.models import Snapshot
from broker.catalog.models import Camera, SnapshotReference
from broker.errors import Problem
from broker.ingest.recorder import Recorder
from broker.ingest.scenes import MasksUnreadable, Scenes
from broker.snapshots import clock
from broker.snapshots.models import Quality
from broker.snapshots.picture import UnusablePicture
from broker.snapshots.references import Scene, hour_class
from broker.snapshots.taking import Occasion, Taken, masked_again, take
from broker.vault.keys import reference_key, snapshot_key
from broker.vault.store import Vault

FROZEN_AFTER: Final = timedelta(minutes=15)
"""A picture without a time that stays the same to the last byte for so long: a live camera's noise alone changes it.
Public lists renew theirs every five minutes or so."""

Reject = Callable[[str, str], None]


class Pictures:
    """Fetches, judges and stores. Decoding takes a thread for each processor at most, for all networks together."""

    def __init__(self, vault: Vault, scenes: Scenes, max_snapshot_bytes: int) -> None:
        self._vault = vault
        self._scenes = scenes
        self._max_snapshot_bytes = max_snapshot_bytes
        self._decoding = asyncio.Semaphore(os.cpu_count() or 1)

    def wanted(self, camera: Camera, native_id: str, previous: Camera | None) -> bool:
        """Whether there can be a newer picture than the one at hand: none yet, footage has grown, or masks changed."""
        if previous is None or previous.snapshot is None:
            return True
        newest = previous.spans[-1].interval.end if previous.spans else None
        if not camera.spans or camera.spans[-1].interval.end != newest:
            return True
        try:
            return previous.snapshot.scene != self._scenes.of(camera.network, native_id, camera.kind).name
        except MasksUnreadable:
            return True  # so that the round tells of it

    async def renew(
        self, recorder: Recorder, camera: Camera, native_id: str, now: datetime, reject: Reject
    ) -> SnapshotReference | None:
        """The reference of what the vault holds now; None where there was nothing new that is usable."""
        where = f"snapshot of {camera.id}"
        at_hand = camera.snapshot
        try:
            scene = self._scenes.of(camera.network, native_id, camera.kind)
            if at_hand is not None and at_hand.scene != scene.name:
                at_hand = await self._masked(at_hand, scene)
            taken = await recorder.snapshot(native_id)
            digest = hashlib.sha256(taken.data).hexdigest()
            if at_hand is not None and await self._holds(at_hand, taken, digest):
                return _aged(at_hand, now)
            return await self._store(taken, digest, camera, scene, now)
        except NotFound:
            return at_hand
        except (AdapterError, MasksUnreadable, UnusablePicture) as error:
            reject(where, str(error))
        except Problem as problem:
            reject(where, problem.detail)
        return at_hand

    async def forget(self, camera_id: str) -> None:
        """Removes the picture and what the next one would have been compared with."""
        await self._vault.delete(snapshot_key(camera_id))
        await self._vault.delete(reference_key(camera_id))

    async def _store(
        self, taken: Snapshot, digest: str, camera: Camera, scene: Scene, now: datetime
    ) -> SnapshotReference:
        at = taken.captured_at or now
        located = camera.located
        occasion = Occasion(
            f"{digest} {taken.captured_at}", hour_class(at, located.lon if located else None), now
        )
        async with self._decoding:
            found = await asyncio.to_thread(
                take_and_store, self._vault, camera.id, taken.data, self._max_snapshot_bytes, scene, occasion
            )
        return SnapshotReference(
            captured_at=taken.captured_at,
            fetched_at=now,
            vault_key=snapshot_key(camera.id),
            digest=digest,
            quality=_quality(found, taken, digest, camera, now),
            scene=scene.name,
        )

    async def _masked(self, reference: SnapshotReference, scene: Scene) -> SnapshotReference:
        """The picture at hand under the masks of now: the recorder may have no newer one."""
        try:
            jpeg = await self._vault.get(reference.vault_key)
        except Problem as problem:
            if problem.code != "not_found":
                raise
            return reference
        async with self._decoding:
            masked = await asyncio.to_thread(masked_again, jpeg, scene)
            await asyncio.to_thread(self._vault.put_passing, reference.vault_key, masked)
        # without its digest, as the picture that the recorder still has is to be judged anew
        return reference.model_copy(update={"scene": scene.name, "digest": ""})

    async def _holds(self, reference: SnapshotReference, taken: Snapshot, digest: str) -> bool:
        """Whether this very picture lies in the vault already."""
        if (reference.digest, reference.captured_at) != (digest, taken.captured_at):
            return False
        try:
            return await self._vault.size(reference.vault_key) > 0
        except Problem as problem:
            if problem.code != "not_found":
                raise
            return False


def take_and_store(
    vault: Vault, camera_id: str, data: bytes, max_bytes: int, scene: Scene, occasion: Occasion
) -> Taken:
    """Blocks, from reading what is kept of the camera to storing what is to be kept: one thread does it all, as passing
    between threads takes as long as a judgement."""
    known = vault.find(reference_key(camera_id))
    found = take(data, max_bytes, scene, known, occasion)
    vault.put_passing(snapshot_key(camera_id), found.jpeg)
    if found.kept is not None and found.kept != known:
        vault.put_passing(reference_key(camera_id), found.kept)
    return found


def _aged(reference: SnapshotReference, now: datetime) -> SnapshotReference:
    """The picture at hand, come again."""
    if reference.captured_at is None and now - reference.fetched_at > FROZEN_AFTER:
        return reference.model_copy(update={"quality": Quality.FROZEN.value})
    return reference


def _quality(found: Taken, taken: Snapshot, digest: str, camera: Camera, now: datetime) -> str | None:
    """What the picture shows comes first; then whether its time can be true."""
    if found.quality not in (Quality.GOOD, None):
        return found.quality.value
    last = camera.snapshot
    is_new = last is not None and last.digest not in ("", digest)
    fetched_at = last.fetched_at if last is not None and is_new else None
    if clock.is_wrong(taken.captured_at, now, camera.clock_offset_ms, fetched_at):
        return Quality.WRONG_CLOCK.value
    return None if found.quality is None else found.quality.value
