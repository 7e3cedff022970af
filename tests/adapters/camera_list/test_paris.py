"""Paris's three public lists make one network; what cannot be placed is told, camera by camera.

Everything expected is worked out here from the files themselves, by other means than the adapter's.
"""

import csv
import re
import unicodedata
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from adapters.camera_list.config import CameraListOptions
from adapters.contract.models import CameraRecord, Rejection
from adapters.lists.positions import distance_m
from adapters.lists.reader import ListReader
from tests.requirements import sample_data

STREET_COLUMNS = ["Rue croisement 1", "Rue croisement 2", "Rue croisement 3"]
STATED_ACCURACY_M = 25.0
CROSSING_ACCURACY_M = 30.0


def table(name: str, delimiter: str = ";") -> list[dict[str, str]]:
    path = sample_data() / "cameras" / "paris-pvpp" / name
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=delimiter))


def number(row: dict[str, str]) -> str:
    return re.sub("^0+", "", row["Numéro"])


def words(street: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFD", street.lower().replace("œ", "oe").replace("’", "'"))
    return tuple(re.findall("[a-z0-9]+", plain.encode("ascii", "ignore").decode()))


def crossing_pairs() -> set[frozenset[tuple[str, ...]]]:
    return {
        frozenset({words(row["nom1"]), words(row["nom2"])})
        for row in table("croisements_rues_paris.csv", ",")
    }


def options(files: list[Any]) -> CameraListOptions:
    return CameraListOptions.model_validate(
        {
            "cameras": files,
            "columns": {"id": "Numéro", "name": "Implantation"},
            "id_strip_leading_zeros": True,
            "position_accuracy_m": STATED_ACCURACY_M,
            "area": [2.2, 48.8, 2.45, 48.92],
            "crossings": {
                "file": "croisements_rues_paris.csv",
                "columns": {"name1": "nom1", "name2": "nom2"},
                "accuracy_m": CROSSING_ACCURACY_M,
            },
        }
    )


async def listing(files: list[Any]) -> tuple[dict[str, CameraRecord], list[Rejection]]:
    folder = sample_data() / "cameras" / "paris-pvpp"
    found = list(ListReader(options(files), Path(folder)).cameras())
    records = [entry for entry in found if isinstance(entry, CameraRecord)]
    by_id = {record.native_id: record for record in records}
    assert len(by_id) == len(records)
    return by_id, [entry for entry in found if isinstance(entry, Rejection)]


def files(streets: list[str]) -> list[Any]:
    return [{"file": name, "streets": streets} for name in ("annexe1.csv", "annexe2.csv")] + ["data.csv"]


def with_crossing(streets: list[str], unplaced: set[str]) -> set[str]:
    pairs = crossing_pairs()
    return {
        number(row)
        for row in table("annexe1.csv") + table("annexe2.csv")
        if number(row) in unplaced
        for named in [[part for column in streets for part in row[column].split(",") if words(part)]]
        # The file of crossings also has streets that meet themselves, which place nobody.
        if any(two in pairs and len(two) == 2 for two in map(frozenset, combinations(map(words, named), 2)))
    }


@pytest.mark.parametrize(
    ("streets", "located"),
    [(STREET_COLUMNS, 118), (["Implantation"], 119), (["Implantation", *STREET_COLUMNS], 119)],
    ids=["columns", "prose", "both"],
)
async def test_the_three_lists_are_one_network(streets: list[str], located: int) -> None:
    records, rejections = await listing(files(streets))
    stated = {number(row): row for row in table("data.csv")}
    everything = {number(row) for row in table("annexe1.csv") + table("annexe2.csv")} | set(stated)
    found = with_crossing(streets, everything - set(stated))

    assert len(stated) == 707
    assert len(everything) == 1394
    assert len(found) == located
    assert set(records) == set(stated) | found
    rejected = {re.split("camera | has ", rejection.reason)[1] for rejection in rejections}
    assert rejected == everything - set(records)
    assert len(rejections) == len(rejected)


async def test_stated_coordinates_are_the_lists_own_and_others_state_their_error() -> None:
    records, _ = await listing(files(["Implantation"]))
    stated = {number(row): (float(row["lat"]), float(row["lon"])) for row in table("data.csv")}
    for native_id, record in records.items():
        assert record.position is not None
        assert record.position.accuracy_m is not None
        if native_id in stated:
            assert (record.position.lat, record.position.lon) == stated[native_id]
            assert record.position.accuracy_m == STATED_ACCURACY_M
        else:
            assert CROSSING_ACCURACY_M <= record.position.accuracy_m <= CROSSING_ACCURACY_M + 200


async def test_a_number_with_and_without_its_leading_zero_is_one_camera() -> None:
    padded = {number(row) for row in table("annexe2.csv") if row["Numéro"].startswith("0")}
    unpadded = {row["Numéro"] for row in table("annexe1.csv")}
    assert "1065" in padded & unpadded
    records, rejections = await listing(files(["Implantation"]))
    assert not any(native_id.startswith("0") for native_id in records)
    told = [rejection.where for rejection in rejections if "camera 1065 " in rejection.reason]
    assert len(told) == 1
    assert told[0].startswith("annexe1.csv row ")


async def test_cameras_of_the_second_list_alone_are_told_where_they_stand() -> None:
    only = {number(row) for row in table("annexe2.csv")} - {number(row) for row in table("annexe1.csv")}
    assert len(only) == 3
    _, rejections = await listing(files(["Implantation"]))
    reasons = {rejection.reason for rejection in rejections if rejection.where.startswith("annexe2.csv row ")}
    assert {re.split("camera | has ", reason)[1] for reason in reasons} == only
    assert all("has neither coordinates nor a place" in reason for reason in reasons)


async def test_cameras_located_by_crossing_stand_within_the_stated_error_of_where_they_are_known_to() -> None:
    by_crossing, _ = await listing([{"file": "annexe1.csv", "streets": ["Implantation", *STREET_COLUMNS]}])
    known, _ = await listing([{"file": "data.csv", "streets": ["Implantation"]}])
    assert len(known) == 707
    for native_id, record in known.items():
        found = by_crossing[native_id].position
        assert found is not None
        assert found.accuracy_m is not None
        assert record.position is not None
        assert distance_m(found, record.position) <= found.accuracy_m
