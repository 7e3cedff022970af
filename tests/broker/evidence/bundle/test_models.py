"""The manifest refuses what contradicts itself, and its schema is the contract that it publishes."""

import json

import pytest
from pydantic import ValidationError

from broker.evidence.bundle.models import Clip, HiddenPackets, Manifest, RequestFacts, manifest_schema
from tests.broker.evidence.bundle.sealed import Sealed, clip_of, facts_of, interval, item_of, tiny_mp4


def test_a_manifest_survives_its_json(two_owners: Sealed) -> None:
    assert Manifest.model_validate_json(two_owners.manifest.model_dump_json()) == two_owners.manifest


def test_an_unknown_field_is_refused(two_owners: Sealed) -> None:
    body = json.loads(two_owners.manifest.model_dump_json()) | {"surprise": 1}
    with pytest.raises(ValidationError, match="surprise"):
        Manifest.model_validate_json(json.dumps(body))


def test_the_schema_names_every_field_of_a_written_manifest(two_owners: Sealed) -> None:
    written = json.loads(two_owners.manifest.model_dump_json())
    assert set(manifest_schema()["properties"]) == set(written)


@pytest.mark.parametrize("path", ["../1.1.mp4", "/1.1.mp4", "clips/1.2.mp4", "clips\\1.1.mp4", "clips/../x"])
def test_a_clip_lies_only_at_its_own_path(path: str) -> None:
    body = clip_of("1.1", b"x", interval(0, 1)).model_dump() | {"path": path}
    with pytest.raises(ValidationError):
        Clip.model_validate(body)


def test_a_clip_shows_its_first_and_last_frame_inside_its_interval() -> None:
    clip = clip_of("1.1", b"x", interval(0, 1))
    with pytest.raises(ValidationError, match="first and last frame"):
        Clip.model_validate(clip.model_dump() | {"last_frame_at": clip.shown.end})


def test_hidden_packets_say_when() -> None:
    with pytest.raises(ValidationError, match="interval"):
        HiddenPackets(packets=3)


def test_clips_are_numbered_after_their_item() -> None:
    item = item_of(2, "rail", [tiny_mp4("a")])
    with pytest.raises(ValidationError, match=r"2\.1"):
        item.model_validate(item.model_dump() | {"clips": [clip_of("1.1", b"x", interval(0, 1))]})


def test_every_agency_has_a_name_and_every_item_its_own_number() -> None:
    item = item_of(1, "rail", [])
    with pytest.raises(ValidationError, match="item appears once"):
        facts_of(item, item)
    body = facts_of(item).model_dump()
    with pytest.raises(ValidationError, match="without a name: rail"):
        RequestFacts.model_validate(body | {"agencies": [a for a in body["agencies"] if a["id"] != "rail"]})


def test_the_signers_of_a_manifest_are_exactly_its_owners(two_owners: Sealed) -> None:
    body = two_owners.manifest.model_dump()
    with pytest.raises(ValidationError, match="exactly the owners"):
        Manifest.model_validate(body | {"signers": body["signers"][:1]})
