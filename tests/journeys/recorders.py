"""A small real world on disk: recorders' files from the sample data, the Paris lists, and a configuration.

`rail` and `metro` keep recordings as MediaMTX lays them out; `police` shares the public list of street
cameras; `town` takes part in no agreement. Every recording begins at `START`, in the past of any test run.
"""

import asyncio
import json
import random
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.contract.models import Interval
from broker.agencies.models import NewOfficer, Role
from broker.app import Host, open_office
from broker.clock import SystemClock
from broker.identifiers import RandomIdentifiers
from broker.settings import load_settings
from tests.journeys.callers import Officer
from tests.journeys.processes import Machine, Running
from tests.requirements import sample_data

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
RAIL_FILES = {"person": "intel/one-by-one-person-detection.mp4", "bottle": "intel/bottle-detection.mp4"}
METRO_FILES = {"car": "intel/car-detection.mp4", "walk": "intel/walk.mkv", "door": "kerberos/test-480p.mp4"}
TOWN_FILES = {"square": "kerberos/test-480p.mp4"}
GARE_DU_NORD = (48.8809, 2.3553)

CONFIGURATION = """
[broker]
data = "data"
lease_s = 1

[[agency]]
id = "rail"
name = "Railway"
[[agency]]
id = "metro"
name = "Metro"
[[agency]]
id = "police"
name = "Police"
[[agency]]
id = "town"
name = "Town"

{networks}

[[network]]
id = "police-streets"
agency = "police"
adapter = "camera_list"
refresh_s = 3600
[network.options]
cameras = [{lists}]
columns = {{ id = "Numéro", name = "Implantation" }}
id_strip_leading_zeros = true
position_accuracy_m = 25.0
area = [2.2, 48.8, 2.45, 48.92]
[network.options.crossings]
file = {crossings}
columns = {{ name1 = "nom1", name2 = "nom2" }}
accuracy_m = 30.0

{agreements}
"""

NETWORK = """
[[network]]
id = "{agency}-cctv"
agency = "{agency}"
adapter = "folder"
refresh_s = 2
[network.options]
cameras = "{agency}/cameras.csv"
recordings = "{agency}/recordings"
pattern = "%path/%Y-%m-%d_%H-%M-%S-%f"
timezone = "UTC"
retention_days = 30
holds = "{agency}/holds"
"""

AGREEMENT = """
[[agreement]]
id = "{owner}-police"
owner = "{owner}"
partners = ["police"]
actions = ["locate", "view_snapshot", "hold", "request_clip"]
purposes = ["public_safety", "judicial_inquiry"]
valid = "2020-01-01T00:00:00Z/2099-01-01T00:00:00Z"
"""


def asked(first_s: float, last_s: float) -> str:
    """An interval in seconds after the recordings' start."""
    interval = Interval(start=START + timedelta(seconds=first_s), end=START + timedelta(seconds=last_s))
    return str(interval)


def _record(folder: Path, agency: str, files: dict[str, str]) -> None:
    """Copies of real recordings under the names that a recorder gives, and a list with their positions."""
    rows = ["id,name,lat,lon,heading_deg,fov_deg,range_m"]
    for n, (camera, name) in enumerate(files.items()):
        source = sample_data() / "video" / name
        target = folder / agency / "recordings" / camera
        target.mkdir(parents=True)
        shutil.copyfile(source, target / f"{START:%Y-%m-%d_%H-%M-%S-%f}{source.suffix}")
        lat, lon = GARE_DU_NORD[0] + 0.0001 * n, GARE_DU_NORD[1]
        rows.append(f"{camera},Camera {camera},{lat},{lon},0,90,100")
    (folder / agency / "cameras.csv").write_text("\n".join(rows) + "\n")


@dataclass(frozen=True)
class World:
    """The folder of a broker's configuration, ready to be served."""

    folder: Path

    @property
    def configuration(self) -> Path:
        return self.folder / "entrevue.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def holds(self) -> list[Path]:
        """Everything that recorders still keep for somebody."""
        return [
            path
            for agency in ("rail", "metro", "town")
            for path in (self.folder / agency / "holds").rglob("*")
            if path.is_file() and not path.name.startswith(".")
        ]


def make_world(folder: Path) -> World:
    """Writes everything; nothing runs yet."""
    for agency, files in (("rail", RAIL_FILES), ("metro", METRO_FILES), ("town", TOWN_FILES)):
        _record(folder, agency, files)
        (folder / agency / "holds").mkdir()
    paris = sample_data() / "cameras" / "paris-pvpp"
    prose = ", ".join(
        f'{{ file = {json.dumps(str(paris / name))}, streets = ["Implantation"] }}'
        for name in ("annexe1.csv", "annexe2.csv")
    )
    lists = f"{prose}, {json.dumps(str(paris / 'data.csv'))}"
    text = CONFIGURATION.format(
        networks="".join(NETWORK.format(agency=agency) for agency in ("rail", "metro", "town")),
        lists=lists,
        crossings=json.dumps(str(paris / "croisements_rues_paris.csv")),
        agreements="".join(AGREEMENT.format(owner=owner) for owner in ("rail", "metro")),
    )
    world = World(folder)
    world.configuration.write_text(text)
    return world


def serve(machine: Machine, world: World, *more: str) -> tuple[Running, str]:
    """A broker on the world, and its address once it answers."""
    running = machine.start("serve", "--config", str(world.configuration), "--port", "0", *more)
    return running, running.first_line()


def add_officers(world: World, *names: str) -> dict[str, str]:
    """Tokens of new officers named `agency.role`."""

    async def added() -> dict[str, str]:
        host = Host(SystemClock(), RandomIdentifiers(), random.SystemRandom())
        tokens = {}
        async with open_office(load_settings(world.configuration), host) as office:
            for name in names:
                agency, role = name.split(".")
                new = NewOfficer(
                    agency=agency,
                    name=f"Test {role} of {agency}",
                    service="Tests",
                    personnel_number=f"T-{name}",
                    roles=frozenset({Role(role)}),
                    designated_by="tests",
                )
                tokens[name] = (await office.officers.add_officer(new))[1].token
        return tokens

    return asyncio.run(added())


@dataclass(frozen=True)
class Staff:
    """Tokens of everybody whom a journey needs; they outlive every restart."""

    tokens: dict[str, str]

    def at(self, url: str, name: str, purpose: str | None = "judicial_inquiry") -> Officer:
        return Officer(url, self.tokens[name], purpose)


def add_staff(world: World) -> Staff:
    """`police.investigator`, `rail.custodian`, …"""
    wanted = ("police.investigator", "police.operator", "rail.custodian", "metro.custodian")
    return Staff(add_officers(world, *wanted))
