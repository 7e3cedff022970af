"""A list completes what a recorder says of its cameras."""

from collections.abc import AsyncIterator
from pathlib import Path

from adapters.contract.models import CameraRecord, CameraStatus, Position, Rejection, Stream, View
from adapters.contract.options import parse_options
from adapters.lists.completing import CompletedCameras
from adapters.lists.config import ListOptions

Item = CameraRecord | Rejection


async def recorder(*items: Item) -> AsyncIterator[Item]:
    for item in items:
        yield item


async def completed(folder: Path, text: str, *items: Item) -> list[Item]:
    (folder / "cameras.csv").write_text(text)
    lists = CompletedCameras(parse_options(ListOptions, {"cameras": "cameras.csv"}), folder)
    return [item async for item in lists.complete(recorder(*items))]


RECORDED = CameraRecord(
    native_id="a", name="cam 1", status=CameraStatus.UP, streams=(Stream(codec="h264"),), retention_days=3
)


async def test_the_list_says_where_a_camera_stands_and_the_recorder_whether_it_works(tmp_path: Path) -> None:
    text = "id,name,lat,lon,heading_deg,status\na,Quai 1,48.8,2.3,90,down\n"
    (record,) = await completed(tmp_path, text, RECORDED)
    assert record == RECORDED.model_copy(
        update={
            "name": "Quai 1",
            "position": Position(lat=48.8, lon=2.3),
            "views": (View(heading_deg=90),),
        }
    )


async def test_what_the_list_leaves_open_stays_as_the_recorder_says(tmp_path: Path) -> None:
    stated = RECORDED.model_copy(update={"position": Position(lat=1, lon=2), "tags": ("reserved",)})
    (record,) = await completed(tmp_path, "id,place\na,gare\n", stated)
    assert record == stated.model_copy(update={"place": "gare"})


async def test_cameras_of_one_side_are_kept_and_bad_rows_reported(tmp_path: Path) -> None:
    problem = Rejection(where="path b", reason="broken")
    text = "id,lat,lon\nb,48.8,2.3\nc,north,2.3\n"
    items = await completed(tmp_path, text, RECORDED, problem)
    assert [item.native_id for item in items if isinstance(item, CameraRecord)] == ["a", "b"]
    assert [item.where for item in items if isinstance(item, Rejection)] == ["cameras.csv row 3", "path b"]


async def test_a_list_names_its_cameras_before_it_was_ever_listed(tmp_path: Path) -> None:
    (tmp_path / "cameras.csv").write_text("id,lat,lon\nb,48.8,2.3\n")
    lists = CompletedCameras(parse_options(ListOptions, {"cameras": "cameras.csv"}), tmp_path)
    assert await lists.names("b") and not await lists.names("a")


async def test_without_a_list_the_recorder_alone_is_believed(tmp_path: Path) -> None:
    lists = CompletedCameras(parse_options(ListOptions, {}), tmp_path)
    assert [item async for item in lists.complete(recorder(RECORDED))] == [RECORDED]
    assert not await lists.names("a")
