"""Directions as OpenStreetMap's mappers write them become views, and what is none becomes none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.lists.directions import WINDS, compass_deg, read_directions


@pytest.mark.parametrize(
    ("text", "views"),
    [
        ("90", [(90, None)]),
        ("13.75", [(13.75, None)]),
        ("273,5", [(273.5, None)]),
        ("360", [(0, None)]),
        ("-98", [(262, None)]),
        ("-293", [(67, None)]),
        ("SE", [(135, None)]),
        ("ne", [(45, None)]),
        ("WNW", [(292.5, None)]),
        ("south", [(180, None)]),
        ("north-east", [(45, None)]),
        ("45°", [(45, None)]),
        ("180;350", [(180, None), (350, None)]),
        ("270,90", [(270, None), (90, None)]),
        ("45, 180, 225, 270", [(45, None), (180, None), (225, None), (270, None)]),
        ("N;S", [(0, None), (180, None)]),
        ("0;360", [(0, None)]),
        ("90;fixme", [(90, None)]),
        ("239-284", [(261.5, 45)]),
        ("270-30", [(330, 120)]),
        ("210 - 40", [(305, 190)]),
        ("E-W", [(180, 180)]),
        ("W-E", [(0, 180)]),
        ("-30-30", [(0, 60)]),
        ("90-90", [(90, None)]),
        ("0-360", [(None, 360)]),
        ("0 - 360", [(None, 360)]),
        ("0-359", [(None, 360)]),
        ("0-90;180-270", [(45, 90), (225, 90)]),
    ],
)
def test_a_stated_direction_is_a_view(text: str, views: list[tuple[float | None, float | None]]) -> None:
    assert [tuple(sector) for sector in read_directions(text)] == views


@pytest.mark.parametrize(
    "text",
    ["", "variable", "both", "fixme", "-", "400", "40https://example.org/kamera?id=S081", "12-", "N-X"],
)
def test_what_states_no_direction_is_no_view(text: str) -> None:
    assert read_directions(text) == ()


@given(since=st.integers(0, 359), width=st.integers(1, 358))
def test_a_range_runs_clockwise_and_keeps_its_width(since: int, width: int) -> None:
    (sector,) = read_directions(f"{since}-{(since + width) % 360}")
    # An end at 0 may be written so far from its start that both ends look like all round: those were left out.
    if abs((since + width) % 360 - since) < 359:
        assert sector == ((since + width / 2) % 360, width)


@given(st.text(max_size=20))
def test_any_text_gives_headings_on_the_compass(text: str) -> None:
    for sector in read_directions(text):
        assert sector.heading_deg is None or 0 <= sector.heading_deg < 360
        assert sector.fov_deg is None or 0 < sector.fov_deg <= 360


def test_the_winds_are_sixteen_and_evenly_apart() -> None:
    assert [compass_deg(wind.upper()) for wind in WINDS] == [number * 22.5 for number in range(16)]
    assert compass_deg("Eastbound") is None
