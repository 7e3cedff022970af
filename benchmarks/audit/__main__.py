"""What the log costs, and what it gives for that.

    python -m benchmarks.audit [--seconds 12] [--tree 10000000] [--verify 1000000] [--cameras 100000]
                               [--only writing search proof verify] [--database-url postgresql://…]

An entry is that of a search that showed 50 cameras of two owners. What is not there is named as absent. `verify` needs
5 GB of disk for a million entries.
"""

import argparse
import asyncio
import json
from typing import Final

from benchmarks.audit import proofs, searching, verifying, writing
from benchmarks.search.questions import asked_of, radius_questions
from benchmarks.search.world import clustered

PARTS: Final = ("writing", "search", "proof", "verify")
QUESTIONS: Final = 200
SEED: Final = 7


def main() -> None:
    """Prints one JSON object a row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=12)
    parser.add_argument("--tree", type=int, default=10_000_000)
    parser.add_argument("--verify", type=int, default=1_000_000)
    parser.add_argument("--cameras", type=int, default=100_000)
    parser.add_argument("--database-url", help="of an empty PostgreSQL database, for writing")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    chosen = parser.parse_args()
    measures = {
        "writing": lambda: writing.measure(chosen.seconds, chosen.database_url),
        "search": lambda: iter([_search(chosen.cameras, chosen.seconds)]),
        "proof": lambda: iter([proofs.measure(chosen.tree)]),
        "verify": lambda: iter([verifying.measure(chosen.verify)]),
    }
    for part in PARTS:
        if part in chosen.only:
            for row in measures[part]():
                print(json.dumps(row, ensure_ascii=False), flush=True)


def _search(cameras: int, seconds: float) -> dict[str, object]:
    async def measured() -> dict[str, object]:
        world = clustered(cameras)
        questions = radius_questions(await asked_of(world), QUESTIONS, SEED)
        return await searching.measure(world, questions, seconds)

    return asyncio.run(measured())


if __name__ == "__main__":
    main()
