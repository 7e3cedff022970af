"""Three libraries that know what is near, on the same points: how long they take to build, to answer, and how long the
event loop stands still while a new index is built beside it."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.search.questions import median_us
from benchmarks.search.world import METRES_A_DEGREE, World
from broker.catalog.geometry import geocentric_m, geocentric_point_m
from broker.catalog.index.spatial import LEAF
from broker.catalog.questions import Question, Radius

SHORTEST_STALL_S: Final = 1e-6
Near = Callable[[Radius], NDArray[Any]]


def compare(world: World, questions: Sequence[Question]) -> list[dict[str, object]]:
    """Three rows: candidates of a radius, building, and the longest stall meanwhile. Each library finds what may be
    near, a ball or a box that surely holds it."""
    makers: dict[str, Callable[[], Near]] = {
        "cKDTree": lambda: _ckdtree(world),
        "STRtree": lambda: _strtree(world),
    }
    absent = []
    try:
        import geoindex_rs  # noqa: F401, PLC0415  # only compared, and may be missing
    except ImportError:
        absent.append("geoindex-rs")
    else:
        makers["geoindex-rs"] = lambda: _geoindex(world)
    answers, builds, stalls = {}, {}, {}
    for name, make in makers.items():
        near, builds[name], stalls[name] = _build(make)
        answers[name] = _median_us(near, questions)
    rows = []
    for what, unit, figures in (
        ("candidates of a radius", "µs", answers),
        ("building", "s", builds),
        ("longest stall of another thread while building", "s", stalls),
    ):
        peers = {name: round(figure, 6) for name, figure in figures.items()}
        ours = peers.pop("cKDTree")
        best = min(peers.values())
        case = f"spatial: {what} {world.name}"
        row: dict[str, object] = {"case": case, "ours": ours, "unit": unit, "peers": peers}
        rows.append(row | {"ratio": round(best / ours, 2), "absent": absent})
    return rows


def _median_us(near: Near, questions: Sequence[Question]) -> float:
    return median_us(lambda question: near(_radius(question)), questions, 5)


def _radius(question: Question) -> Radius:
    if not isinstance(question.area, Radius):
        raise TypeError("the question is of a radius")
    return question.area


def _build(make: Callable[[], Near]) -> tuple[Near, float, float]:
    made: list[Near] = []
    building = threading.Thread(target=lambda: made.append(make()))
    began = last = time.perf_counter()
    stall = SHORTEST_STALL_S
    building.start()
    while building.is_alive():
        now = time.perf_counter()
        stall, last = max(stall, now - last), now
    return made[0], time.perf_counter() - began, stall


def _ckdtree(world: World) -> Near:
    points = geocentric_m(world.columns.lat_deg, world.columns.lon_deg)
    tree = cKDTree(points, leafsize=LEAF, balanced_tree=False)
    return lambda area: np.array(
        tree.query_ball_point(geocentric_point_m(area.lat_deg, area.lon_deg), area.radius_m), np.int64
    )


def _box(area: Radius) -> tuple[float, float, float, float]:
    high = area.radius_m / METRES_A_DEGREE * 1.01
    wide = high / np.cos(np.radians(area.lat_deg))
    return area.lon_deg - wide, area.lat_deg - high, area.lon_deg + wide, area.lat_deg + high


def _strtree(world: World) -> Near:
    tree = shapely.STRtree(shapely.points(world.columns.lon_deg, world.columns.lat_deg))
    tree.query(shapely.box(0, 0, 0, 0))  # it is built when it is first asked
    return lambda area: tree.query(shapely.box(*_box(area)))


def _geoindex(world: World) -> Near:
    from geoindex_rs import kdtree  # noqa: PLC0415  # as above

    builder = kdtree.KDTreeBuilder(len(world.columns))
    builder.add(world.columns.lon_deg, world.columns.lat_deg)
    tree = builder.finish()
    return lambda area: np.asarray(kdtree.range(tree, *_box(area)))
