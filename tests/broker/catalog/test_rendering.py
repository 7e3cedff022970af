"""A feature that is written has the shape that is published, and holds what its rights uncover."""

import json
from dataclasses import dataclass
from datetime import timedelta
from math import isnan, nan
from typing import Any

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.agencies.models import Action
from broker.catalog.disclosure import BITS, FOOTAGE_BITS, PICTURE_BITS, VIEW_BITS, actions_of
from broker.catalog.index.instants import NEVER_US, instant, microseconds
from broker.catalog.index.judging import SEES, SEES_NOT, UNKNOWN
from broker.catalog.index.rows import STATUSES
from broker.catalog.index.stored import StoredCamera
from broker.catalog.index.writing import MOST_MEASURED, features_of
from broker.catalog.models import Camera
from broker.catalog.questions import Grant
from broker.catalog.rendering import collection_json, display_of, grant
from broker.catalog.views import CameraCollection, CameraFeature
from tests.broker.catalog.catalogs import catalog_camera
from tests.broker.catalog.index.indexes import stored
from tests.broker.catalog.index.test_oracle import cameras
from tests.world import NOW

PLAIN = catalog_camera("c", 48.88, 2.35)
AS_OF_US = microseconds(NOW)


@dataclass(frozen=True)
class Row:
    """What a question made of a camera. NaN and `NEVER_US` where unknown."""

    rights: int
    grant: Grant
    status: int
    distance_m: float
    bearing_deg: float
    sees: int
    covered_s: float
    overwrite_us: int
    captured_us: int


NANS = st.just(nan)
ROWS = st.builds(
    Row,
    rights=st.lists(st.sampled_from(Action), unique=True).map(lambda some: sum(BITS[a] for a in some)),
    grant=st.builds(
        grant,
        st.lists(st.sampled_from(Action), unique=True).map(tuple),
        st.lists(st.sampled_from(["own", 'a "quoted" é']), unique=True).map(tuple),
    ),
    status=st.integers(0, len(STATUSES) - 1),
    distance_m=NANS | st.floats(0, 2.1e7),
    bearing_deg=NANS | st.floats(0, 359.999) | st.just(359.96),
    sees=st.sampled_from([SEES, SEES_NOT, UNKNOWN]),
    covered_s=NANS | st.floats(0, 3600),
    overwrite_us=st.just(NEVER_US) | st.integers(-(6 * 10**16), 25 * 10**16),
    captured_us=st.just(NEVER_US) | st.integers(AS_OF_US - 10**16, AS_OF_US + 10**9),
)


def written(
    rows: list[Row], camera: Camera, along_m: list[float] | None, asked_s: float | None
) -> list[dict[str, Any]]:
    """The features of so many rows, each of this camera."""
    text = features_of(
        [display_of(stored(camera))] * len(rows),
        [row.grant.text for row in rows],
        np.array([row.rights for row in rows], np.uint8),
        np.array([row.status for row in rows], np.int8),
        np.array([row.distance_m for row in rows], np.float64),
        np.array([row.bearing_deg for row in rows], np.float64),
        None if along_m is None else np.array(along_m, np.float64),
        np.array([row.sees for row in rows], np.int8),
        np.array([row.covered_s for row in rows], np.float64),
        np.array([row.overwrite_us for row in rows], np.int64),
        np.array([row.captured_us for row in rows], np.int64),
        AS_OF_US,
        nan if asked_s is None else asked_s,
    )
    features: list[dict[str, Any]] = json.loads(b"[%b]" % text)
    return features


def check_number(said: float | None, value: float, places: int) -> None:
    """Rounded to so many decimal places, null for NaN."""
    if isnan(value):
        assert said is None
    else:
        assert said is not None
        assert abs(said - value) <= 0.5001 * 10**-places + 1e-9 * abs(value)
        assert round(said, places) == said


def turned(said: float | None, near: float) -> float | None:
    """North is 0.0, never 360.0, also where it was rounded from just west of it."""
    if said is None:
        return None
    assert 0 <= said < 360
    return said + 360 if near - said > 180 else said


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


