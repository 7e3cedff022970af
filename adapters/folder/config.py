"""Options of a recordings folder. Owns their shape, and whether they fit each other and what is there."""

import os
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from adapters.contract.errors import Misconfigured
from adapters.folder.layouts import ALWAYS_UTC, LAYOUTS, LayoutName
from adapters.folder.pattern import NamePattern, RecordingPattern
from adapters.lists.config import ListOptions

DEFAULT_PATTERN = "{camera}/%Y-%m-%d_%H-%M-%S-%f.mp4"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Paris") from error
    return name


def _parsable(pattern: str) -> str:
    RecordingPattern(pattern)
    return pattern


class FolderOptions(ListOptions):
    """Relative paths start at the configuration's folder.

    `settle_s` is how long a file must have been left alone before it counts as finished. `holds` must lie
    outside `recordings`, where the recorder's own clean-up does not reach. `layout` and `pattern` are two ways to say
    the same.
    """

    recordings: Path
    layout: LayoutName | None = None
    pattern: Annotated[str, AfterValidator(_parsable)] = DEFAULT_PATTERN
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    retention_days: Annotated[float, Field(gt=0, le=36_500, allow_inf_nan=False)] | None = None
    holds: Path | None = None
    clock_offset_ms: Annotated[float, Field(allow_inf_nan=False)] | None = None
    settle_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0

    @model_validator(mode="after")
    def _extends_a_recorder(self) -> Self:
        if self.recordings == Path():
            raise ValueError("recordings must name the folder of the recorded files")
        return self

    @model_validator(mode="after")
    def _layout_says_it_all(self) -> Self:
        if self.layout is not None and "pattern" in self.model_fields_set:
            raise ValueError(f"layout {self.layout!r} is a pattern of its own: take out layout or pattern")
        if self.layout in ALWAYS_UTC and self.timezone != "UTC":
            raise ValueError(f"layout {self.layout!r} names its files in UTC: take out timezone")
        return self

    def names(self) -> NamePattern:
        """What the names of recordings are read by."""
        return RecordingPattern(self.pattern) if self.layout is None else LAYOUTS[self.layout]


def locate(options: FolderOptions, base_dir: Path) -> tuple[Path, Path | None]:
    """The folders of recordings and of holds, absolute; `Misconfigured` where they do not fit each other."""
    recordings = (base_dir / options.recordings).resolve()
    if not recordings.is_dir():
        raise Misconfigured(f"recordings: {options.recordings} is not a folder that can be read")
    if options.holds is None:
        return recordings, None
    holds = (base_dir / options.holds).resolve()
    if holds.is_relative_to(recordings) or recordings.is_relative_to(holds):
        raise Misconfigured(
            f"holds: {options.holds} and recordings {options.recordings} lie inside one another; "
            "put holds where the recorder's clean-up does not reach"
        )
    return recordings, holds


def can_hold(holds: Path) -> bool:
    """Whether the holds folder can be written, or made where it does not exist yet."""
    existing = next(folder for folder in (holds, *holds.parents) if folder.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
