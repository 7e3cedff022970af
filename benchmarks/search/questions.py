"""Questions about a world, and an index that is asked them."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Any, Final

import numpy as np
from shapely import Polygon

from adapters.contract.models import CameraKind, CameraStatus, Interval
from benchmarks.search.world import METRES_A_DEGREE, NOW, PURPOSE, SHARED_NETWORKS, World
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.index.reading import read_rows
from broker.catalog.index.rights import Rights
from broker.catalog.index.searching import search
from broker.catalog.questions import Along, Question, Radius, Within

RADIUS_M: Final = 300.0
FEWEST, MOST = 50, 90
LIMIT: Final = 50
INTERVAL: Final = Interval(start=NOW - timedelta(hours=2), end=NOW - timedelta(hours=1))
FILLED_AT_ONCE: Final = 1_000


@dataclass(frozen=True)
class Asked:
    """An index of a world and what its officer may do."""

    world: World
    index: CatalogIndex
    rights: Rights

    def search(self, question: Question) -> int:
        """Answers; how many cameras are on the page."""
        return len(search(self.index, question, self.rights).slots)


async def asked_of(world: World) -> Asked:
    """The index filled as at a start."""
    index = CatalogIndex()
    bodies = world.bodies()
    while part := list(islice(bodies, FILLED_AT_ONCE)):
        index.fill(read_rows([body.decode() for *_, body in part]).rows)
    await index.settle()
    index.put_reports(world.reports)
    gc.collect()
    gc.freeze()
    return Asked(world, index, index.rights(world.officer, PURPOSE, world.book, NOW))


def radius_questions(asked: Asked, count: int, seed: int) -> list[Question]:
    """300 m around cameras of a town, every filter on; so many that between 50 and 90 cameras pass all of them."""
    chance, columns = np.random.default_rng(seed), asked.world.columns
    found: list[Question] = []
    while len(found) < count:
        row = int(chance.integers(len(columns)))
        network = asked.world.networks[int(columns.network[row])]
        if network in SHARED_NETWORKS:
            continue
        north_m, east_m = chance.uniform(-50, 50, 2).tolist()
        lat = float(columns.lat_deg[row]) + north_m / METRES_A_DEGREE
        lon = float(columns.lon_deg[row]) + east_m / METRES_A_DEGREE
        question = Question(
            area=Radius(lat, lon, RADIUS_M),
            as_of=NOW,
            limit=1000,
            sees=True,
            interval=INTERVAL,
            agency=asked.world.agency_of(network),
            network=network,
            kind=CameraKind.FIXED,
            status=CameraStatus.UP,
            text="rue",
            level="0",
        )
        if FEWEST <= asked.search(question) <= MOST:
            found.append(replace(question, limit=LIMIT))
    return found


def sees_question(question: Question) -> Question:
    """Who sees the middle of the radius, and nothing else."""
    return Question(area=question.area, as_of=NOW, limit=LIMIT, sees=True)


def polygon_question(question: Question) -> Question:
    """A star of 200 corners about the same point, as far as 600 m."""
    area = question.area
    if not isinstance(area, Radius):
        raise TypeError("the question is of a radius")
    turns = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    far_m = np.where(np.arange(200) % 2 == 0, 600.0, 400.0)
    lats = area.lat_deg + far_m * np.cos(turns) / METRES_A_DEGREE
    narrow = METRES_A_DEGREE * np.cos(np.radians(area.lat_deg))
    lons = area.lon_deg + far_m * np.sin(turns) / narrow
    return Question(area=Within(Polygon(np.column_stack((lons, lats)))), as_of=NOW, limit=LIMIT)


def along_question(question: Question) -> Question:
    """5 km of a line through the same point, in 50 legs, 50 m to both sides."""
    area = question.area
    if not isinstance(area, Radius):
        raise TypeError("the question is of a radius")
    lats = area.lat_deg + np.linspace(-2_500, 2_500, 51) / METRES_A_DEGREE * 0.98
    sideways = np.where(np.arange(51) % 2 == 0, 0.0, 20.0)
    lons = area.lon_deg + sideways / (METRES_A_DEGREE * np.cos(np.radians(area.lat_deg)))
    points = tuple(zip(lons.tolist(), lats.tolist(), strict=True))
    return Question(area=Along(points, 50.0), as_of=NOW, limit=LIMIT)


def median_us(answer: Callable[[Question], Any], questions: Sequence[Question], rounds: int) -> float:
    """The median over questions and rounds; the first round warms up and does not count."""
    times: list[float] = []
    for turn in range(rounds + 1):
        for question in questions:
            begin = time.perf_counter()
            answer(question)
            if turn:
                times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1e6
