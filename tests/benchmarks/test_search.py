"""`python -m benchmarks.search` prints one object a row: every part of it, on a small world."""

import json
import os
import subprocess
import sys
from pathlib import Path

ALONE = ("POSTGIS_URL", "ENTREVUE_SAMPLE_DATA")


def test_each_row_has_our_figure_its_unit_and_who_is_absent() -> None:
    command = [sys.executable, "-m", "benchmarks.search", "--cameras", "6000", "--questions", "3"]
    environment = {name: value for name, value in os.environ.items() if name not in ALONE}
    run = subprocess.run(
        [*command, "--rounds", "1", "--seconds", "1"],
        check=False,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert [row["case"].partition(" ")[0] for row in rows] == [
        *("radius", "sees", "polygon", "along", "memory"),
        *("spatial:", "spatial:", "spatial:"),
        *("GET", "from", "memory", "change", "question"),
    ]
    for row in rows:
        assert row["ours"] > 0, row
        assert row["unit"], row
        assert isinstance(row["peers"], dict), row
        assert isinstance(row["absent"], list), row
    radius = rows[0]
    assert radius["absent"] == ["PostGIS"]
    assert radius["ratio"] == round(min(radius["peers"].values()) / radius["ours"], 1)
