"""Streets are recognised across spellings, and the error of the point found is stated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.models import Position
from adapters.lists.config import Area
from adapters.lists.crossings import CrossingIndex, fold_street, split_streets
from adapters.lists.positions import distance_m
from adapters.lists.rows import TextRow, Unusable


def index(*rows: tuple[str, str, float, float], area: Area | None = None) -> CrossingIndex:
    crossings = CrossingIndex(accuracy_m=10, max_spread_m=200, area=area)
    for name1, name2, lat, lon in rows:
        crossings.add(TextRow("crossings.csv row 2", (name1, name2, str(lat), str(lon), "")))
    return crossings


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rue de l'Échelle", "rue de l’Echelle"),
        ("Boulevard Saint-Germain", "boulevard  Saint- Germain"),
        ("Rue du Sacré-Cœur", "RUE DU SACRE COEUR"),
    ],
)
def test_spellings_of_one_street_fold_to_one(one: str, other: str) -> None:
    assert fold_street(one) == fold_street(other)


@pytest.mark.parametrize(("one", "other"), [("rue Moulin", "rue du Moulin"), ("rue A", "avenue A")])
def test_two_streets_stay_two(one: str, other: str) -> None:
    assert fold_street(one) != fold_street(other)


@given(st.text())
def test_folding_twice_changes_nothing(name: str) -> None:
    assert fold_street(fold_street(name)) == fold_street(name)


def test_any_pair_of_the_streets_in_any_order_locates() -> None:
    crossings = index(("Rue B", "Rue C", 48.85, 2.35))
    found = crossings.locate(("Rue A", "rue c", "rue b"), elevation_m=30)
    assert found == Position(lat=48.85, lon=2.35, elevation_m=30, accuracy_m=10)


@given(st.lists(st.tuples(st.floats(48.85, 48.851), st.floats(2.35, 2.351)), min_size=1, max_size=6))
def test_the_accuracy_reaches_every_point_of_a_wide_crossing(points: list[tuple[float, float]]) -> None:
    found = index(*(("A", "B", lat, lon) for lat, lon in points)).locate(("A", "B"), None)
    assert found.accuracy_m is not None
    for lat, lon in points:
        assert distance_m(found, Position(lat=lat, lon=lon)) + 10 <= found.accuracy_m + 0.1


@pytest.mark.parametrize(
    ("streets", "reason"),
    [
        (("A", "C"), "no crossing of its streets is known"),
        (("A", "A"), "no crossing of its streets is known"),
        (("A", "Far"), "2 points up to .* m from their centre; max_spread_m allows 200"),
        (("A", "Outside"), "outside the network's area"),
        (tuple("ABCDEFGHI"), "names 9 streets"),
    ],
)
def test_streets_that_name_no_single_junction_locate_nothing(streets: tuple[str, ...], reason: str) -> None:
    crossings = index(
        ("A", "B", 48.85, 2.35),
        ("A", "A", 48.85, 2.35),
        ("A", "Far", 48.85, 2.35),
        ("Far", "A", 48.86, 2.36),
        ("A", "Outside", 43.0, 1.0),
        area=Area(min_lon=2.2, min_lat=48.8, max_lon=2.5, max_lat=48.95),
    )
    with pytest.raises(Unusable, match=reason):
        crossings.locate(streets, None)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [(("A", "", "48", "2", ""), "two street names"), (("A", "B", "", "", ""), "needs coordinates")],
)
def test_a_crossing_without_names_or_point_is_refused(cells: tuple[str, ...], reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        CrossingIndex(10, 200, None).add(TextRow("crossings.csv row 2", cells))


def test_a_description_is_split_at_its_commas() -> None:
    assert split_streets("Rue A, rue B; ,Quai C") == ("Rue A", "rue B", "Quai C")
