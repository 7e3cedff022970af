"""Faults are told by name once two looks in a row have them, on views drawn for machines without footage."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import cv2
import numpy as np
import pytest

from broker.snapshots.masks import Masks
from broker.snapshots.models import Quality
from broker.snapshots.references import LOOKS, HourClass, Scene, read
from broker.snapshots.taking import Occasion, Taken, masked_again, take
from tests.broker.snapshots.scenes import Picture, taken, view

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
MOST = 1 << 23
STREET = view(1)


class Watch:
    """One camera, picture after picture."""

    def __init__(self, scene: Scene | None = None) -> None:
        self.scene = scene or Scene()
        self.kept: bytes | None = None
        self._turns = count()

    def sees(self, jpeg: bytes, hours: HourClass = HourClass.MIDDAY) -> Quality | None:
        return self.takes(jpeg, hours).quality

    def takes(self, jpeg: bytes, hours: HourClass = HourClass.MIDDAY) -> Taken:
        turn = next(self._turns)
        occasion = Occasion(str(turn), hours, AT + timedelta(minutes=turn))
        found = take(jpeg, MOST, self.scene, self.kept, occasion)
        self.kept = found.kept
        return found

    def settled(self, picture: Picture = STREET) -> "Watch":
        for turn in range(LOOKS):
            assert self.sees(taken(picture, turn)) is Quality.GOOD
        return self


def shifted(picture: Picture) -> Picture:
    return np.roll(picture, picture.shape[1] // 5, axis=1)


def lid(picture: Picture) -> Picture:
    """A hand close to the lens: no edge is left, and one side is lighter than the other."""
    shade = np.linspace(50, 130, picture.shape[1], dtype=np.float32)[None, :, None]
    return np.broadcast_to(shade, picture.shape).astype(np.uint8)


def black_with_text(picture: Picture) -> Picture:
    card = np.zeros_like(picture)
    cv2.putText(card, "NO SIGNAL", (90, 190), cv2.FONT_HERSHEY_SIMPLEX, 2, (255, 255, 255), 6)
    return card


FAULTS: dict[Quality, Callable[[Picture], Picture]] = {
    Quality.DARK: lambda p: (p * 0.05).astype(np.uint8),
    Quality.BRIGHT: lambda p: np.clip(p * 4.0 + 200, 0, 255).astype(np.uint8),
    Quality.BLURRED: lambda p: np.asarray(cv2.blur(p, (15, 15)), np.uint8),
    Quality.MOVED: shifted,
    Quality.COVERED: lid,
    Quality.NO_SIGNAL: black_with_text,
}


@pytest.mark.parametrize(("fault", "staged"), FAULTS.items(), ids=[str(fault) for fault in FAULTS])
def test_a_fault_shows_at_the_second_look_that_has_it_and_ends_with_it(
    fault: Quality, staged: Callable[[Picture], Picture]
) -> None:
    watch = Watch().settled()
    faulty = staged(STREET)
    assert watch.sees(taken(faulty, 100)) is Quality.GOOD
    assert watch.sees(taken(faulty, 101)) is fault
    assert watch.sees(taken(faulty, 102)) is fault
    assert watch.sees(taken(STREET, 103)) is Quality.GOOD


def test_noise_shows_against_what_the_camera_usually_has() -> None:
    wall = np.asarray(cv2.blur(STREET, (9, 9)), np.uint8)
    watch = Watch().settled(wall)
    assert watch.sees(taken(wall, 100, strength=60)) is Quality.GOOD
    assert watch.sees(taken(wall, 101, strength=60)) is Quality.NOISY
    grainy = Watch()
    for turn in range(LOOKS + 2):
        assert grainy.sees(taken(wall, turn, strength=60)) is Quality.GOOD


def test_other_light_and_what_passes_are_no_faults() -> None:
    watch = Watch().settled()
    for turn, light in enumerate((0.6, 0.8, 1.2, 1.4)):
        lit = np.clip(STREET * light, 0, 255).astype(np.uint8)
        cv2.rectangle(lit, (100 * turn, 130), (100 * turn + 200, 330), (240, 240, 240), -1)
        assert watch.sees(taken(lit, 200 + turn)) is Quality.GOOD


def test_the_same_picture_under_a_running_clock_is_frozen() -> None:
    watch = Watch().settled()
    for second in range(3):
        still = STREET.copy()
        cv2.putText(still, f"12:00:0{second}", (14, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
        found = watch.sees(taken(still, 0, strength=0))
        assert found is (Quality.FROZEN if second else Quality.GOOD)


def test_a_picture_that_comes_again_after_a_crash_is_not_frozen() -> None:
    watch = Watch().settled()
    jpeg = taken(STREET, 50)
    occasion = Occasion("the same", HourClass.MIDDAY, AT)
    first = take(jpeg, MOST, watch.scene, watch.kept, occasion)
    assert take(jpeg, MOST, watch.scene, first.kept, occasion) == first
    other = Occasion("later", HourClass.MIDDAY, AT)
    assert take(jpeg, MOST, watch.scene, first.kept, other).quality is Quality.FROZEN


def test_judgements_are_the_same_at_any_size() -> None:
    watch = Watch().settled()
    for turn, (width, height) in enumerate(((1920, 1080), (1280, 720), (640, 360), (480, 270))):
        for staged, expected in (
            (None, Quality.GOOD),
            (shifted, Quality.MOVED),
            (FAULTS[Quality.DARK], Quality.DARK),
        ):
            picture = view(1, width, height)
            picture = picture if staged is None else staged(picture)
            watch.sees(taken(picture, 300 + 10 * turn, strength=0.5))
            found = watch.sees(taken(picture, 301 + 10 * turn, strength=0.5))
            assert found is expected, (width, staged)


def test_a_camera_that_turns_by_itself_is_never_moved() -> None:
    watch = Watch(Scene(is_fixed=False)).settled()
    for turn in range(3):
        assert watch.sees(taken(shifted(STREET), 100 + turn)) is not Quality.MOVED


def test_hours_without_a_reference_say_of_no_view_that_it_is_lost() -> None:
    watch = Watch().settled()
    for turn in range(3):
        assert watch.sees(taken(view(2), 100 + turn), HourClass.NIGHT) is Quality.GOOD
    assert watch.sees(taken(STREET, 110)) is Quality.GOOD
    for turn in range(2):
        found = watch.sees(taken(view(2), 120 + turn))
    assert found is Quality.MOVED


def test_a_fault_is_not_taken_into_the_reference() -> None:
    watch = Watch().settled()
    for turn in range(40):
        watch.sees(taken(shifted(STREET), 100 + turn))
    assert watch.sees(taken(shifted(STREET), 200)) is Quality.MOVED


def test_other_masks_or_another_aim_begin_anew() -> None:
    watch = Watch().settled()
    scene = Scene(aimed_at=AT)
    assert read(watch.kept, watch.scene) is not None
    assert read(watch.kept, scene) is None
    watch.scene = scene
    for turn in range(3):
        assert watch.sees(taken(shifted(STREET), 100 + turn)) is Quality.GOOD


@pytest.mark.parametrize("stored", [b"", b"junk", b"\x81\xa7version\x01"])
def test_what_cannot_be_read_counts_as_nothing_kept(stored: bytes) -> None:
    found = take(taken(STREET, 1), MOST, Scene(), stored, Occasion("1", HourClass.MIDDAY, AT))
    assert found.quality is Quality.GOOD and found.kept is not None


MASKS = Masks((((0.0, 0.0), (0.4, 0.0), (0.4, 1.0), (0.0, 1.0)),))


def test_faults_show_beside_masks_and_the_masked_part_counts_for_nothing() -> None:
    watch = Watch(Scene(MASKS)).settled()
    hidden = STREET.copy()
    hidden[:, :235] = view(9)[:, :235]
    for turn in range(3):
        assert watch.sees(taken(hidden, 100 + turn)) is Quality.GOOD
    for turn in range(2):
        found = watch.sees(taken(shifted(STREET), 110 + turn))
    assert found is Quality.MOVED
    for turn in range(2):
        found = watch.sees(taken(lid(STREET), 120 + turn))
    assert found is Quality.COVERED


def test_what_is_masked_is_in_nothing_that_is_stored() -> None:
    secret = STREET.copy()
    secret[:, :250] = view(9)[:, :250]
    plain, other = (Watch(Scene(MASKS)).takes(taken(picture, 1)) for picture in (STREET, secret))
    for found in (plain, other):
        picture = cv2.imdecode(np.frombuffer(found.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        # a block of 16 from the edge on, where JPEG mixes nothing in
        assert np.abs(picture[:, :240].astype(int) - 96).max() <= 2
    assert plain.kept is not None and other.kept is not None
    kept = [read(found.kept, Scene(MASKS)) for found in (plain, other)]
    assert kept[0] is not None and kept[1] is not None
    left = slice(0, 44)
    assert (kept[0].last_grid()[:, left] == kept[1].last_grid()[:, left]).all()
    greys = [one.references[HourClass.MIDDAY].grey() for one in kept if one]
    assert greys[0] is not None and greys[1] is not None
    assert np.abs(greys[0][:, :88].astype(int) - greys[1][:, :88]).max() <= 2


def test_nothing_is_said_of_a_picture_that_is_masked_altogether() -> None:
    everything = Masks((((0, 0), (1, 0), (1, 1), (0, 1)),))
    found = Watch(Scene(everything)).takes(taken(STREET, 1))
    assert found.quality is None and found.kept is None
    picture = cv2.imdecode(np.frombuffer(found.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and int(np.ptp(picture)) <= 4


def test_a_stored_picture_is_masked_again() -> None:
    stored = Watch().takes(taken(STREET, 1)).jpeg
    picture = cv2.imdecode(np.frombuffer(masked_again(stored, Scene(MASKS)), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert np.abs(picture[:, :240].astype(int) - 96).max() <= 2
    assert np.ptp(picture[:, 270:]) > 100
