"""A railway region's public list of stations serves as the network's places, unchanged."""

import csv
from pathlib import Path

from adapters.contract.models import PlaceRecord, Rejection
from adapters.contract.options import parse_options
from adapters.lists.config import ListOptions
from adapters.lists.reader import ListReader
from tests.requirements import sample_data


def test_every_station_is_a_place_and_every_repeat_is_told() -> None:
    folder = Path(sample_data() / "places" / "idf-gares")
    file = "emplacement-des-gares-idf.csv"
    columns = {"id": "id_gares", "name": "nom_gares", "lat_lon": "geo_point_2d"}
    options = parse_options(ListOptions, {"places": {"file": file, "columns": columns}})
    found = list(ListReader(options, folder).places())
    places = {place.native_id: place for place in found if isinstance(place, PlaceRecord)}
    repeats = [entry for entry in found if isinstance(entry, Rejection)]

    with (folder / file).open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    assert set(places) == {row["id_gares"] for row in rows}
    assert len(places) + len(repeats) == len(rows) == 1234
    assert all("repeats the id" in repeat.reason for repeat in repeats)
    for row in reversed(rows):
        lat, lon = map(float, row["geo_point_2d"].split(", "))
        place = places.get(row["id_gares"])
        assert place is not None
        if row["nom_gares"] == place.name:
            assert (abs(place.position.lat - lat) < 0.02) and (abs(place.position.lon - lon) < 0.02)
