"""`python -m benchmarks.requests` prints a row for each list."""

import json
import subprocess
import sys
from pathlib import Path


def test_rows_tell_every_list() -> None:
    command = [sys.executable, "-m", "benchmarks.requests", "--requests", "600", "--rounds", "1"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=120
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 7
    assert len({row["case"] for row in rows}) == 7
    assert all(row["unit"] == "ms" and row["ours"] > 0 for row in rows)
