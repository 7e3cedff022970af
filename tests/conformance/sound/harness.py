"""The harness of the sound adapter: the suite passes on it whole, so that a broken one fails for its own reason."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.conformance.harness import Harness, KnownFootage, Pages, Site, Situation, Truth
from adapters.conformance.simulated import simulated_recorder
from adapters.contract.models import CameraStatus
from adapters.contract.protocol import AdapterFactory, Manifest
from tests.conformance.sound.adapter import MANIFEST, create
from tests.conformance.sound.recorder import (
    CLOCK_OFFSET_MS,
    NOW,
    PASSWORD,
    PICTURE_AGE,
    USER,
    Recorder,
    cameras,
)

EXPECTED = Path(__file__).with_name("expected.jsonl")


@asynccontextmanager
async def open_sound(situation: Situation, folder: Path) -> AsyncIterator[Site]:
    recorder = Recorder(situation)
    (folder / "password").write_text(PASSWORD + "\n", encoding="utf-8")
    async with simulated_recorder(recorder.answer) as address:
        yield Site(
            options={"url": address, "username": USER, "password": {"file": "password"}, "auth": "basic"},
            base_dir=folder,
            addresses=(address,),
            secrets=(PASSWORD,),
            now=NOW,
            truth=Truth(
                native_ids=frozenset(each["id"] for each in cameras()),
                footage=(KnownFootage("quai 1", recorder.asked, tuple(recorder.films)),),
                snapshot_times={"quai 1": NOW - PICTURE_AGE, "quai/2": None},
                clock_offset_ms=CLOCK_OFFSET_MS,
                health=("quai/2", CameraStatus.DOWN),
                pages=Pages("/cameras?", 2),
            ),
        )


def harness_of(factory: AdapterFactory = create, manifest: Manifest = MANIFEST) -> Harness:
    return Harness(
        create=factory,
        manifest=manifest,
        open=open_sound,
        expected=EXPECTED,
        area=(2.2, 48.8, 2.45, 48.92),
        over_network=True,
        situations=frozenset(Situation),
    )
