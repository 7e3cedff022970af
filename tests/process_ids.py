"""Whether a process runs, by Linux' own account."""

import time
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 20.0


def runs(process_id: int) -> bool:
    """A process that has ended and that nobody has asked about yet does not run."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until_gone(process_id: int) -> None:
    """Returns once it has ended; fails where it does not."""
    until = time.monotonic() + PATIENCE_S
    while runs(process_id):
        assert time.monotonic() < until, f"process {process_id} still runs"
        time.sleep(0.01)


def children_of(process_id: int) -> list[int]:
    """Those that it started and that still run."""
    listed = Path(f"/proc/{process_id}/task/{process_id}/children").read_text()
    return [child for child in map(int, listed.split()) if runs(child)]
