"""Recordings made once per run, and the cut with its defaults for tests."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from adapters.contract.models import Interval
from broker.evidence.cut.models import CutResult, SourceFile
from broker.evidence.cut.service import cut
from tests.broker.evidence.cut import footage
from tests.broker.evidence.cut.footage import Encoding, numbers_from, record

Cut = Callable[..., CutResult]


@pytest.fixture
def cut_into(tmp_path: Path) -> Cut:
    def run(
        sources: Sequence[SourceFile], interval: Interval, *, keep_audio: bool = False, lead_in: bool = True
    ) -> CutResult:
        output_dir = tmp_path / "clips"
        output_dir.mkdir(exist_ok=True)
        return cut(
            sources,
            interval,
            output_dir,
            keep_audio=keep_audio,
            name=lambda number: f"1.{number}.mp4",
            lead_in=lead_in,
        )

    return run


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Six seconds of every kind of recording that cameras make, by name."""
    folder = tmp_path_factory.mktemp("recordings")

    def make(name: str, encoding: Encoding, options: dict[str, str] | None = None) -> Path:
        return record(folder / name, numbers_from(0, 150), encoding, muxer_options=options)

    fragments = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    return {
        "h264 mp4": make("h264.mp4", footage.H264),
        "h264 mkv": make("h264.mkv", footage.H264),
        "h264 fragmented": make("h264-fragments.mp4", footage.H264, fragments),
        "h264 open gop": make("h264-open.mp4", footage.H264_OPEN_GOP),
        "h264 one gop": make("h264-one-gop.mp4", footage.H264_ONE_GOP),
        "h264 no edit list": make("h264-no-edits.mp4", footage.H264, {"use_editlist": "0"}),
        "h265 mp4": make("h265.mp4", footage.H265),
        "h265 mkv": make("h265.mkv", footage.H265),
        "h265 open gop": make("h265-open.mp4", footage.H265_OPEN_GOP),
        "h264 ts": make("h264.ts", footage.H264),
        "h264 ts open gop": make("h264-open.ts", footage.H264_OPEN_GOP),
        "h264 ts one gop": make("h264-one-gop.ts", footage.H264_ONE_GOP),
        "h265 ts": make("h265.ts", footage.H265),
        "h264 avi": make("h264.avi", footage.H264_NO_B),
        "h264 avi b frames": make("h264-b.avi", footage.H264),
        "h264 avi open gop": make("h264-open.avi", footage.H264_OPEN_GOP),
    }
