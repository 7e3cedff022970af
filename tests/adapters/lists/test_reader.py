"""Files become records: good rows all, bad rows each with its reason, and nothing blocks the event loop."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.errors import Misconfigured
from adapters.contract.models import CameraRecord, PlaceRecord, Rejection
from adapters.contract.options import parse_options
from adapters.lists.config import ListOptions
from adapters.lists.reader import ListReader, stream


def cameras(base_dir: Path, **options: Any) -> tuple[list[CameraRecord], list[Rejection]]:
    found = list(ListReader(parse_options(ListOptions, options), base_dir).cameras())
    return (
        [entry for entry in found if isinstance(entry, CameraRecord)],
        [entry for entry in found if isinstance(entry, Rejection)],
    )


BAD_ROWS = (
    "bad;Court",
    "bad;Long;48.85;2.35;fixed;x",
    ";Sans numéro;48.85;2.35;fixed",
    "bad;Hors du monde;98.85;2.35;fixed",
    "bad;Inversée;2.35;48.85;fixed",
    "bad;Rien;NaN;2.35;fixed",
    "bad;Moitié;48.85;;fixed",
    "bad;Nulle part;;;fixed",
    "bad;Genre;48.85;2.35;drone",
    'bad;"Guillemet;48.85;2.35;fixed',
    "bad;N\0L;48.85;2.35;fixed",
)
bad_or_good = st.one_of(st.sampled_from(BAD_ROWS), st.none())


@given(rows=st.lists(bad_or_good, max_size=30), encoding=st.sampled_from(["utf-8", "cp1252", "utf-16"]))
def test_any_mixture_gives_exactly_the_good_rows_and_one_rejection_for_each_bad_one(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str | None], encoding: str
) -> None:
    lines = ["id;name;lat;lon;kind"]
    good: list[int] = []
    bad: list[int] = []
    for number, row in enumerate(rows, start=2):
        lines.append(f"c{number};Été;48.85;2.35;fixed" if row is None else row)
        (good if row is None else bad).append(number)
    folder = tmp_path_factory.getbasetemp()
    (folder / "mixed.csv").write_bytes("\n".join(lines).encode(encoding))
    records, rejections = cameras(folder, cameras="mixed.csv", area=[2.2, 48.8, 2.5, 48.95])
    assert [record.native_id for record in records] == [f"c{number}" for number in good]
    assert {record.name for record in records} <= {"Été"}
    assert [rejection.where for rejection in rejections] == [f"mixed.csv row {number}" for number in bad]


def test_the_first_usable_row_of_an_id_counts(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,lat,lon\n1,99,2\n1,48,2\n01,48,3\n")
    records, rejections = cameras(tmp_path, cameras="a.csv", id_strip_leading_zeros=True)
    assert [(record.native_id, record.position and record.position.lon) for record in records] == [("1", 2)]
    assert [rejection.reason for rejection in rejections] == [
        "lat 99 is out of range, -90 to 90; lat and lon look swapped",
        "repeats the id '1' of a.csv row 3",
    ]


def test_several_files_make_one_network_in_order_of_first_mention(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,name,lat,lon,tags\n1,Un,,,\n2,Deux,48,2,a\n3,Trois,,,\n")
    (tmp_path / "b.csv").write_text("id;lat;lon;tags\n2;48,5;2;reserved\n01;48;2,5;\n4;48;2;\n")
    records, rejections = cameras(
        tmp_path, cameras=["a.csv", "b.csv"], id_strip_leading_zeros=True, position_accuracy_m=10
    )
    assert [(record.native_id, record.name, record.tags) for record in records] == [
        ("1", "Un", ()),
        ("2", "Deux", ("a", "reserved")),
        ("4", "4", ()),
    ]
    assert [rejection.where for rejection in rejections] == ["b.csv row 2", "a.csv row 4"]
    assert "puts camera 2 55598 m from where a.csv row 3 has it" in rejections[0].reason
    assert "camera 3 has neither coordinates nor a place" in rejections[1].reason


def test_a_file_may_overrule_what_the_network_says(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Nr,lat,lon\n1,48,2\n")
    (tmp_path / "b.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","id":2,'
        '"geometry":{"type":"Point","coordinates":[2,48]},"properties":{}}]}'
    )
    records, _ = cameras(
        tmp_path,
        cameras=["a.csv", {"file": "b.geojson", "columns": {"id": "id"}, "position_accuracy_m": 3}],
        columns={"id": "Nr"},
        position_accuracy_m=10,
    )
    accuracies = [record.position and record.position.accuracy_m for record in records]
    assert accuracies == [10, 3]


@pytest.mark.parametrize(
    ("content", "reason"), [("", "0 bytes"), ("\n", "no header"), ("nr\n1\n", "no column 'id'")]
)
def test_a_file_that_cannot_be_a_list_stops_the_listing(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(Misconfigured, match=reason):
        cameras(tmp_path, cameras="a.csv")
    with pytest.raises(Misconfigured, match="no such file"):
        cameras(tmp_path, cameras="b.csv")


def test_no_list_is_no_camera_and_no_place(tmp_path: Path) -> None:
    reader = ListReader(ListOptions(), tmp_path)
    assert list(reader.cameras()) == list(reader.places()) == []
    assert not reader.has_places


def test_places_are_read_with_their_own_columns(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(
        "code;gare;geo\ngdn;Gare du Nord;48.88, 2.35\ngdn;Encore;48.88, 2.35\nx;;\n"
    )
    columns = {"id": "code", "name": "gare", "lat_lon": "geo"}
    options = parse_options(ListOptions, {"places": {"file": "p.csv", "columns": columns}})
    place, repeat, nowhere = ListReader(options, tmp_path).places()
    assert isinstance(place, PlaceRecord)
    assert isinstance(repeat, Rejection)
    assert isinstance(nowhere, Rejection)
    assert (place.native_id, place.name) == ("gdn", "Gare du Nord")
    assert "repeats the id 'gdn' of p.csv row 2" in repeat.reason
    assert "needs coordinates" in nowhere.reason


class Source:
    """Counts to `end`, optionally waiting for `release` before `hold_at`; remembers being closed."""

    def __init__(self, end: int, hold_at: int | None = None) -> None:
        self.end = end
        self.hold_at = hold_at
        self.reached = threading.Event()
        self.release = threading.Event()
        self.closed = False
        self.made = 0
        self.threads: set[int] = set()

    def items(self) -> Iterator[int]:
        try:
            for number in range(self.end):
                self.threads.add(threading.get_ident())
                if number == self.hold_at:
                    self.reached.set()
                    assert self.release.wait(timeout=30)
                self.made += 1
                yield number
        finally:
            self.closed = True


async def test_a_stream_gives_every_item_in_order_from_another_thread() -> None:
    source = Source(end=1000)
    assert [item async for item in stream(source.items, batch_size=7)] == list(range(1000))
    assert source.closed
    assert threading.get_ident() not in source.threads


async def test_a_cancelled_stream_stops_at_the_item_at_hand_and_is_closed_before_the_task_ends() -> None:
    source = Source(end=10_000, hold_at=3)

    async def consume() -> None:
        async for _ in stream(source.items, batch_size=10_000):
            pass

    task = asyncio.create_task(consume())
    assert await asyncio.to_thread(source.reached.wait, 30)
    task.cancel()
    # One turn of the loop delivers the cancellation; the thread is still held.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not task.done()
    source.release.set()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert source.closed
    assert source.made == 4


async def test_a_stream_left_early_is_closed() -> None:
    source = Source(end=10_000)
    numbers = stream(source.items, batch_size=5)
    assert await anext(numbers) == 0
    await numbers.aclose()
    assert source.closed
    assert source.made == 5


async def test_what_goes_wrong_in_the_thread_reaches_the_caller() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise Misconfigured("list.csv: is gone")

    received = []
    with pytest.raises(Misconfigured, match="is gone"):
        async for number in stream(failing, batch_size=1):
            received.append(number)
    assert received == [1]


def test_a_networks_place_may_be_an_area_and_its_camera_may_not(tmp_path: Path) -> None:
    ring = [[2.0, 48.0], [2.02, 48.0], [2.02, 48.02], [2.0, 48.0]]
    area = {
        "type": "Feature",
        "properties": {"id": "1"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    (tmp_path / "l.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [area]}))
    options = {"places": "l.geojson", "cameras": "l.geojson"}
    (place,) = ListReader(parse_options(ListOptions, options), tmp_path).places()
    assert isinstance(place, PlaceRecord)
    assert (place.position.lat, place.position.lon) == pytest.approx((48.01, 2.01))
    assert place.position.accuracy_m == pytest.approx(1338.0, abs=0.2)
    records, rejections = cameras(tmp_path, **options)
    assert (records, [r.reason for r in rejections]) == ([], ["its geometry is Polygon, not a Point"])
