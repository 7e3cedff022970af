"""A feature that is written has the shape that is published, and holds what its rights uncover."""

import json
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.agencies.models import Action
from broker.catalog.disclosure import BITS, FOOTAGE_BITS, PICTURE_BITS, VIEW_BITS, actions_of
from broker.catalog.index.stored import StoredCamera
from broker.catalog.index.table import NOTHING
from broker.catalog.models import Camera
from broker.catalog.questions import Hit
from broker.catalog.rendering import collection_json, display_of, feature_text, grant
from broker.catalog.views import CameraCollection, CameraFeature
from tests.broker.catalog.catalogs import catalog_camera
from tests.broker.catalog.index.indexes import stored
from tests.broker.catalog.index.test_oracle import cameras
from tests.world import NOW

PLAIN = catalog_camera("c", 48.88, 2.35)
HITS = st.builds(
    Hit,
    camera_id=st.just("rail-cctv:c"),
    agency=st.just("rail"),
    display=st.just(NOTHING),
    rights=st.lists(st.sampled_from(Action), unique=True).map(lambda some: sum(BITS[a] for a in some)),
    grant=st.builds(
        grant,
        st.lists(st.sampled_from(Action), unique=True).map(tuple),
        st.lists(st.sampled_from(["own", 'a "quoted" é']), unique=True).map(tuple),
    ),
    status=st.sampled_from(["up", "down", "stale", "unknown"]),
    distance_m=st.none() | st.floats(0, 2e7),
    bearing_deg=st.none() | st.floats(0, 359.999),
    along_m=st.none() | st.floats(0, 1e6),
    sees=st.none() | st.booleans(),
    covered_s=st.none() | st.floats(0, 3600),
    overwrite_us=st.none() | st.integers(0, 4 * 10**15),
    age_s=st.none() | st.floats(0, 1e7),
)


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


@settings(max_examples=200, deadline=None)
@given(cameras(), HITS, st.none() | st.just(3600.0))
def test_a_written_feature_is_the_published_one(camera: Camera, hit: Hit, asked_s: float | None) -> None:
    hit = msgspec.structs.replace(hit, display=display_of(stored(camera)), camera_id=camera.id)
    body = json.loads(feature_text(hit, asked_s))
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
    uncovered = bool(hit.rights & VIEW_BITS)
    assert facts["views"] == (said["views"] if uncovered else None)
    assert facts["streams"] == (said["streams"] if uncovered else None)
    assert facts["tags"] == (said["tags"] if uncovered else None)
    assert (facts["snapshot"] is not None) == bool(camera.snapshot and hit.rights & PICTURE_BITS)
    assert (facts["footage"] is not None) == bool(camera.spans and hit.rights & FOOTAGE_BITS)
    if facts["footage"] is not None:
        assert facts["footage"]["from"] == said["spans"][0]["interval"]["start"]
        assert facts["footage"]["until"] == said["spans"][-1]["interval"]["end"]
        assert (facts["footage"]["covers"] is not None) == (asked_s is not None and hit.covered_s is not None)
    assert facts["actions"] == plain(hit.grant.actions)
    assert facts["basis"] == list(hit.grant.basis)
    assert facts["status"] == hit.status
    assert facts["sees"] is hit.sees
    assert ("along_m" in facts) == (hit.along_m is not None)


def test_a_written_collection_is_the_published_one() -> None:
    links = [{"rel": "next", "href": "/v1/cameras?cursor=x", "type": "application/geo+json"}]
    for stale_since in (None, NOW - timedelta(minutes=1)):
        body = collection_json([], None, links, NOW, stale_since)
        shown = CameraCollection.model_validate_json(body)
        assert shown.as_of == NOW
        assert shown.stale_since == stale_since
        assert [link.href for link in shown.links] == ["/v1/cameras?cursor=x"]


@given(st.lists(HITS, max_size=3))
def test_a_collection_holds_its_features_one_after_another(hits: list[Hit]) -> None:
    shown = [msgspec.structs.replace(hit, display=display_of(stored(PLAIN))) for hit in hits]
    features = json.loads(collection_json(shown, 3600.0, [], NOW, None))["features"]
    assert features == [json.loads(feature_text(hit, 3600.0)) for hit in shown]


def test_what_the_index_reads_are_fields_of_the_camera() -> None:
    fields = set(StoredCamera.__struct_fields__) - {"body"}
    assert fields < set(Camera.model_fields)
    assert set(Camera.model_fields) - fields == {"retention_days"}


def test_bits_stand_for_actions() -> None:
    for some in range(32):
        assert sum(BITS[action] for action in actions_of(some)) == some
