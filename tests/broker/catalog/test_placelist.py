"""A list of places is searched as a plain loop would search it, and a long one keeps nobody waiting."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.models import Position
from broker.catalog.models import Place
from broker.catalog.names import folded_name
from broker.catalog.placelist import SCANNED_AT_ONCE, PlaceList, PlaceRow, place_key

WORDS = st.sampled_from(
    ["Gare", "gare", "du", "Nord", "Châtelet", "les", "Halles", "-", "Œuf", "d’", "ß", "Ж", "_"]
)
NAMES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join) | st.text(max_size=12)
POSITIONS = st.builds(
    Position,
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    elevation_m=st.none() | st.floats(-100, 9000),
    accuracy_m=st.none() | st.floats(0, 1e6),
)


@st.composite
def many_places(draw: st.DrawFn) -> list[Place]:
    names = draw(st.lists(NAMES, max_size=30))
    return [Place(id=f"g:{n}", name=name, position=draw(POSITIONS)) for n, name in enumerate(names)]


def pages(places: PlaceList, text: str, size: int) -> list[Place]:
    """Every page, each after the last place of the one before."""

    async def read() -> list[Place]:
        found: list[Place] = []
        while page := await places.holding(text, place_key(found[-1]) if found else None, size):
            found += page
        return found

    return asyncio.run(read())


@given(many_places(), NAMES | st.just(""), st.integers(1, 5))
def test_pages_hold_what_a_plain_loop_finds_in_its_order(places: list[Place], text: str, size: int) -> None:
    words = folded_name(text).split()
    nothing = bool(text.strip()) and not words
    fitting = [p for p in places if not nothing and all(word in folded_name(p.name) for word in words)]
    assert pages(PlaceList.of(places), text, size) == sorted(fitting, key=place_key)


@given(many_places(), NAMES)
def test_a_whole_name_finds_its_namesakes_and_an_id_its_place(places: list[Place], name: str) -> None:
    made = PlaceList.of(places)
    alike = [p for p in places if folded_name(p.name) == folded_name(name) != ""]
    assert made.named(name, 100) == sorted(alike, key=place_key)
    assert made.named(name, 1) == sorted(alike, key=place_key)[:1]
    assert [made.get(p.id) for p in places] == places
    assert made.get("g:none") is None


def test_names_alike_for_longer_than_a_key_are_told_apart() -> None:
    at = Position(lat=1, lon=1)
    names = ["a" * 150, "a" * 150 + "b", "A" * 150]
    made = PlaceList.of(Place(id=f"g:{n}", name=name, position=at) for n, name in enumerate(names))
    assert [p.id for p in made.named("a" * 150, 9)] == ["g:0", "g:2"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Châtelet les Halles", "chatelet-LES halles"),
        ("Châtelet-Les Halles", "châtelet les halles"),
        ("Sacré-Cœur", "sacre coeur"),
        ("Aéroport d’Orly", "AEROPORT D'ORLY"),
        ("Stade_de_France", "stade de france"),
    ],
)
def test_spellings_of_one_name_fold_to_one(name: str, typed: str) -> None:
    assert folded_name(name) == folded_name(typed)


@given(st.text())
def test_folding_a_name_twice_changes_nothing(name: str) -> None:
    assert folded_name(folded_name(name)) == folded_name(name)


STREETS = 200_000


@pytest.fixture(scope="module")
def streets() -> PlaceList:
    """As many as a region has; every one begins with a common word."""
    kinds = ("Rue", "Avenue", "Impasse", "Boulevard")
    return PlaceList(
        PlaceRow(f"voies:{n}", f"{kinds[n % 4]} de l’Église {n:06}", 48.0, 2.0, None, 9.0)
        for n in range(STREETS)
    )


async def test_a_list_of_many_streets_is_searched_in_parts_between_which_others_run(
    streets: PlaceList,
) -> None:
    turns = 0

    async def another() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(another())
    assert await streets.holding("no such street", None, 100) == []
    other.cancel()
    assert turns >= STREETS // SCANNED_AT_ONCE


@pytest.mark.parametrize("text", ["no such street", "eglise", "rue", "rue avenue", "impasse 199998", ""])
async def test_a_search_among_two_hundred_thousand_streets_is_over_at_once(
    streets: PlaceList, text: str
) -> None:
    """Milliseconds, by the process's own time; the bound leaves room for a slow machine."""
    begun = time.process_time()
    for _ in range(5):
        await streets.holding(text, None, 101)
    assert (time.process_time() - begun) / 5 < 0.1
