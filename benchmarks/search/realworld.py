"""Cameras where real lists place cameras, street crossings and stations of Île-de-France."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.search.world import METRES_A_DEGREE, World, dressed

COUNT: Final = 120_000
NAME: Final = "120000 Île-de-France"
SPREAD_M: Final = 60.0
CITIES: Final = 8
"""As many towns' networks as the region has départements."""


def ile_de_france(samples: str | None) -> World | None:
    """120,000 cameras, each within some 60 m of a listed camera, crossing, station or corner of a commune; None without
    the lists."""
    if samples is None:
        return None
    points = np.array(list(_points(Path(samples))))
    chance = np.random.default_rng(3)
    at = points[chance.integers(0, len(points), COUNT)]
    north, east = chance.normal(0, SPREAD_M, (2, COUNT))
    lat = at[:, 0] + north / METRES_A_DEGREE
    lon = at[:, 1] + east / (METRES_A_DEGREE * np.cos(np.radians(at[:, 0])))
    angle = np.degrees(np.arctan2(lat - 48.8566, lon - 2.3522)) % 360
    return dressed(NAME, lat, lon, (angle * CITIES / 360).astype(np.int64), chance)


def _points(samples: Path) -> Iterator[tuple[float, float]]:
    """Latitudes and longitudes; what a list says of no point is left out."""
    paris = samples / "cameras" / "paris-pvpp"
    for file in sorted(paris.glob("*.csv")):
        yield from _of_csv(file)
    yield from _of_csv(next((samples / "places" / "idf-gares").glob("*.csv")))
    communes = samples / "places" / "idf-boundaries" / "communes-ile-de-france.geojson"
    for feature in json.loads(communes.read_text())["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            ring = polygon if feature["geometry"]["type"] == "Polygon" else polygon[0]
            yield from ((lat, lon) for lon, lat in ring[::20])


def _of_csv(file: Path) -> Iterator[tuple[float, float]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        delimiter = ";" if ";" in opened.readline() else ","
        opened.seek(0)
        for row in csv.DictReader(opened, delimiter=delimiter):
            both = row.get("geo_point_2d")
            lat, lon = both.split(",") if both else (row.get("lat") or "", row.get("lon") or "")
            if lat.strip() and lon.strip():
                yield float(lat.replace(",", ".")), float(lon.replace(",", "."))
