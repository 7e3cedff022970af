"""`python -m benchmarks.ingest` prints one object a row: every part of it, on a small world."""

import json
import os
import subprocess
import sys
from pathlib import Path


def test_each_row_has_our_figure_and_its_unit_and_the_same_list_again_writes_the_report_alone() -> None:
    command = [sys.executable, "-m", "benchmarks.ingest", "--cameras", "3000", "--networks", "20"]
    environment = {name: value for name, value in os.environ.items() if name != "ENTREVUE_SAMPLE_DATA"}
    run = subprocess.run(
        [*command, "--refreshes", "1.2"],
        check=False,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert [row["case"].partition(" ")[0] for row in rows] == ["cold", "same", "memory", "20"]
    for row in rows:
        assert row["ours"] > 0, row
        assert row["unit"], row
        assert (row["peers"], row["absent"]) == ({}, []), row
    assert rows[1]["writes"] == {"hset": 1, "xadd": 1}
