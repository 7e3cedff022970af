"""A gazetteer's rows become places: rows of one id are one place where they lie together, and none where not."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.errors import AdapterError, Malformed, Misconfigured
from adapters.contract.models import PlaceRecord, Position, Rejection
from adapters.lists.positions import distance_m
from adapters.registry import read_places
from tests.requirements import sample_data

GARES = "idf-gares/emplacement-des-gares-idf.csv"
BY_ZONE = {"id": "id_ref_zdc", "name": "nom_zdc", "lat_lon": "geo_point_2d"}


def read(base_dir: Path, **options: Any) -> tuple[dict[str, PlaceRecord], list[Rejection]]:
    found = list(read_places(options, base_dir))
    places = [entry for entry in found if isinstance(entry, PlaceRecord)]
    assert len({place.native_id for place in places}) == len(places)
    return {p.native_id: p for p in places}, [entry for entry in found if isinstance(entry, Rejection)]


def rows(folder: Path, *lines: str, **options: Any) -> tuple[dict[str, PlaceRecord], list[Rejection]]:
    (folder / "places.csv").write_text("\n".join(("id;name;lat;lon;position_accuracy_m", *lines)))
    return read(folder, file="places.csv", **options)


def test_rows_of_one_id_are_one_place_in_their_centre(tmp_path: Path) -> None:
    places, rejected = rows(tmp_path, "1;Gare;48.850;2.35;", "2;Halte;48.9;2.4;", "1;gare;48.852;2.35;")
    assert rejected == []
    assert places["2"].position == Position(lat=48.9, lon=2.4)
    position = places["1"].position
    assert (position.lat, position.lon) == pytest.approx((48.851, 2.35))
    assert position.accuracy_m == pytest.approx(111.2, abs=0.2)


def test_the_accuracy_holds_each_rows_own_error(tmp_path: Path) -> None:
    lines = ("1;Gare;48.850;2.35;10", "1;Gare;48.852;2.35;", "2;Halte;48.9;2.4;", "3;Halte;48.9;2.5;7")
    places, _ = rows(tmp_path, *lines, accuracy_m=50)
    assert places["1"].position.accuracy_m == pytest.approx(111.2 + 50, abs=0.2)
    assert [places[n].position.accuracy_m for n in "23"] == [50, 7]


def test_rows_that_repeat_one_point_claim_no_accuracy(tmp_path: Path) -> None:
    places, _ = rows(tmp_path, "1;Gare;48.85;2.35;", "1;Gare;48.85;2.35;")
    assert places["1"].position == Position(lat=48.85, lon=2.35)


def test_rows_too_far_apart_are_no_place_and_each_says_why(tmp_path: Path) -> None:
    lines = ("1;Gare;48.85;2.35;", "2;Halte;48.9;2.4;", "1;Gare;48.87;2.35;")
    places, rejected = rows(tmp_path, *lines)
    assert list(places) == ["2"]
    assert [r.where for r in rejected] == ["places.csv row 2", "places.csv row 4"]
    assert all("1112 m from the centre of the 2 rows of '1'" in r.reason for r in rejected)
    assert all("max_spread_m allows 500" in r.reason for r in rejected)
    assert list(rows(tmp_path, *lines, max_spread_m=1200)[0]) == ["1", "2"]


def test_another_name_for_the_same_id_is_told_and_the_first_counts(tmp_path: Path) -> None:
    places, rejected = rows(tmp_path, "1;Été;48.85;2.35;", "1;ETE;48.85;2.35;", "1;Hiver;48.85;2.35;")
    assert places["1"].name == "Été"
    assert [r.reason for r in rejected] == [
        "calls '1' 'Hiver'; places.csv row 2 calls it 'Été', which is kept"
    ]


BAD_ROWS = (
    ";No id;48.85;2.35;",
    "1;Half;48.85;;",
    "1;Nowhere;;;",
    "1;Off;98.85;2.35;",
    "1;Null island;0;0;",
    "1;Less than nothing;48.85;2.35;-3",
    "1;Not a number;NaN;2.35;",
    "1;Too short;48.85",
    '1;"Open;48.85;2.35;',
    "1;N\0L;48.85;2.35;",
)


@given(st.lists(st.sampled_from(BAD_ROWS) | st.none(), max_size=20))
def test_every_bad_row_is_rejected_and_costs_no_other(
    tmp_path_factory: pytest.TempPathFactory, mixture: list[str | None]
) -> None:
    lines = [f"p{n};Été;48.85;2.35;" if bad is None else bad for n, bad in enumerate(mixture, start=2)]
    places, rejected = rows(tmp_path_factory.getbasetemp(), *lines)
    assert list(places) == [f"p{n}" for n, bad in enumerate(mixture, start=2) if bad is None]
    assert [r.where for r in rejected] == [
        f"places.csv row {n}" for n, bad in enumerate(mixture, start=2) if bad is not None
    ]


POINTS = st.tuples(st.floats(-0.004, 0.004), st.floats(-0.004, 0.004), st.none() | st.floats(0, 300))


@given(
    st.lists(POINTS, min_size=1, max_size=8),
    st.sampled_from([-179.999, 0.0, 2.35, 179.999, 180.0]),
    st.data(),
)
def test_a_merged_place_holds_all_its_rows_in_any_order_on_any_meridian(
    tmp_path_factory: pytest.TempPathFactory,
    points: list[tuple[float, float, float | None]],
    meridian: float,
    data: st.DataObject,
) -> None:
    lines = [
        f"1;Gare;{48.85 + y:.12f};{(meridian + x + 180) % 360 - 180:.12f};{'' if own is None else own}"
        for y, x, own in points
    ]
    folder = tmp_path_factory.getbasetemp()
    places, rejected = rows(folder, *lines, max_spread_m=1500)
    assert rejected == []
    position = places["1"].position
    for line, (_, _, own) in zip(lines, points, strict=True):
        lat, lon = map(float, line.split(";")[2:4])
        away_m = distance_m(position, Position(lat=lat, lon=lon))
        assert away_m + (own or 0.0) <= (position.accuracy_m or 0.01) + 1e-6
    shuffled = rows(folder, *data.draw(st.permutations(lines)), max_spread_m=1500)[0]["1"].position
    assert distance_m(shuffled, position) < 0.01


def test_a_street_and_an_area_are_as_uncertain_as_they_are_wide(tmp_path: Path) -> None:
    ring = [[2.0, 48.0], [2.02, 48.0], [2.02, 48.02], [2.0, 48.02], [2.0, 48.0]]
    street = [[[2.35, 48.85], [2.36, 48.85]], [[2.36, 48.85], [2.37, 48.85]]]
    shapes = {
        "rue": {"type": "MultiLineString", "coordinates": street},
        "town": {"type": "Polygon", "coordinates": [ring]},
        "stop": {"type": "Point", "coordinates": [2.1, 48.1, 30]},
        "broken": {"type": "Polygon", "coordinates": [[]]},
        "nothing": None,
    }
    features = [
        {"type": "Feature", "geometry": shape, "properties": {"code": name, "nom": f"Le {name}"}}
        for name, shape in shapes.items()
    ]
    (tmp_path / "p.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    columns = {"id": "code", "name": "nom"}
    places, rejected = read(tmp_path, file="p.geojson", columns=columns, accuracy_m=5)
    assert (places["rue"].position.lat, places["rue"].position.lon) == pytest.approx((48.85, 2.36))
    assert places["rue"].position.accuracy_m == pytest.approx(731.7 + 5, abs=0.2)
    assert places["town"].position.accuracy_m == pytest.approx(1337.9 + 5, abs=1)
    assert places["stop"].position == Position(lat=48.1, lon=2.1, elevation_m=30, accuracy_m=5)
    assert [r.where for r in rejected] == ["p.geojson feature 4", "p.geojson feature 5"]
    unstated, _ = read(tmp_path, file="p.geojson", columns=columns)
    assert unstated["stop"].position.accuracy_m is None, "unknown stays unknown"
    assert unstated["rue"].position.accuracy_m == pytest.approx(731.7, abs=0.2)


@pytest.mark.parametrize(
    ("text", "options", "error", "says"),
    [
        ("", {}, Misconfigured, "is empty"),
        ("name;lat;lon\nx;1;2\n", {}, Misconfigured, "no column 'id' .*map id to one of them"),
        ("id;lat\n1;2\n", {}, Misconfigured, "none for lon"),
        ("id;lat;lon\n", {"columns": {"name": "nom"}}, Misconfigured, "no column 'nom'"),
        (
            "id;lat;lon\n",
            {"columns": {"colour": "x"}},
            Misconfigured,
            "'colour' is not known .* known: id, name",
        ),
        ("id;lat;lon\n", {"encoding": "klingon"}, Misconfigured, "klingon"),
        ("id;lat;lon\n", {"delimiter": "x"}, Misconfigured, "delimiter"),
        ("id;lat;lon\n", {"accuracy_m": -1}, Misconfigured, "accuracy_m"),
        ("id;lat;lon\n", {"file": "absent.csv"}, Misconfigured, "no such file"),
        ("id;lat;lon\n", {"file": "places.pdf"}, Misconfigured, "must end in"),
        ("{", {"file": "places.geojson"}, Malformed, "not JSON"),
    ],
)
def test_a_wrong_file_or_option_is_refused_whole(
    tmp_path: Path, text: str, options: dict[str, Any], error: type[AdapterError], says: str
) -> None:
    for name in ("places.csv", "places.geojson"):
        (tmp_path / name).write_text(text)
    with pytest.raises(error, match=says):
        read(tmp_path, **({"file": "places.csv"} | options))


def test_a_regions_stations_are_one_place_each_however_many_lines_call_there() -> None:
    folder = sample_data() / "places"
    places, rejected = read(folder, file=GARES, columns=BY_ZONE, accuracy_m=50)
    assert len(places) == 992, "of 1234 rows"
    assert all("which is kept" in entry.reason for entry in rejected)
    assert [p.name for p in places.values()].count("Gare du Nord") == 2, "the station, and Magenta beside it"
    accuracy_m = {name: places[name].position.accuracy_m for name in ("71264", "474151")}
    assert accuracy_m == {"71264": pytest.approx(254.6, abs=0.1), "474151": 50.0}
    assert places["71264"].name == "Châtelet"


def test_ids_that_a_list_gave_twice_by_mistake_locate_nothing() -> None:
    by_station = {"id": "id_gares", "name": "nom_gares", "lat_lon": "geo_point_2d"}
    places, rejected = read(sample_data() / "places", file=GARES, columns=by_station)
    assert (len(places), len(rejected)) == (1229, 4)
    assert not {"1252", "1855"} & set(places)


@pytest.mark.parametrize(("name", "count"), [("communes", 1276), ("departements", 8)])
def test_every_vertex_of_a_real_boundary_is_within_its_places_accuracy(name: str, count: int) -> None:
    file = sample_data() / "places" / "idf-boundaries" / f"{name}-ile-de-france.geojson"
    places, rejected = read(file.parent, file=file.name, columns={"id": "code", "name": "nom"})
    assert (len(places), rejected) == (count, [])

    def vertices(part: Any) -> list[tuple[float, float]]:
        if not isinstance(part[0], list):
            return [(part[0], part[1])]
        return [vertex for inner in part for vertex in vertices(inner)]

    for feature in json.loads(file.read_text(encoding="utf-8"))["features"]:
        position = places[feature["properties"]["code"]].position
        for lon, lat in vertices(feature["geometry"]["coordinates"]):
            assert distance_m(position, Position(lat=lat, lon=lon)) <= (position.accuracy_m or 0)
