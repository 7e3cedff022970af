"""What a killed process left is removed at the next start, and nothing of a process that lives."""

import subprocess
import sys
from pathlib import Path

from broker.ingest.scratch import clear_scratch, scratch_folder

HOLDING = """
import asyncio, sys
from pathlib import Path
from broker.ingest.scratch import scratch_folder

async def main():
    async with scratch_folder(Path(sys.argv[1])) as folder:
        (folder / "footage.mp4").write_bytes(b"clear")
        print(folder, flush=True)
        await asyncio.sleep(3600)

asyncio.run(main())
"""


def test_what_a_killed_process_left_goes_and_what_a_living_one_has_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDING, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            folder = Path(other.stdout.readline().strip())
            clear_scratch(tmp_path)
            assert (folder / "footage.mp4").exists()
        finally:
            other.kill()
    clear_scratch(tmp_path)
    assert not folder.exists()


async def test_ones_own_stays_until_it_is_done_with(tmp_path: Path) -> None:
    async with scratch_folder(tmp_path / "scratch") as folder:
        (folder / "part").write_bytes(b"x")
        clear_scratch(tmp_path / "scratch")
        assert (folder / "part").exists()
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_a_folder_that_is_taken_between_making_and_locking_is_made_anew(tmp_path: Path) -> None:
    scratch, made = tmp_path / "scratch", list[Path]()

    async with scratch_folder(scratch) as first, scratch_folder(scratch) as second:
        made += [first, second]
        assert first != second
    assert not any(folder.exists() for folder in made)


def test_no_scratch_at_all_is_fine(tmp_path: Path) -> None:
    clear_scratch(tmp_path / "never")
