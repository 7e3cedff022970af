"""Cuts recorded files into clips of exactly the asked interval: which frames belong, and into which part.

A part ends where more than the gap threshold passes without a frame, where the codec's parameters change, and
where frames would have to be hidden in its middle: players honour one edit per track, so only a head and a
tail can be hidden. Packets are copied as they are; nothing is decoded or encoded.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from adapters.contract.models import Interval
from broker.evidence.cut.errors import NoFootage, UnreadableSource
from broker.evidence.cut.models import CutResult, Problem, ProblemKind, SourceFile
from broker.evidence.cut.part import FinishedPart, PartBuilder
from broker.evidence.cut.source import Recording, UnusableFile
from broker.evidence.cut.span import SpanCopy
from broker.evidence.cut.start import Start
from broker.evidence.cut.timeline import gap_threshold, seconds_of

_LOSES_FRAMES = frozenset(ProblemKind) - {ProblemKind.OVERLAP, ProblemKind.AUDIO}


def cut(
    sources: Sequence[SourceFile],
    interval: Interval,
    output_dir: Path,
    *,
    keep_audio: bool,
    name: Callable[[int], str],
    lead_in: bool = True,
) -> CutResult:
    """Writes every frame with start ≤ instant < end into `output_dir / name(n)`, parts counted from 1.

    Frames before the start that the first one cannot be decoded without are in the file, hidden. Where `lead_in` is
    false no frame is: each part begins with its first keyframe, and frames before that are left out.

    Blocks for as long as the files take to read. Same files, same interval: same bytes, so a part that an
    earlier call left is replaced. When anything is raised, what this call wrote is removed. Raises NoFootage,
    UnreadableSource, or OSError of the output.
    """
    cutter = _Cutter(interval, output_dir, name, keep_audio=keep_audio, lead_in=lead_in)
    try:
        for source, window in _windows(sources, interval):
            cutter.take(source, window)
        return cutter.result()
    except BaseException:
        cutter.undo()
        raise


def _windows(sources: Sequence[SourceFile], interval: Interval) -> Iterator[tuple[SourceFile, Interval]]:
    """Each file with the time for which it is used, in order and disjoint: the later start wins."""
    in_order = sorted(sources, key=_begin)
    for position, source in enumerate(in_order):
        following = in_order[position + 1 : position + 2]
        end = min([source.valid.end, *map(_begin, following)])
        if source.valid.start < end:
            window = Interval(start=source.valid.start, end=end).intersect(interval)
            if window is not None:
                yield source, window


def _begin(source: SourceFile) -> datetime:
    return max(source.valid.start, source.starts_at)


class _Cutter:
    """One call of `cut`: the part under way, those that are finished, and what went wrong."""

    def __init__(
        self,
        interval: Interval,
        output_dir: Path,
        name: Callable[[int], str],
        *,
        keep_audio: bool,
        lead_in: bool,
    ) -> None:
        self._interval = interval
        self._output_dir = output_dir
        self._name = name
        self._keep_audio = keep_audio
        self._lead_in = lead_in
        self._open: PartBuilder | None = None
        self._finished: list[FinishedPart] = []
        self._problems: dict[Problem, None] = {}

    def report(self, problem: Problem) -> None:
        self._problems.setdefault(problem)

    def take(self, source: SourceFile, window: Interval) -> None:
        """Cuts one file's share."""
        try:
            with Recording(source, self.report, with_audio=self._keep_audio) as recording:
                self._take_all(recording, window)
        except UnusableFile as error:
            self.report(error.problem)

    def result(self) -> CutResult:
        self._close_part(None)
        problems = tuple(self._problems)
        if not self._finished:
            if any(problem.kind in _LOSES_FRAMES for problem in problems):
                files = ", ".join(sorted({problem.path.name for problem in problems}))
                raise UnreadableSource(
                    f"no frame of {self._interval} could be read from {files}: ask the owner for them again",
                    problems,
                )
            raise NoFootage(f"no frame lies in {self._interval}: ask for another interval", problems)
        return CutResult(
            asked=self._interval,
            parts=tuple(each.part for each in self._finished),
            gaps=tuple(_gaps(self._finished, self._interval)),
            problems=problems,
        )

    def undo(self) -> None:
        """Removes what was written."""
        if self._open is not None:
            self._open.abandon()
        for each in self._finished:
            each.part.path.unlink(missing_ok=True)

    def _take_all(self, recording: Recording, window: Interval) -> None:
        shown_until = recording.clock.first_pts_at(window.end)
        resume: int | None = recording.clock.first_pts_at(window.start)
        while resume is not None and resume < shown_until:
            start = recording.find_start(resume)
            if start is None:
                return
            resume = self._take_span(recording, start, shown_until, window.end)

    def _take_span(self, recording: Recording, start: Start, shown_until: int, until: datetime) -> int | None:
        """Adds frames up to a gap and returns the first frame after it, None at the end of the share."""
        part = self._open
        if part is not None and start.continues_from is not None and part.can_continue_with(recording, start):
            if start.continues_from >= shown_until:
                return None
            start = replace(start, shown_from=start.continues_from)
            part.continue_with(recording)
        else:
            if not self._lead_in and start.key_pts < start.shown_from:
                at_keyframe = recording.find_keyframe(start.shown_from)
                if at_keyframe is None:
                    return None
                start = at_keyframe
            if start.lost_frames:
                first_usable = recording.clock.instant(start.shown_from).isoformat()
                text = (
                    f"{start.lost_frames} frames before its first keyframe, {first_usable}, cannot be decoded"
                )
                recording.problem(ProblemKind.UNDECODABLE_START, text)
            if start.shown_from >= shown_until:
                return None
            self._close_part(recording.clock.seconds(start.shown_from))
            path = self._output_dir / self._name(len(self._finished) + 1)
            self._open = part = PartBuilder(path, recording, start)
        span = SpanCopy(recording, part, start, until)
        resume = span.run()
        if span.was_bounded and until < self._interval.end:
            text = f"it goes on past {until.isoformat()}, from where another file is used"
            recording.problem(ProblemKind.OVERLAP, text)
        return resume

    def _close_part(self, next_frame_s: Fraction | None) -> None:
        if self._open is not None:
            if next_frame_s is not None:
                self._open.expect_next(next_frame_s)
            self._finished.append(self._open.finish())
            self._open = None


def _gaps(finished: Sequence[FinishedPart], interval: Interval) -> Iterator[Interval]:
    first, last = finished[0], finished[-1]
    if first.first_frame_s - seconds_of(interval.start) > gap_threshold(first.frame_period_s):
        yield Interval(start=interval.start, end=first.part.first_frame_at)
    for before, after in pairwise(finished):
        threshold_s = gap_threshold(before.frame_period_s, after.frame_period_s)
        if after.first_frame_s - before.last_frame_s > threshold_s:
            yield Interval(start=before.part.interval.end, end=after.part.first_frame_at)
    if seconds_of(interval.end) - last.last_frame_s > gap_threshold(last.frame_period_s):
        yield Interval(start=last.part.interval.end, end=interval.end)
