"""How fast searches are answered, and what answering costs, beside the stores that could have answered them.

    python -m benchmarks.search [--cameras 100000 1000000 …] [--questions 200] [--rounds 5] [--seconds 10]
                                [--only radius shapes spatial http changes burst]

Worlds are seeded and clustered like cities. With `ENTREVUE_SAMPLE_DATA` one more of 120,000 cameras stands where real
lists place cameras, crossings and stations of Île-de-France. PostGIS is asked at `POSTGIS_URL`, through psycopg; what
is not there is named as absent. Each figure is a median over questions and rounds unless its case says otherwise.
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.search import changes, overhttp, spatial
from benchmarks.search.brokers import empty_catalog
from benchmarks.search.memory import without_display
from benchmarks.search.peers import RedisPeer, postgis
from benchmarks.search.questions import (
    Asked,
    along_question,
    asked_of,
    median_us,
    polygon_question,
    radius_questions,
    sees_question,
)
from benchmarks.search.realworld import ile_de_france
from benchmarks.search.world import World, clustered
from broker.catalog.questions import Question

PARTS: Final = ("radius", "shapes", "spatial", "http", "changes", "burst")
SEED: Final = 7
BURST: Final = 100_000


def main() -> None:
    """Prints one JSON object a row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cameras", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    chosen = parser.parse_args()
    worlds = [clustered(count) for count in chosen.cameras]
    real = ile_de_france(os.environ.get("ENTREVUE_SAMPLE_DATA"))
    if real is not None:
        worlds.append(real)
    medians: dict[str, float] = {}
    for world in worlds:
        for row in asyncio.run(_rows(world, chosen)):
            print(json.dumps(row, ensure_ascii=False), flush=True)
            if str(row["case"]).startswith("radius "):
                medians[world.name] = float(str(row["ours"]))
    if "radius" in chosen.only and len(chosen.cameras) > 1:
        few, many = str(min(chosen.cameras)), str(max(chosen.cameras))
        growth = {"case": f"radius {many} / {few}", "ours": round(medians[many] / medians[few], 2)}
        print(json.dumps(growth | {"unit": "times", "peers": {}, "absent": []}), flush=True)


async def _rows(world: World, chosen: argparse.Namespace) -> list[dict[str, object]]:
    asked = await asked_of(world)
    questions = radius_questions(asked, chosen.questions, SEED)
    rows: list[dict[str, object]] = []
    if "radius" in chosen.only:
        rows.append(await _radius(asked, questions, chosen.rounds))
    if "shapes" in chosen.only:
        rows += _shapes(asked, questions, chosen.rounds)
        rows.append(without_display(asked))
    if "spatial" in chosen.only:
        rows += spatial.compare(world, questions)
    del asked
    if "http" in chosen.only:
        rows += await overhttp.measure(world, questions, chosen.seconds)
    if "changes" in chosen.only:
        rows.append(await changes.visible(world, chosen.seconds))
    if (
        "burst" in chosen.only and world.name.isdecimal()
    ):  # whoever writes the burst makes the same world again
        rows.append(await changes.burst(world, questions, min(BURST, len(world.columns))))
    return rows


async def _radius(asked: Asked, questions: Sequence[Question], rounds: int) -> dict[str, object]:
    world, peers, absent = asked.world, {}, []
    ours = round(median_us(asked.search, questions, rounds), 1)
    with tempfile.TemporaryDirectory(prefix="benchmark-search-") as folder:
        async with empty_catalog(Path(folder)) as socket:
            redis = RedisPeer(socket)
            redis.fill(world)
            _agree(asked, redis.answer, questions, "Redis")
            peers["Redis GEOSEARCH and HMGET"] = round(median_us(redis.answer, questions, 1), 1)
    with postgis(os.environ.get("POSTGIS_URL")) as peer:
        if peer is None:
            absent.append("PostGIS")
        else:
            peer.fill(world)
            _agree(asked, peer.answer, questions, "PostGIS")
            peers["PostGIS"] = round(median_us(peer.answer, questions, 1), 1)
    best = min(peers.values())
    return {
        "case": f"radius {world.name}",
        "ours": ours,
        "unit": "µs",
        "peers": peers,
        "ratio": round(best / ours, 1),
        "absent": absent,
    }


def _agree(asked: Asked, answer: Callable[[Question], int], questions: Sequence[Question], name: str) -> None:
    """A peer that answers something else would be no peer."""
    differing = [question for question in questions if answer(question) != asked.search(question)]
    if len(differing) > len(questions) // 50:  # a plain bearing or distance decides otherwise at an edge
        raise RuntimeError(f"{name} and Entrevue differ about {len(differing)} of {len(questions)} questions")


def _shapes(asked: Asked, questions: Sequence[Question], rounds: int) -> Iterable[dict[str, object]]:
    kinds = {
        "sees": sees_question,
        "polygon of 200 corners": polygon_question,
        "along 5 km": along_question,
    }
    for name, make in kinds.items():
        shaped = [make(question) for question in questions]
        ours = median_us(asked.search, shaped, rounds)
        case = f"{name} {asked.world.name}"
        yield {"case": case, "ours": round(ours, 1), "unit": "µs", "peers": {}, "absent": []}


if __name__ == "__main__":
    main()
