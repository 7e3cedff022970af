"""How long a cut takes beside the tools that do less: `ffmpeg -c copy` and a plain copy of the same bytes.

    python -m benchmarks.clip [--minutes 1 10 …] [--runs 6]

The camera is 1080p at 25 frames a second and 4 Mb/s in files of 60 s, one encoded and copied. The asked
interval begins and ends inside files, so that every tool must seek. Runs take turns between the tools, each
going first as often; the median counts. ffmpeg's clip starts at a keyframe, is not
hashed and hides no tail: it does less than what is measured here.

`peak_mib` is the most memory that a process of its own had resident (VmHWM of Linux) until one such cut was done,
`idle_mib` what it had before, with Python and the libraries loaded; the difference is what the cut took.
"""

import argparse
import json
import multiprocessing
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from adapters.contract.models import Interval
from broker.evidence.cut.models import SourceFile
from broker.evidence.cut.service import cut

_START = datetime(2026, 1, 1, tzinfo=UTC)
_SEGMENT = timedelta(seconds=60)
_RATE = 25
_WIDTH, _HEIGHT = 1920, 1080
_BIT_RATE = 4_000_000
_FROM_S = 21.3


@dataclass(frozen=True)
class Case:
    """One length of interval with the files that it needs."""

    minutes: int
    files: tuple[Path, ...]

    @property
    def name(self) -> str:
        return f"cut {self.minutes} min"

    @property
    def interval(self) -> Interval:
        start = _START + timedelta(seconds=_FROM_S)
        return Interval(start=start, end=start + timedelta(minutes=self.minutes))

    def sources(self) -> list[SourceFile]:
        starts = [_START + _SEGMENT * number for number in range(len(self.files))]
        return [
            SourceFile(path=path, starts_at=at, valid=Interval(start=at, end=at + _SEGMENT))
            for path, at in zip(self.files, starts, strict=True)
        ]


def main() -> None:
    """Prints one JSON object per length."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--runs", type=int, default=6)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-clip-") as folder:
        template = _record_segment(Path(folder) / "segment.mp4")
        for minutes in arguments.minutes:
            case = Case(minutes, _repeat(template, Path(folder) / f"source-{minutes}", minutes + 1))
            print(json.dumps(measure(case, Path(folder), arguments.runs)), flush=True)
            shutil.rmtree(case.files[0].parent)


def measure(case: Case, folder: Path, runs: int) -> dict[str, object]:
    """One row; times in seconds of wall clock, each tool's output removed between its runs."""
    contenders: dict[str, Callable[[Path], None]] = {"ours": lambda output: _cut(case, output)}
    absent = []
    if shutil.which("ffmpeg"):
        contenders["ffmpeg -c copy"] = lambda output: _ffmpeg(case, output)
    else:
        absent.append("ffmpeg -c copy")
    contenders["cp"] = lambda output: _copy(case, output)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(runs):
        order = list(contenders.items())
        for name, run in order[turn % len(order) :] + order[: turn % len(order)]:
            with tempfile.TemporaryDirectory(dir=folder) as output:
                begin = time.perf_counter()
                run(Path(output))
                times[name].append(time.perf_counter() - begin)
    medians = {name: round(statistics.median(seconds), 4) for name, seconds in times.items()}
    ours = medians.pop("ours")
    return {
        "case": case.name,
        "ours": ours,
        "unit": "s",
        "peers": medians,
        "ratio": round(min(medians.values()) / ours, 3),
        "ratios": {name: round(seconds / ours, 3) for name, seconds in medians.items()},
        **measure_memory(case, folder),
        "absent": absent,
    }


def measure_memory(case: Case, folder: Path) -> dict[str, float]:
    """Of one cut in a new process: what came before in this one would count as well."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as output,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone,
    ):
        idle_mib, peak_mib = alone.submit(_memory_of_cut, case, Path(output)).result()
    return {"peak_mib": round(peak_mib, 1), "idle_mib": round(idle_mib, 1)}


def _memory_of_cut(case: Case, output: Path) -> tuple[float, float]:
    idle_mib = _most_resident_mib()
    _cut(case, output)
    return idle_mib, _most_resident_mib()


def _most_resident_mib() -> float:
    """The most memory that this process had resident so far. getrusage would count its parent's before exec."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def _cut(case: Case, output: Path) -> None:
    result = cut(case.sources(), case.interval, output, keep_audio=False, name=lambda number: f"{number}.mp4")
    if len(result.parts) != 1 or result.gaps:
        raise RuntimeError(f"the cut under measurement is not whole: {result.gaps}, {result.problems}")


def _ffmpeg(case: Case, output: Path) -> None:
    listing = output / "files.txt"
    listing.write_text("".join(f"file '{path}'\n" for path in case.files))
    reading = ["-ss", f"{_FROM_S}", "-f", "concat", "-safe", "0", "-i", str(listing)]
    writing = ["-t", f"{case.minutes * 60}", "-map", "0:v:0", "-c", "copy", str(output / "clip.mp4")]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *reading, *writing], check=True)


def _copy(case: Case, output: Path) -> None:
    """The same files, one byte after another, as `cp` would read and write them."""
    subprocess.run(["cp", "--reflink=never", "--", *map(str, case.files), str(output)], check=True)


def _repeat(template: Path, folder: Path, count: int) -> tuple[Path, ...]:
    folder.mkdir()
    return tuple(shutil.copyfile(template, folder / f"{number:04}.mp4") for number in range(count))


def _record_segment(path: Path) -> Path:
    """A camera that pans slowly over a noisy scene; grey, since colour costs time and adds nothing."""
    scene = np.random.default_rng(1).integers(64, 192, (_HEIGHT // 8, _WIDTH // 4), dtype=np.uint8)
    wide = scene.repeat(8, axis=0).repeat(8, axis=1)
    options = {"preset": "ultrafast", "g": "100", "bf": "2", "nal-hrd": "cbr", "maxrate": str(_BIT_RATE)}
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=_RATE, options={**options, "bufsize": str(_BIT_RATE)})
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        stream.bit_rate = _BIT_RATE
        for number in range(int(_SEGMENT.total_seconds()) * _RATE):
            shift = number % _WIDTH
            picture = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(wide[:, shift : shift + _WIDTH]), "gray"
            )
            frame = picture.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, _RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


if __name__ == "__main__":
    main()
