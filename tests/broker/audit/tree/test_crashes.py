"""Processes that are killed at any moment leave a log that verifies and that the next one goes on with."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

from broker.audit.tree.sequencer import Sequencer
from broker.audit.verification.service import Trusted, verify_log
from broker.clock import SystemClock
from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate
from broker.transparency.notes import KeyKind, new_key

PROGRAM = Path(__file__).with_name("writing_and_growing.py")
KEY = new_key("log.test/log", KeyKind.NOTE)
KILLS = 4


def test_two_processes_killed_again_and_again_leave_one_sound_log(tmp_path: Path) -> None:
    file, pem = tmp_path / "ledger.sqlite", tmp_path / "key.pem"
    migrate(file)
    pem.write_bytes(KEY.pem())
    chance, sizes = random.Random(7), []  # noqa: S311  # repeatable
    for _ in range(KILLS):
        command = [sys.executable, str(PROGRAM), str(file), str(pem)]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for process in running:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 12)):
                assert process.stdout.readline().startswith("Standing")
            process.kill()
        assert [process.wait(10) for process in running] == [-9, -9]
        for process in running:
            assert process.stdout is not None
            process.stdout.close()
        sizes.append(asyncio.run(grown_and_verified(file)))
    assert sizes == sorted(set(sizes))


async def grown_and_verified(file: Path) -> int:
    """How many entries there are, all in the tree."""
    ledger = Ledger(file)
    try:
        await Sequencer(ledger, SystemClock(), KEY).catch_up()
        found = await ledger.read(lambda c: verify_log(c, Trusted(log=KEY.verifier)))
    finally:
        ledger.close()
    assert (found.ok, found.findings) == (True, ())
    assert found.covered == found.entries
    return found.entries
