"""From the wall-clock time in a file's name to an instant, through the hour that autumn repeats.

Owns that one decision. In the hour that the clock shows twice a name fits two instants; the file's
modification time, which is the end of its recording unless somebody copied it, tells them apart. Where it
does not (it fits neither), the order in which the files were written does: from the first file whose name
steps back in time, names belong to the second pass. Where that says nothing either, the first pass is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from adapters.folder.pattern import NamedStart


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A file whose name fits two instants. `modified_at` is aware; `duration` 0 where it cannot be read."""

    path: str
    local: datetime
    modified_at: datetime
    duration: timedelta


def readings(start: NamedStart, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The instants that a name can mean, in UTC and in order: one, or two in a repeated hour."""
    if start.is_absolute:
        return (start.moment.astimezone(UTC),)
    first = start.moment.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = start.moment.replace(tzinfo=zone, fold=1).astimezone(UTC)
    # In the hour that spring leaves out the two differ as well, the wrong way round; only one clock runs
    # then.
    return (first, second) if first < second else (first,)


def second_passes(files: Sequence[Ambiguous], zone: ZoneInfo) -> frozenset[str]:
    """The paths of the files, all of one camera, that were recorded in the second pass of their hour."""
    second: set[str] = set()
    undecided: list[Ambiguous] = []
    for file in files:
        passes = readings(NamedStart(file.local), zone)
        misses = [abs(file.modified_at - (start + file.duration)) for start in passes]
        # Half the repeated hour: closer than that to one reading is farther from the other.
        if min(misses) <= (passes[-1] - passes[0]) / 2:
            if misses[-1] < misses[0]:
                second.add(file.path)
        else:
            undecided.append(file)
    return frozenset(second | _after_step_back(undecided))


def _after_step_back(files: Sequence[Ambiguous]) -> set[str]:
    second: set[str] = set()
    previous: Ambiguous | None = None
    stepped_back = False
    for file in sorted(files, key=lambda each: (each.modified_at, each.local)):
        if previous is not None and file.local.date() != previous.local.date():
            stepped_back = False
        elif previous is not None and file.local < previous.local and file.modified_at > previous.modified_at:
            stepped_back = True
        if stepped_back:
            second.add(file.path)
        previous = file
    return second
