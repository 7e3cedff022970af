"""The harness of `zoneminder`: a simulated server, for what the real one cannot be brought to. The adapter's own tests
start a real one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import numpy as np

from adapters.conformance.harness import Harness, Site, Situation, Truth
from adapters.zoneminder.adapter import create
from adapters.zoneminder.manifest import MANIFEST
from broker.demo.serving import served
from tests.adapters.folder.recordings import write_recording
from tests.conformance.recordings import NOW, films_of, known
from tests.servers.altered import Altered
from tests.servers.simulated_zoneminder import Recorded, SimulatedZoneMinder

FIXTURES = Path(__file__).parents[2] / "fixtures" / "zoneminder"
PASSWORD = "s3cret/p@ss:wörd"


def _one_bad(listed: dict[str, Any]) -> dict[str, Any]:
    return {"monitors": [{"Monitor": {"Id": None}}, *listed["monitors"]]}


@asynccontextmanager
async def open_zoneminder(situation: Situation, folder: Path) -> AsyncIterator[Site]:
    films = films_of(situation)
    (folder / "password").write_text(PASSWORD)
    _, picture = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))
    local = situation in {Situation.LOCAL_ZONE, Situation.REPEATED_HOUR}
    simulated = SimulatedZoneMinder(
        monitors=("Quai 1", "Quai 2", "Hall"),
        recorded=[
            Recorded(monitor, film.start, film.duration, write_recording(folder / f"{monitor}-{number}.mp4"))
            for monitor in (1, 2)
            for number, film in enumerate(films)
        ],
        zone=ZoneInfo("Europe/Paris" if local else "UTC"),
        now=lambda: NOW,
        password=PASSWORD,
        picture=picture.tobytes(),
    )
    changes = {"/zm/api/monitors.json": _one_bad} if situation is Situation.ONE_BAD_RECORD else {}
    async with served(Altered(simulated.app, changes)) as address:
        yield Site(
            options={
                "url": f"{address}/zm",
                "username": "entrevue",
                "password": {"file": "password"},
                "auth": "basic",
            },
            base_dir=folder,
            addresses=(address,),
            secrets=(PASSWORD,),
            now=NOW,
            truth=Truth(
                native_ids=frozenset({"1", "2", "3"}),
                footage=known(films, ("1", "2")),
                snapshot_times=dict.fromkeys(("1", "2"), NOW),
            ),
        )


ONE_ANSWER = "ZoneMinder lists its monitors in one answer, which has no pages"
HARNESS = Harness(
    create=create,
    manifest=MANIFEST,
    open=open_zoneminder,
    expected=FIXTURES / "cameras.expected.jsonl",
    area=(2.2, 48.8, 2.45, 48.92),
    over_network=True,
    situations=frozenset({Situation.ONE_BAD_RECORD, Situation.LOCAL_ZONE, Situation.REPEATED_HOUR}),
    excuses={
        "every_page_is_read_once": ONE_ANSWER,
        "a_repeated_page_is_reported": ONE_ANSWER,
        "a_truncated_listing_is_reported": ONE_ANSWER,
    },
)
