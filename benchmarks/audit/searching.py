"""What the log adds to a search's median, by two brokers over one catalog: one writes it, the other does not."""

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.search.brokers import COMMAND, catalog_of, headers_of, serving, token_of
from benchmarks.search.callers import load, request_of
from benchmarks.search.overhttp import CALLERS, WARMING_S, query_of
from benchmarks.search.questions import LIMIT
from benchmarks.search.world import World
from broker.catalog.questions import Question

ROUNDS: Final = 3
UNLOGGED: Final = (COMMAND[0], "-m", "benchmarks.audit.unlogged")


async def measure(world: World, questions: Sequence[Question], seconds: float) -> dict[str, object]:
    """Rounds take turns between the two brokers; the median of their medians counts."""
    medians: dict[tuple[str, ...], list[float]] = {COMMAND: [], UNLOGGED: []}
    rates: dict[tuple[str, ...], list[float]] = {COMMAND: [], UNLOGGED: []}
    with tempfile.TemporaryDirectory(prefix="benchmark-audit-") as folder:
        async with catalog_of(world, Path(folder) / "catalog") as catalog:
            for turn in range(ROUNDS):
                for command, met in medians.items():
                    data = Path(folder) / f"{turn}-{command[-1]}"
                    data.mkdir()
                    with serving(world, data, catalog, command) as (url, _, _):
                        headers = headers_of(token_of(data))
                        requests = [
                            request_of(f"{url}/v1/cameras?{query_of(one)}", headers) for one in questions
                        ]
                        await load(url, requests, CALLERS, WARMING_S)
                        loaded = await load(url, requests, CALLERS, seconds / ROUNDS)
                    met.append(loaded.percentile(0.5))
                    rates[command].append(loaded.per_second)
    ours, bare = statistics.median(medians[COMMAND]), statistics.median(medians[UNLOGGED])
    return {
        "case": f"added to a search's median by the log, {LIMIT} features, {CALLERS} callers {world.name}",
        "ours": round(ours - bare, 4),
        "unit": "s",
        "peers": {},
        "medians": {"with the log": round(ours, 4), "without": round(bare, 4)},
        "calls/s": {
            "with the log": round(statistics.median(rates[COMMAND])),
            "without": round(statistics.median(rates[UNLOGGED])),
        },
        "absent": [],
    }
