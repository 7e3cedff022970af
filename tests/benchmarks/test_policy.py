"""`python -m benchmarks.policy` prints the first masks after a change, the next, and the wait of others."""

import json
import subprocess
import sys
from pathlib import Path


def test_rows_tell_the_first_answer_the_next_and_the_wait_of_others() -> None:
    command = [sys.executable, "-m", "benchmarks.policy", "--cameras", "30000", "--rounds", "1"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=300
    )
    first, second, waited = [json.loads(line) for line in done.stdout.splitlines()]
    assert first["case"] == "first masks after a change 30000"
    assert first["ratio"] > 0 and first["peers"]["shapely alone"] > 0
    assert all(row["unit"] == "s" and row["ours"] > 0 for row in (first, second, waited))
