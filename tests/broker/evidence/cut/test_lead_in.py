"""A clip without lead-in: no hidden frame in front of the first that is shown, and none shown that is not asked for."""

from pathlib import Path

import pytest

from broker.evidence.cut.errors import NoFootage
from tests.broker.evidence.cut.conftest import Cut
from tests.broker.evidence.cut.footage import between, source
from tests.broker.evidence.cut.players import numbers_shown


@pytest.mark.parametrize("kind", ["h264 mp4", "h264 mkv", "h265 mp4", "h264 ts", "h264 avi", "h264 open gop"])
def test_it_begins_with_the_first_keyframe_inside(
    kind: str, recordings: dict[str, Path], cut_into: Cut
) -> None:
    asked = between(1.12, 5.0)
    [led] = cut_into([source(recordings[kind])], asked).parts
    assert led.hidden_head is not None
    before = numbers_shown(led.path)
    [part] = cut_into([source(recordings[kind])], asked, lead_in=False).parts
    assert part.hidden_head is None
    shown = numbers_shown(part.path)
    assert shown == before[-len(shown) :]
    # a keyframe every 50 frames; in an open group leading pictures precede it
    assert shown[0] == (54 if kind == "h264 open gop" else 50)


def test_where_the_interval_begins_at_a_keyframe_nothing_is_left_out(
    recordings: dict[str, Path], cut_into: Cut
) -> None:
    [part] = cut_into([source(recordings["h264 mp4"])], between(2.0, 3.0), lead_in=False).parts
    assert numbers_shown(part.path) == list(range(50, 75))


def test_what_is_left_out_is_a_gap(recordings: dict[str, Path], cut_into: Cut) -> None:
    result = cut_into([source(recordings["h264 mp4"])], between(0.52, 3.0), lead_in=False)
    assert [(gap.start, gap.end) for gap in result.gaps] == [
        (between(0.52, 3.0).start, result.parts[0].first_frame_at)
    ]


def test_without_a_keyframe_inside_there_is_no_footage(recordings: dict[str, Path], cut_into: Cut) -> None:
    with pytest.raises(NoFootage):
        cut_into([source(recordings["h264 one gop"])], between(1.0, 2.0), lead_in=False)
