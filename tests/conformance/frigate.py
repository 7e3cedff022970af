"""The harness of `frigate`: the simulated server of the demo over small recordings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.conformance.harness import IMPATIENT, Harness, Site, Situation, Truth
from adapters.frigate.adapter import create
from adapters.frigate.manifest import MANIFEST
from broker.demo.frigate import FrigateSetup, SimulatedFrigate
from broker.demo.serving import served
from tests.conformance.recordings import CAMERAS, NOW, films_of, known, record
from tests.servers.altered import Altered

FIXTURES = Path(__file__).parents[2] / "fixtures" / "frigate"
PASSWORD = "s3cret/p@ss:wörd"
BEFORE_THE_END = timedelta(seconds=1)
"""The last recorded picture of a camera that is offline is taken so long before its footage ends."""


def _one_bad(configuration: dict[str, Any]) -> dict[str, Any]:
    bad = {"enabled": "perhaps", "record": []}
    return {**configuration, "cameras": {"broken": bad, **configuration["cameras"]}}


@asynccontextmanager
async def open_frigate(situation: Situation, folder: Path) -> AsyncIterator[Site]:
    films = films_of(situation)
    record(folder / "recordings", films)
    (folder / "password").write_text(PASSWORD)
    (folder / "cameras.csv").write_bytes((FIXTURES / "cameras.csv").read_bytes())
    simulated = SimulatedFrigate(
        FrigateSetup(
            recordings=folder / "recordings",
            exports=folder / "exports",
            retention=timedelta(days=3),
            now=lambda: NOW,
            cameras=("hall",),
            password=PASSWORD,
        )
    )
    changes = {"/api/config": _one_bad} if situation is Situation.ONE_BAD_RECORD else {}
    async with served(Altered(simulated.app, changes)) as address:
        yield Site(
            options={
                "url": address,
                "username": "entrevue",
                "password": {"file": "password"},
                "auth": "basic",
                "cameras": "cameras.csv",
                "export_poll_s": 0.01,
            },
            base_dir=folder,
            addresses=(address,),
            secrets=(PASSWORD,),
            now=NOW,
            truth=Truth(
                native_ids=frozenset({*CAMERAS, "hall"}),
                footage=known(films),
                snapshot_times=dict.fromkeys(CAMERAS, films[-1].end - BEFORE_THE_END),
            ),
        )


ONE_ANSWER = "Frigate lists its cameras in one answer, its configuration, which has no pages"
UNIX_TIME = "Frigate tells seconds since 1970, which know no zone and repeat no hour"
HARNESS = Harness(
    create=create,
    manifest=MANIFEST,
    open=open_frigate,
    expected=FIXTURES / "cameras.expected.jsonl",
    area=(2.2, 48.8, 2.45, 48.92),
    over_network=True,
    situations=frozenset({Situation.ONE_BAD_RECORD}),
    excuses={
        "every_page_is_read_once": ONE_ANSWER,
        "a_repeated_page_is_reported": ONE_ANSWER,
        "a_truncated_listing_is_reported": ONE_ANSWER,
        "times_told_in_the_recorders_zone_are_right": UNIX_TIME,
        "both_passes_of_the_repeated_hour_are_told_apart": UNIX_TIME,
    },
    impatient={**IMPATIENT, "export_wait_s": 0.5},
)
