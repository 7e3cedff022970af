"""A camera's stored text: bare facts and the model give the same bytes, and the model reads them back."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.capabilities import Capability
from adapters.contract.models import CameraKind, CameraStatus, Interval, Position, Span, Stream, View
from broker.catalog.encoding import GONE, CameraFacts, digest_of, earlier, said_of, with_since, written
from broker.catalog.index.stored import read_camera
from broker.catalog.models import Camera, SnapshotReference
from broker.catalog.store import vanished
from tests.world import NOW

DEGREES = st.floats(-90, 90)
POSITIONS = st.builds(Position, lat=DEGREES, lon=DEGREES, accuracy_m=st.none() | st.floats(0, 1e6))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
LISTED = st.fixed_dictionaries(
    {"id": TEXTS, "network": TEXTS, "agency": TEXTS, "name": TEXTS},
    optional={
        "kind": st.sampled_from(CameraKind),
        "position": POSITIONS,
        "place": TEXTS,
        "place_name": TEXTS,
        "place_position": POSITIONS,
        "level": TEXTS,
        "views": st.lists(
            st.builds(View, heading_deg=st.none() | st.floats(0, 359)), min_size=1, max_size=2
        ).map(tuple),
        "streams": st.lists(
            st.builds(Stream, role=st.sampled_from(["main", "sub"])), min_size=1, max_size=2
        ).map(tuple),
        "status": st.sampled_from([CameraStatus.UP, CameraStatus.DOWN]),
        "retention_days": st.floats(0.5, 100),
        "tags": st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
        "offers": st.just((Capability.CLOCK,)),
        "clock_offset_ms": st.floats(-1e6, 1e6),
    },
)


@given(LISTED)
def test_facts_and_model_give_the_same_bytes_and_digest(facts: Any) -> None:
    ordered: CameraFacts = {name: facts[name] for name in Camera.model_fields if name in facts}  # type: ignore[assignment]
    said = said_of(ordered)
    camera = Camera(**facts)
    assert written(camera) == (camera.id, digest_of(said), said)
    assert Camera.model_validate_json(with_since(said, NOW)) == camera.model_copy(
        update={"status_since": NOW}
    )


def whole() -> Camera:
    span = Span(interval=Interval(start=NOW, end=NOW + timedelta(minutes=1)), overwrite_at=NOW)
    picture = SnapshotReference(captured_at=None, fetched_at=NOW, vault_key="k", digest="d")
    return Camera(
        id="n:1",
        network="n",
        agency="a",
        name="é",
        spans=(span,),
        snapshot=picture,
        status=CameraStatus.UP,
        status_since=NOW,
    )


def test_what_is_stored_is_read_back_whole_by_the_model_and_by_the_index() -> None:
    stored = written(whole()).body.decode()
    assert Camera.model_validate_json(stored) == whole()
    assert read_camera(stored).spans[0].interval.end == NOW + timedelta(minutes=1)
    assert (earlier(stored).status, earlier(stored).status_since) == ("up", NOW)


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"name": "Other"}, True),
        ({"status": CameraStatus.DOWN}, True),
        ({"spans": ()}, True),
        ({"snapshot": None}, True),
        ({"status_since": NOW + timedelta(days=1)}, False),
    ],
)
def test_the_digest_is_of_what_the_network_says(change: dict[str, Any], differs: bool) -> None:
    changed = written(whole().model_copy(update=change))
    assert (changed.digest != written(whole()).digest) is differs


def test_a_vanished_camera_has_a_digest_that_no_listing_has() -> None:
    gone = written(vanished(whole(), NOW))
    assert gone.digest.startswith(GONE)
    assert not written(whole()).digest.startswith(GONE)
    assert earlier(gone.body).vanished_at == NOW
