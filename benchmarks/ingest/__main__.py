"""How long a network's list takes into the catalog, and whether many networks keep their pace.

    python -m benchmarks.ingest [--cameras 120000 1000000 …] [--only rounds networks] [--networks 500]

A list is a CSV file, read by the adapter `camera_list`, synchronised into an embedded Valkey by one process as the
schedule does it, and seen by another that follows the catalog as every API process does: cold until that one can search
all of it, then once more with the rows in another order. Worlds are those of `benchmarks.search`: seeded and clustered
like cities, and with `ENTREVUE_SAMPLE_DATA` one of 120,000 cameras where real lists place cameras, crossings and
stations of Île-de-France.
"""

import argparse
import asyncio
import json
import os
from typing import Final

import structlog

from benchmarks.ingest import networks, rounds
from benchmarks.search.realworld import ile_de_france
from benchmarks.search.world import clustered

PARTS: Final = ("rounds", "networks")


def main() -> None:
    """Prints one JSON object a row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cameras", type=int, nargs="+", default=[120_000, 1_000_000])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--networks", type=int, default=networks.NETWORKS)
    parser.add_argument("--refreshes", type=float, default=5.0)
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # failures are provoked here
    if "rounds" in chosen.only:
        worlds = [clustered(count) for count in chosen.cameras]
        real = ile_de_france(os.environ.get("ENTREVUE_SAMPLE_DATA"))
        for world in worlds if real is None else [*worlds, real]:
            for row in asyncio.run(rounds.measure(world)):
                _print(row)
    if "networks" in chosen.only:
        world = clustered(min(chosen.networks * networks.CAMERAS_EACH, max(chosen.cameras)))
        _print(asyncio.run(networks.measure(world, chosen.networks, chosen.refreshes)))


def _print(row: dict[str, object]) -> None:
    print(json.dumps(row, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
