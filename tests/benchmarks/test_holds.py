"""`python -m benchmarks.holds` prints the call, and all until the last hold is placed."""

import json
import subprocess
import sys
from pathlib import Path


def test_rows_tell_the_call_and_the_whole() -> None:
    command = [sys.executable, "-m", "benchmarks.holds", "--cameras", "40", "--recorders", "2"]
    done = subprocess.run(
        [*command, "--answer-ms", "5", "--rounds", "1"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    call, whole = [json.loads(line) for line in done.stdout.splitlines()]
    assert (call["case"], whole["case"]) == ("call that holds 40", "all of 40 placed at 2 recorders")
    assert 0 < call["ours"] < whole["ours"]
    assert set(whole["peers"]) == {"recorders, one call at a time", "recorders, 16 at a time"}
