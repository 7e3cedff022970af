"""Options are refused by name before any file is opened."""

from pathlib import Path
from typing import Any

import pytest

from adapters.contract.errors import Misconfigured
from adapters.contract.options import parse_options
from adapters.lists.config import ListOptions


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"colums": {}}, "colums: not a known option"),
        ({"columns": {"latitude": "y"}}, "columns.latitude"),
        ({"cameras": "list.xlsx"}, "must end in one of"),
        ({"cameras": [{"columns": {}}]}, "cameras.0.file"),
        ({"cameras": 12}, "cameras"),
        ({"area": [2.5, 48.8, 2.2, 48.9]}, "each minimum below its maximum"),
        ({"area": [2.5, 48.8]}, "min_lon, min_lat, max_lon, max_lat"),
        ({"cameras": {"file": "a.csv", "encoding": "klingon"}}, "klingon"),
        ({"streets": ["Rue"]}, "streets need crossings"),
        ({"crossings": {"file": "x.csv", "accuracy_m": 5}}, "crossings need streets"),
        ({"crossings": {"file": "x.csv"}, "streets": ["Rue"]}, "crossings.accuracy_m"),
        ({"position_accuracy_m": -1}, "position_accuracy_m"),
        ({"values": {"colour": {}}}, "values.colour"),
    ],
)
def test_a_wrong_option_is_named(given: dict[str, Any], named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        parse_options(ListOptions, given)


def test_the_value_of_a_wrong_option_is_not_repeated() -> None:
    with pytest.raises(Misconfigured) as caught:
        parse_options(ListOptions, {"pasword": "hunter2", "area": "hunter2", "max_geojson_mb": "hunter2"})
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize("given", ["a.csv", ["a.csv"], {"file": "a.csv"}, [{"file": "a.csv"}], Path("a.csv")])
def test_a_path_a_list_and_a_table_mean_the_same(given: object) -> None:
    assert [entry.file for entry in parse_options(ListOptions, {"cameras": given}).cameras] == [Path("a.csv")]


def test_nothing_is_needed_where_the_recorder_names_its_cameras() -> None:
    assert parse_options(ListOptions, {}).cameras == ()
