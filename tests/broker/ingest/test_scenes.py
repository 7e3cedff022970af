"""Masks are read from an owner's file, strictly; one that cannot be read stops the network's pictures."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.contract.models import CameraKind
from broker.ingest.scenes import MasksUnreadable, Scenes
from broker.settings import Settings

GOOD = """
[cameras.c]
polygons = [[[0, 0], [0.5, 0], [0.5, 1]], [[0.7, 0.7], [1, 0.7], [1, 1], [0.7, 1]]]
aimed_at = 2026-06-01T00:00:00Z
[cameras."a/b"]
polygons = []
"""


def scenes(folder: Path, text: str | None) -> Scenes:
    if text is not None:
        (folder / "masks.toml").write_text(text)
    network = {"id": "n", "agency": "a", "adapter": "folder"}
    masked = {**network, "masks": "masks.toml"}
    other = {**network, "id": "plain"}
    values = {"agency": [{"id": "a", "name": "A"}], "network": [masked, other], "base_dir": folder}
    return Scenes(Settings.model_validate(values))


def test_a_camera_has_its_own_masks_and_others_none(tmp_path: Path) -> None:
    found = scenes(tmp_path, GOOD)
    scene = found.of("n", "c", CameraKind.FIXED)
    assert scene.masks.polygons[0] == ((0, 0), (0.5, 0), (0.5, 1))
    assert scene.aimed_at == datetime(2026, 6, 1, tzinfo=UTC) and scene.is_fixed
    assert found.of("n", "other", None).masks.polygons == ()
    assert found.of("plain", "c", None).masks.polygons == ()


def test_what_turns_by_itself_is_not_compared_with_one_view(tmp_path: Path) -> None:
    found = scenes(tmp_path, GOOD)
    kinds = {kind: found.of("n", "c", kind).is_fixed for kind in CameraKind}
    assert kinds == {
        CameraKind.FIXED: True,
        CameraKind.DOME: True,
        CameraKind.PTZ: False,
        CameraKind.MOBILE: False,
    }


def test_a_changed_file_counts_from_the_next_picture_on(tmp_path: Path) -> None:
    found = scenes(tmp_path, GOOD)
    before = found.of("n", "c", None)
    file = tmp_path / "masks.toml"
    file.write_text(GOOD.replace("[0.5, 1]", "[0.6, 1]"))
    os.utime(file, ns=(1, 1))
    after = found.of("n", "c", None)
    assert after.masks.polygons[0][2] == (0.6, 1)
    assert after.name != before.name
    assert found.of("n", "other", None).name == Scenes.of(found, "plain", "other", None).name


def test_cameras_that_are_named_and_not_listed_are_told(tmp_path: Path) -> None:
    found = scenes(tmp_path, GOOD)
    assert found.unlisted("n", frozenset({"c", "d"})) == ("a/b",)
    assert found.unlisted("plain", frozenset()) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "cannot be read"),
        ("[cameras", "not TOML"),
        ("[cameras.c]\npolygon = []", "wrong at cameras.c.polygon"),
        ("[camera.c]", "wrong at camera"),
        ("[cameras.c]\npolygons = [[[0, 0], [1, 1]]]", "wrong at cameras.c.polygons.0"),
        ("[cameras.c]\npolygons = [[[0, 0], [1.5, 0], [1, 1]]]", "wrong at cameras.c.polygons.0.1.0"),
        ("[cameras.c]\npolygons = [[[0, 0], [nan, 0], [1, 1]]]", "wrong at cameras.c.polygons"),
        ("[cameras.c]\naimed_at = 2026-06-01T00:00:00", "wrong at cameras.c.aimed_at"),
    ],
)
def test_a_file_that_is_wrong_says_where_and_gives_no_scene(
    tmp_path: Path, text: str | None, reason: str
) -> None:
    found = scenes(tmp_path, text)
    for _ in range(2):
        with pytest.raises(MasksUnreadable, match=reason):
            found.of("n", "c", None)
    assert found.unlisted("n", frozenset()) == ()
