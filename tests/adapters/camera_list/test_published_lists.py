"""Lists of others as they are published: every record is a camera or is told, and the counts are those of the files.

What is expected is counted here from the files themselves, by other means than the adapter's, and stated in numbers
so that neither can be wrong alone.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from adapters.contract.models import CameraKind, CameraRecord, CameraStatus, Rejection
from adapters.contract.options import parse_options
from adapters.lists.config import ListOptions
from adapters.lists.reader import ListReader, PictureSource
from tests.requirements import sample_data

OSM, TFL = "osm/webcams-overpass.json", "tfl-jamcams/jamcams.json"
OTCM, OTCM_V1 = "otcm/USA.json", "otcm/USA-v1-largest.json"


class Listing:
    def __init__(self, file: str, dialect: str) -> None:
        self.folder = Path(sample_data() / "cameras")
        self.document: Any = json.loads((self.folder / file).read_text(encoding="utf-8"))
        reader = ListReader(parse_options(ListOptions, {"cameras": file, "dialect": dialect}), self.folder)
        found = list(reader.cameras())
        self.records = {entry.native_id: entry for entry in found if isinstance(entry, CameraRecord)}
        self.rejections = [entry for entry in found if isinstance(entry, Rejection)]
        self.pictures: dict[str, PictureSource] = dict(reader.pictures())
        assert len(self.records) + len(self.rejections) == len(found)

    def reasons(self) -> Counter[str]:
        """Reasons without what differs from camera to camera."""
        return Counter(
            re.sub(r"(camera|id) '?[\w/]+'?( of .*)?", r"\1", told.reason) for told in self.rejections
        )


def otcm_cameras(document: Any) -> Iterator[dict[str, Any]]:
    for counties in document.values():
        for cameras in counties.values():
            yield from cameras


def test_openstreetmap_gives_every_webcam_and_tells_guards_apart() -> None:
    listing = Listing(OSM, "osm")
    elements = listing.document["elements"]
    assert len(elements) == 5932
    assert len(listing.records) == 5927
    assert listing.reasons() == {"surveillance:type is guard, not a camera": 5}
    places = {f"{each['type']}/{each['id']}": each.get("center", each) for each in elements}
    for native_id, record in listing.records.items():
        assert record.position is not None
        assert (record.position.lat, record.position.lon) == (
            places[native_id]["lat"],
            places[native_id]["lon"],
        )


def test_openstreetmap_kinds_and_views_are_those_of_its_tags() -> None:
    listing = Listing(OSM, "osm")
    tags = {f"{each['type']}/{each['id']}": each["tags"] for each in listing.document["elements"]}
    kinds = Counter(record.kind for record in listing.records.values())
    written = Counter(each.get("camera:type", "").lower() for each in tags.values())
    assert kinds[CameraKind.FIXED] == written["fixed"] == 2592
    assert kinds[CameraKind.DOME] == written["dome"] == 795
    assert kinds[CameraKind.PTZ] == written["panning"] == 484
    views = Counter(len(record.views) for record in listing.records.values())
    assert views == {0: 2606, 1: 3245, 2: 33, 3: 6, 4: 36, 8: 1}
    whole = {key for key, each in tags.items() if re.fullmatch(r"\d{1,3}", each.get("camera:direction", ""))}
    for native_id in whole & set(listing.records):
        (view,) = listing.records[native_id].views
        assert view.heading_deg == int(tags[native_id]["camera:direction"]) % 360
        assert view.fov_deg is None
    unreadable = {
        each["camera:direction"]
        for key, each in tags.items()
        if each.get("camera:direction") and key in listing.records and not listing.records[key].views
    }
    assert unreadable == {
        "variable",
        "both",
        "fixme",
        "40https://www.verkehrsinfo-bw.de/kamera?id=S081",
        "2020",
        "80200",
    }


def test_openstreetmap_pictures_are_those_whose_address_says_so() -> None:
    listing = Listing(OSM, "osm")
    addresses = [source.snapshot_url for source in listing.pictures.values() if source.snapshot_url]
    assert len(addresses) == 1921
    by_suffix = [
        each for each in addresses if urlsplit(each).path.lower().endswith((".jpg", ".jpeg", ".png"))
    ]
    tagged = sum(each["tags"].get("contact:webcam:type") == "image" for each in listing.document["elements"])
    assert len(addresses) - len(by_suffix) <= tagged == 16


def test_london_gives_every_camera_with_its_picture_and_what_is_unavailable() -> None:
    listing = Listing(TFL, "tfl")
    features = listing.document["features"]
    assert len(features) == len(listing.records) == 900
    assert listing.rejections == []
    unavailable = [each for each in features if each["properties"]["available"] == "false"]
    status = Counter(record.status for record in listing.records.values())
    assert status == {CameraStatus.DOWN: len(unavailable), CameraStatus.UNKNOWN: 900 - 161}
    assert len(unavailable) == 161
    assert sum(source.is_down for source in listing.pictures.values()) == 161
    assert {source.snapshot_url for source in listing.pictures.values()} == {
        each["properties"]["imageUrl"] for each in features
    }
    assert {source.clip_url for source in listing.pictures.values()} == {
        each["properties"]["videoUrl"] for each in features
    }


def test_london_names_have_plain_slashes_and_directions_are_those_their_text_begins_with() -> None:
    listing = Listing(TFL, "tfl")
    escaped = sum("\\/" in each["properties"]["view"] for each in listing.document["features"])
    assert escaped == 90
    assert not any("\\" in record.name for record in listing.records.values())
    assert sum("/" in record.name for record in listing.records.values()) >= escaped
    facing = [record for record in listing.records.values() if record.views]
    assert len(facing) == 447
    degrees = {"north": 0, "east": 90, "south": 180, "west": 270}
    for record in facing:
        word = re.search("north|east|south|west", record.name.lower())
        assert word is not None
        assert [view.heading_deg for view in record.views] == [degrees[word.group(0)]]


def test_london_ids_are_the_keys_of_the_object_store() -> None:
    listing = Listing(TFL, "tfl")
    listed = (listing.folder / "tfl-jamcams" / "jamcams.xml").read_text(encoding="utf-8")
    keys = {
        key.removesuffix(".jpg") for key in re.findall(r"<Key>(.*?)</Key>", listed) if key.endswith(".jpg")
    }
    reached = {native_id for native_id in listing.records if native_id <= max(keys)}
    # The listing breaks off after 1000 objects; of what it reaches, nothing is missing.
    assert len(reached) > 300
    assert reached <= keys


@pytest.mark.parametrize(
    ("file", "dialect", "count", "records", "reasons", "pictures"),
    [
        (OTCM, "otcm", 7029, 6984, {"repeats the id": 45}, 4058),
        (
            OTCM_V1,
            "otcm_v1",
            11008,
            10537,
            {"repeats the id": 106, "camera has neither coordinates nor a place": 365},
            5385,
        ),
    ],
    ids=["today", "v1"],
)
def test_opentrafficcammap_gives_every_camera_once(
    file: str, dialect: str, count: int, records: int, reasons: dict[str, int], pictures: int
) -> None:
    listing = Listing(file, dialect)
    assert len(list(otcm_cameras(listing.document))) == count
    assert len(listing.records) == records
    assert listing.reasons() == reasons
    assert sum(source.snapshot_url is not None for source in listing.pictures.values()) == pictures


def test_opentrafficcammap_rejects_no_camera_that_another_row_would_have_placed() -> None:
    listing = Listing(OTCM_V1, "otcm_v1")
    repeated = {told.reason.split("'")[1] for told in listing.rejections if told.reason.startswith("repeats")}
    assert repeated <= set(listing.records)


def test_opentrafficcammap_positions_are_real_and_headings_are_winds() -> None:
    listing = Listing(OTCM_V1, "otcm_v1")
    impossible = sum(each["location"].get("latitude") in (None, 0) for each in otcm_cameras(listing.document))
    assert impossible == 365
    words = Counter(each["location"].get("direction") for each in otcm_cameras(listing.document))
    assert words["North"] + words["South"] + words["East"] + words["West"] == 3482
    for record in listing.records.values():
        assert record.position is not None
        assert 15 < record.position.lat < 72
        assert -180 <= record.position.lon < -60
        assert all(view.heading_deg in {0, 45, 90, 135, 180, 225, 270} for view in record.views)


def test_passwords_that_a_list_published_by_mistake_are_nowhere_in_what_is_read() -> None:
    listing = Listing(OTCM, "otcm")
    published = {
        urlsplit(each["url"]).password for each in otcm_cameras(listing.document) if "@" in each["url"]
    }
    assert len(published) == 1
    everything = repr(listing.records) + repr(listing.rejections) + repr(listing.pictures)
    assert not any(str(password) in everything for password in published)
    assert not any("@" in (source.snapshot_url or "") for source in listing.pictures.values())
