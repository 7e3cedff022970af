"""`python -m benchmarks.clip` prints one object a row, with the cut's time beside its peers', and its memory."""

import json
import shutil
import subprocess
import sys
from pathlib import Path


def test_a_row_tells_the_cut_beside_ffmpeg_and_a_plain_copy_and_the_memory_it_took() -> None:
    command = [sys.executable, "-m", "benchmarks.clip", "--minutes", "1", "--runs", "1"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=300
    )
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    absent = [] if shutil.which("ffmpeg") else ["ffmpeg -c copy"]
    assert (row["case"], row["unit"], row["absent"]) == ("cut 1 min", "s", absent)
    assert {*row["peers"], *row["absent"]} == {"ffmpeg -c copy", "cp"}
    assert row["ours"] > 0 and all(seconds > 0 for seconds in row["peers"].values())
    assert row["ratio"] == row["ratios"][min(row["peers"], key=row["peers"].__getitem__)]
    assert 10 < row["idle_mib"] <= row["peak_mib"] < 1000
