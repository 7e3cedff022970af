"""Snapshots: how many a core takes in, and how well faults are seen on footage left out of the tuning.

    ENTREVUE_SAMPLE_DATA=… python -m benchmarks.snapshots [throughput] [quality] [--cameras 16] [--seconds 4]

Prints one JSON object a row. `throughput` needs no sample data; with it, its pictures are real ones.
"""

import argparse
import json
import os
from pathlib import Path

from benchmarks.snapshots import quality, throughput

PARTS = ("throughput", "quality")


def main() -> None:
    """Prints the rows of the parts that were asked for, all by default."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--cameras", type=int, default=16, help="cameras of each source, for quality")
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement, for throughput")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    parts = arguments.parts or PARTS
    samples = (
        Path(os.environ.get("ENTREVUE_SAMPLE_DATA", "")) if "ENTREVUE_SAMPLE_DATA" in os.environ else None
    )
    if "throughput" in parts:
        for row in throughput.rows(samples, arguments.seconds):
            print(json.dumps(row, ensure_ascii=False), flush=True)
    if "quality" in parts:
        if samples is None:
            print(json.dumps({"case": "quality", "absent": ["ENTREVUE_SAMPLE_DATA"]}))
            return
        for row in quality.rows(samples, arguments.cameras, arguments.seed, arguments.processes):
            print(json.dumps(row, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