@settings(max_examples=300, deadline=None)
@given(cameras(), ROWS, NANS | st.floats(0, 1e6), st.none() | st.just(3600.0))
def test_a_written_feature_is_the_published_one(
    camera: Camera, row: Row, along_m: float, asked_s: float | None
) -> None:
    (body,) = written([row], camera, None if isnan(along_m) else [along_m], asked_s)
    CameraFeature.model_validate(body)
    facts, said = body["properties"], camera.model_dump(mode="json")
    for name in (
        "name",
        "agency",
        "network",
        "kind",
        "place",
        "place_name",
        "level",
        "status_since",
        "vanished_at",
    ):
        assert facts[name] == said[name], name
    located = camera.located
    assert facts["position_accuracy_m"] == (located.accuracy_m if located else None)
    if camera.position is None:
        assert body["geometry"] is None
    else:
        assert body["geometry"] == {
            "type": "Point",
            "coordinates": [camera.position.lon, camera.position.lat],
        }
    uncovered = bool(row.rights & VIEW_BITS)
    assert facts["views"] == (said["views"] if uncovered else None)
    assert facts["streams"] == (said["streams"] if uncovered else None)
    assert facts["tags"] == (said["tags"] if uncovered else None)
    assert (facts["snapshot"] is not None) == bool(camera.snapshot and row.rights & PICTURE_BITS)
    assert (facts["footage"] is not None) == bool(camera.spans and row.rights & FOOTAGE_BITS)
    if facts["footage"] is not None:
        assert facts["footage"]["from"] == said["spans"][0]["interval"]["start"]
        assert facts["footage"]["until"] == said["spans"][-1]["interval"]["end"]
        check_instant(facts["footage"]["overwrite_at"], row.overwrite_us)
        covers = facts["footage"]["covers"]
        check_number(covers and covers["seconds"], nan if asked_s is None else row.covered_s, 3)
        if covers is not None and asked_s is not None:
            check_number(covers["share"], row.covered_s / asked_s, 4)
    if facts["snapshot"] is not None:
        age_s = nan if row.captured_us == NEVER_US else (AS_OF_US - row.captured_us) / 1e6
        check_number(facts["snapshot"]["age_s"], age_s, 3)
    check_number(facts["distance_m"], row.distance_m, 2)
    bearing_deg = row.bearing_deg
    check_number(turned(facts["bearing_deg"], bearing_deg), bearing_deg, 1)
    assert facts["actions"] == plain(row.grant.actions)
    assert facts["basis"] == list(row.grant.basis)
    assert facts["status"] == STATUSES[row.status]
    assert facts["sees"] is {SEES: True, SEES_NOT: False, UNKNOWN: None}[row.sees]
    if isnan(along_m):
        assert "along_m" not in facts
    else:
        check_number(facts["along_m"], along_m, 2)


def check_instant(said: str | None, since_1970_us: int) -> None:
    """As everything else in the interface writes instants."""
    known = since_1970_us != NEVER_US
    assert said == (msgspec.to_builtins(instant(since_1970_us)) if known else None)


def test_a_written_collection_is_the_published_one() -> None:
    links = [{"rel": "next", "href": "/v1/cameras?cursor=x", "type": "application/geo+json"}]
    for stale_since in (None, NOW - timedelta(minutes=1)):
        body = collection_json(b"", links, NOW, stale_since)
        shown = CameraCollection.model_validate_json(body)
        assert shown.as_of == NOW
        assert shown.stale_since == stale_since
        assert [link.href for link in shown.links] == ["/v1/cameras?cursor=x"]


@settings(deadline=None)
@given(st.lists(ROWS, max_size=4), st.booleans())
def test_a_page_holds_its_features_one_after_another(rows: list[Row], along: bool) -> None:
    along_m = [float(row) for row in range(len(rows))] if along else None
    each = [
        written([row], PLAIN, None if along_m is None else [along_m[place]], None)[0]
        for place, row in enumerate(rows)
    ]
    assert written(rows, PLAIN, along_m, None) == each


def test_a_feature_never_takes_more_room_than_is_kept_for_it() -> None:
    longest = Row(
        rights=255,
        grant=grant((), ()),
        status=STATUSES.index("unknown"),
        distance_m=20_037_508.34,
        bearing_deg=123.4,
        sees=UNKNOWN,
        covered_s=315_576_000.0,
        overwrite_us=253_402_300_799_999_999,
        captured_us=-62_135_596_800_000_000,
    )
    (body,) = written([longest], PLAIN, [20_037_508.34], 1e-6)
    assert body["properties"]["distance_m"] == 20_037_508.34
    measured = len(json.dumps(body, separators=(",", ":"))) - len(display_of(stored(PLAIN)))
    assert measured < MOST_MEASURED


def test_what_the_index_reads_are_fields_of_the_camera() -> None:
    fields = set(StoredCamera.__struct_fields__) - {"body"}
    assert fields < set(Camera.model_fields)
    assert set(Camera.model_fields) - fields == {"retention_days"}


def test_bits_stand_for_actions() -> None:
    for some in range(32):
        assert sum(BITS[action] for action in actions_of(some)) == some
