"""Writes the demo's world to disk as an owner would keep it: camera and place lists, and the configuration.

Paths in the configuration are relative to its own folder, so the whole folder can be moved. Everything here
belongs to the demo and is written again at every start.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Final

from adapters.contract.models import CameraRecord, PlaceRecord
from broker.demo.film import PATTERN
from broker.demo.models import DemoAgreement, DemoNetwork, DemoWorld
from broker.demo.world import demo_world

CONFIGURATION = "entrevue.toml"
CAMERA_COLUMNS = (
    "id",
    "name",
    "lat",
    "lon",
    "place",
    "level",
    "kind",
    "heading_deg",
    "fov_deg",
    "range_m",
    "status",
    "retention_days",
    "tags",
)
PLACE_COLUMNS = ("id", "name", "lat", "lon")
REFRESH_S = 10
FRIGATE_URL = "http://127.0.0.1:5000"
DAY = timedelta(days=1)

LOG_ORIGIN: Final = "demo.entrevue.example/log"
TomlValue = str | int | float | Sequence[str]


def write_world(
    folder: Path, now: datetime, public_url: str = "http://127.0.0.1:8080", frigate_url: str = FRIGATE_URL
) -> DemoWorld:
    """Writes lists, empty folders for recordings and holds, and `entrevue.toml`; returns what they say.
    `frigate_url` is where the demo's simulated Frigate answers."""
    world = demo_world(now)
    for network in world.networks:
        (folder / network.folder).mkdir(parents=True, exist_ok=True)
        _replace(folder / network.cameras_file, cameras_csv(network.cameras))
        _replace(folder / network.places_file, places_csv(network.places))
    for network in world.recorded_networks:
        (folder / network.recordings).mkdir(exist_ok=True)
        (folder / network.holds).mkdir(exist_ok=True)
    _replace(folder / CONFIGURATION, to_toml(world, public_url, frigate_url))
    return world


def cameras_csv(cameras: Iterable[CameraRecord]) -> str:
    """A list with the column names that camera lists know; unknown is an empty cell.

    ValueError for a camera with several views, which one row of this list cannot say.
    """
    return _csv(CAMERA_COLUMNS, (_camera_row(camera) for camera in cameras))


def places_csv(places: Iterable[PlaceRecord]) -> str:
    return _csv(
        PLACE_COLUMNS,
        ((place.native_id, place.name, place.position.lat, place.position.lon) for place in places),
    )


def _camera_row(camera: CameraRecord) -> tuple[object, ...]:
    if len(camera.views) > 1:
        raise ValueError(f"{camera.native_id} has {len(camera.views)} views, a row of the list holds one")
    view = camera.views[0] if camera.views else None
    return (
        camera.native_id,
        camera.name,
        camera.position and camera.position.lat,
        camera.position and camera.position.lon,
        camera.place,
        camera.level,
        camera.kind,
        view and view.heading_deg,
        view and view.fov_deg,
        view and view.range_m,
        camera.status,
        camera.retention_days,
        "|".join(camera.tags),
    )


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def to_toml(world: DemoWorld, public_url: str, frigate_url: str = FRIGATE_URL) -> str:
    """The broker's configuration of this world. `data` is the configuration's own folder."""
    lines = ["# Written by the demo at every start: changes here are lost.", "", "[broker]"]
    lines += [_pair("data", "."), _pair("public_url", public_url)]
    lines += [_pair("log_origin", LOG_ORIGIN)]  # the port may be another one at the next start
    for agency in world.agencies:
        lines += ["", "[[agency]]", _pair("id", agency.id), _pair("name", agency.name)]
    for network in world.networks:
        lines += ["", *_network_lines(network, frigate_url)]
    for agreement in world.agreements:
        lines += ["", *_agreement_lines(agreement)]
    return "\n".join(lines) + "\n"


def _network_lines(network: DemoNetwork, frigate_url: str) -> list[str]:
    lines = [
        "[[network]]",
        _pair("id", network.id),
        _pair("agency", network.agency),
        _pair("adapter", network.adapter),
        _pair("refresh_s", REFRESH_S),
        "[network.options]",
        _pair("cameras", network.cameras_file.as_posix()),
        _pair("places", network.places_file.as_posix()),
    ]
    if network.adapter == "frigate":
        lines.append(_pair("url", frigate_url))
    elif network.retention is not None:
        lines += [
            _pair("recordings", network.recordings.as_posix()),
            _pair("pattern", PATTERN),
            _pair("timezone", "UTC"),
            _pair("retention_days", network.retention / DAY),
            _pair("holds", network.holds.as_posix()),
        ]
    return lines


def _agreement_lines(agreement: DemoAgreement) -> list[str]:
    return [
        "[[agreement]]",
        _pair("id", agreement.id),
        _pair("owner", agreement.owner),
        _pair("partners", (agreement.partner,)),
        _pair("networks", agreement.networks),
        _pair("actions", agreement.actions),
        _pair("purposes", agreement.purposes),
        _pair("valid", str(agreement.valid)),
        _pair("approval", "manual"),
    ]


def _pair(key: str, value: TomlValue) -> str:
    # JSON texts, numbers and lists of texts are TOML too, but for DEL, which TOML 1.0 wants escaped.
    plain = value if isinstance(value, str | int | float) else list(value)
    return f"{key} = " + json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")


def _replace(path: Path, text: str) -> None:
    """Never half a file: a broker that is still running may be reading it."""
    aside = path.with_name(path.name + ".part")
    aside.write_text(text, encoding="utf-8", newline="")
    aside.replace(path)
