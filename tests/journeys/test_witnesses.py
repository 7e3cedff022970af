"""Two agencies' witnesses and a real broker: both co-sign while the log grows, and neither a ledger that was put back.

What a witness keeps finds the same by itself, in the ledger's files.
"""

import json
import os
import random
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from broker.transparency.notes import cosignatures, open_checkpoint, parse_vkey
from broker.witness.store import read_state
from tests.journeys.processes import Machine, Running, eventually
from tests.journeys.recorders import World, add_officers, make_world, serve

AGENCIES = ("rail", "metro")
SEED = 20261127


@dataclass
class Room:
    """A broker that knows two witnesses, and where it answers now."""

    machine: Machine
    world: World
    tokens: dict[str, str]
    log_key: str
    keys: dict[str, str]
    url: str = ""
    running: Running | None = None

    def open(self) -> None:
        self.running, self.url = serve(self.machine, self.world)

    def close(self) -> None:
        assert self.running is not None
        self.running.stop()

    def get(self, path: str) -> str:
        answer = httpx.get(
            f"{self.url}{path}", headers={"Authorization": f"Bearer {self.tokens['rail.auditor']}"}
        )
        return answer.text

    def size(self) -> int:
        """Entries that the newest checkpoint covers."""
        shown = self.get("/v1/audit/checkpoint").split("\n")
        return int(shown[1]) if len(shown) > 1 else 0

    def grow(self, name: str) -> int:
        """Officers are added, and their entries covered: the size then."""
        before = self.size()
        add_officers(self.world, *(f"town.{role}" for role in ("operator", "investigator", "auditor", name)))
        return eventually("the tree grew", lambda: size if (size := self.size()) >= before + 4 else None)

    def witness(self, agency: str, *more: str) -> tuple[int, str, str]:
        done = self.machine.run(
            *("witness", "--server", self.url, "--folder", str(self.folder(agency)), *more),
            ENTREVUE_TOKEN=self.tokens[f"{agency}.auditor"],
        )
        return done.returncode, done.stdout, done.stderr

    def folder(self, agency: str) -> Path:
        return self.machine.folder / f"{agency}-witness"

    def signed(self, agency: str) -> int:
        last = read_state(self.folder(agency) / "state.json").last
        assert last is not None
        return open_checkpoint(last, parse_vkey(self.log_key))[0].size


@pytest.fixture
def room(machine: Machine) -> Room:
    """Keys are exchanged as the guide says: the log's to the witnesses, theirs into the configuration."""
    world = make_world(machine.folder)
    first, _ = serve(machine, world)
    log_key = machine.run("audit", "checkpoint", "--key", "--config", str(world.configuration)).stdout.strip()
    first.stop()
    keys, text = {}, world.configuration.read_text()
    for agency in AGENCIES:
        begun = machine.run(
            *("witness", "--folder", str(machine.folder / f"{agency}-witness"), "--show-key"),
            *("--name", f"{agency}.test/witness", "--log-key", log_key),
        )
        keys[agency] = begun.stdout.strip()
        text = text.replace(f'id = "{agency}"\nname', f'id = "{agency}"\nwitness = "{keys[agency]}"\nname', 1)
    world.configuration.write_text(text)
    tokens = add_officers(world, *(f"{agency}.auditor" for agency in AGENCIES))
    made = Room(machine, world, tokens, log_key, keys)
    made.open()
    eventually("a first checkpoint", lambda: made.size() > 0)
    return made


def test_both_co_sign_and_neither_a_ledger_that_was_put_back(room: Room) -> None:
    for agency in AGENCIES:
        status, said, wrong = room.witness(agency, "--once")
        assert (status, said.partition(":")[0], wrong) == (0, "co-signed", "")
    assert room.signed("rail") == room.signed("metro"), "they meet on one tree"
    older = room.machine.folder / "older.sqlite"
    room.close()
    shutil.copyfile(room.world.data / "ledger.sqlite", older)
    room.open()
    room.grow("custodian")
    for agency in AGENCIES:
        status, said, wrong = room.witness(agency, "--once")
        assert (status, wrong) == (0, "")
        assert said.startswith("co-signed: ")
    note = open_checkpoint(room.get("/v1/audit/checkpoint?cosigned=true"), parse_vkey(room.log_key))[1]
    signed = cosignatures(note, [parse_vkey(key) for key in room.keys.values()])
    assert {each.witness for each in signed} == {"rail.test/witness", "metro.test/witness"}
    states = [
        part for agency in AGENCIES for part in ("--witness-state", str(room.folder(agency) / "state.json"))
    ]
    verify = ("audit", "verify", "--config", str(room.world.configuration), *states)
    whole = room.machine.run(*verify)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "metro.test/witness co-signed" in whole.stdout

    room.close()
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        (room.world.data / name).unlink(missing_ok=True)
    shutil.copyfile(older, room.world.data / "ledger.sqlite")
    put_back = room.machine.run(*verify, "--json")
    assert put_back.returncode == 1
    assert "rolled_back" in {found["fault"] for found in json.loads(put_back.stdout)["findings"]}
    room.open()
    eventually("it signs again", lambda: room.size() > 0)
    for agency in AGENCIES:
        status, _, wrong = room.witness(agency, "--once")
        assert status == 1
        assert "rolled back" in wrong
        (file,) = (room.folder(agency) / "evidence").iterdir()
        evidence = json.loads(file.read_text())
        kept, given = (
            open_checkpoint(evidence[name], parse_vkey(room.log_key))[0] for name in ("kept", "given")
        )
        assert kept.size > given.size

    # the other history overtakes what was signed of the first one
    while room.grow("custodian") <= max(room.signed(agency) for agency in AGENCIES):
        pass
    for agency in AGENCIES:
        status, _, wrong = room.witness(agency, "--once", "--resume")
        assert status == 1
        assert "does not continue" in wrong or "two histories" in wrong
        assert len(list((room.folder(agency) / "evidence").iterdir())) == 2
    forked = room.machine.run(*verify, "--json")
    assert forked.returncode == 1
    assert "forked" in {found["fault"] for found in json.loads(forked.stdout)["findings"]}


def test_a_witness_that_is_killed_again_and_again_signs_one_history(room: Room) -> None:
    rng = random.Random(SEED)  # noqa: S311  # when to kill
    state = room.folder("metro") / "state.json"
    for _ in range(10):
        add_officers(room.world, "town.operator")
        running = room.machine.start(
            *("witness", "--server", room.url, "--folder", str(room.folder("metro")), "--every", "1"),
            ENTREVUE_TOKEN=room.tokens["metro.auditor"],
        )
        eventually("it looks", (room.folder("metro") / "lock").exists)
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(rng.uniform(0.2, 1.5))
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
        assert [file.name for file in state.parent.iterdir() if "evidence" in file.name] == []
        read_state(state)

    def all_is_signed() -> bool:
        for agency in AGENCIES:  # each waits for the other
            status, _, wrong = room.witness(agency, "--once")
            assert (status, wrong) == (0, "")
        return room.signed("metro") == room.size()

    eventually("both have signed all", all_is_signed)
    done = room.machine.run(
        *("audit", "verify", "--witness-state", str(state), "--config", str(room.world.configuration))
    )
    assert (done.returncode, done.stderr) == (0, "")
