"""How the recorder names its files: a pattern of strftime fields, read as MediaMTX reads its `recordPath`.

Owns the translation between a relative path and (camera, start as the name has it). Refuses to guess: a path
that does not fit the pattern is nobody's recording. It never builds a path from a camera's id, so no id can
lead outside the recordings.

Fields: %Y (or %y, of this century) %m %d %H %M %S, %f (the digits after the decimal point, one to nine), %s (Unix
seconds), %z (`Z` or `+hhmm`), %%, {event} (a number) and exactly one of {camera} (one path component), {monitor} (one
that is a number) or %path (may span several).
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cached_property
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import unquote

FIELDS = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "m": r"\d{2}",
    "d": r"\d{2}",
    "H": r"\d{2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "f": r"\d{1,9}",
    "s": r"\d{10}",
    "z": r"Z|[+-]\d{4}",
}
FORMS = FIELDS | {"event": r"\d+"}
EXTENSIONS = (".mp4", ".mkv", ".ts", ".avi")
KEY_FRAME_BEFORE = timedelta(seconds=10)
CAMERA, EVENT = "camera", "event"
CAMERAS = ("{camera}", "{monitor}", "%path")
_TOKEN = re.compile(r"\{camera\}|\{monitor\}|\{event\}|%path|%(.)|(%$)|([^%{]+|\{)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NamedStart:
    """The start that a file's name states: local wall-clock time without a zone, or an aware instant."""

    moment: datetime

    @property
    def is_absolute(self) -> bool:
        return self.moment.tzinfo is not None


@dataclass(frozen=True, slots=True)
class RecordingName:
    """What a relative path says: whose recording it is (percent-decoded) and when it starts.

    Where the name does not state the start it is None; then `near` is a moment close to it or `day` its day, as far
    as the name says either.
    """

    camera: str
    start: NamedStart | None
    day: date | None = None
    near: NamedStart | None = None


class NamePattern(Protocol):
    """What names of recordings are read by; `text` is what to show of it to a person."""

    @property
    def text(self) -> str: ...

    @property
    def resolution(self) -> timedelta: ...

    def may_contain(self, folder: str, camera: str | None) -> bool: ...

    def parse(self, path: str) -> RecordingName | None: ...


def decode_camera(written: str) -> str:
    """A camera's id as its folder writes it: percent-encoded UTF-8; anything else stays as it is."""
    try:
        return unquote(written, errors="strict")
    except UnicodeDecodeError:
        return written


class RecordingPattern:
    """A compiled pattern. ValueError, in words for the configuration's author, where it cannot be used.

    With `ends_only`, names need not state the start, and do not: it is reckoned from the file's end.
    """

    def __init__(self, text: str, *, ends_only: bool = False) -> None:
        self.text = text.removeprefix("./")
        self._ends_only = ends_only
        parts = PurePosixPath(self.text).parts
        if not parts or self.text.startswith("/") or ".." in parts:
            raise ValueError("pattern must be a path below recordings, without '..'")
        self._fields: set[str] = set()
        self._component_sources = [self._translate(part) for part in self.text.split("/") if part != "."]
        self._spans_folders = "%path" in self.text
        if sum(self.text.count(token) for token in CAMERAS) != 1:
            raise ValueError("pattern must contain {camera} (or MediaMTX's %path) exactly once")
        dated = {"m", "d", "H", "M"} <= self._fields and self._fields & {"Y", "y"}
        if not ends_only and "s" not in self._fields and not dated:
            raise ValueError("pattern must state the start of a file: %Y %m %d %H %M (and %S %f), or %s")
        if not self.text.lower().endswith(EXTENSIONS):
            self._component_sources[-1] += "(?i:" + "|".join(map(re.escape, EXTENSIONS)) + ")"

    def _translate(self, component: str) -> str:
        source = ""
        for token in _TOKEN.finditer(component):
            found = token.group(0)
            if found == "{camera}":
                source += f"(?P<{CAMERA}>[^/]+?)"
            elif found == "{monitor}":
                source += rf"(?P<{CAMERA}>\d+)"
            elif found == "{event}":
                source += self._group(EVENT, r"\d+")
            elif found == "%path":
                source += f"(?P<{CAMERA}>.+?)"
            elif found == "%%":
                source += "%"
            elif token.group(1) is not None or token.group(2) is not None:
                source += self._field(found)
            else:
                source += re.escape(found)
        return source

    def _field(self, token: str) -> str:
        name = token[1:]
        if name not in FIELDS:
            known = " ".join(f"%{field}" for field in FIELDS)
            raise ValueError(f"pattern field {token!r} is not known; known: {known} %% %path {{camera}}")
        return self._group(name, FIELDS[name])

    def _group(self, name: str, form: str) -> str:
        if name in self._fields:
            # A day in the folder and again in the file name must be the same day.
            return f"(?P={name})"
        self._fields.add(name)
        return f"(?P<{name}>{form})"

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        return re.compile("/".join(self._component_sources), re.ASCII)

    @cached_property
    def _components(self) -> tuple[re.Pattern[str], ...]:
        """One expression per component, where they can be told apart: back-references become plain fields."""
        return tuple(
            re.compile(re.sub(r"\(\?P=(\w+)\)", lambda back: f"(?:{FORMS[back.group(1)]})", source), re.ASCII)
            for source in self._component_sources
        )

    @property
    def resolution(self) -> timedelta:
        """How well a start is known: the smallest step that a name can express. Files whose start is reckoned overlap
        by design, each beginning with the key frame before what it is about."""
        if self._ends_only:
            return KEY_FRAME_BEFORE
        if "f" in self._fields:
            return timedelta(microseconds=1)
        return timedelta(seconds=1 if self._fields & {"S", "s"} else 60)

    def may_contain(self, folder: str, camera: str | None) -> bool:
        """False where no recording (of the camera, if one is given) can lie below the relative folder."""
        steps = folder.split("/")
        if self._spans_folders:
            if camera is None or not self.text.startswith("%path/"):
                return True
            wanted = camera.split("/")
            return all(decode_camera(step) == want for step, want in zip(steps, wanted, strict=False))
        if len(steps) >= len(self._components):
            return False
        match = self._components[len(steps) - 1].fullmatch(steps[-1])
        if match is None:
            return False
        written = match.groupdict().get(CAMERA)
        return camera is None or written is None or decode_camera(written) == camera

    def parse(self, path: str) -> RecordingName | None:
        """What the relative path (with `/`) says; None where it does not fit or names no real moment."""
        match = self._whole.fullmatch(path)
        if match is None:
            return None
        fields = match.groupdict()
        camera = decode_camera(fields.pop(CAMERA))
        try:
            if not self._ends_only:
                return RecordingName(camera, NamedStart(_moment(fields)))
            if "H" in fields:
                return RecordingName(camera, None, near=NamedStart(_moment(fields)))
            return RecordingName(camera, None, _day(fields) if "d" in fields else None)
        except (ValueError, OverflowError):
            return None


def _moment(fields: dict[str, str]) -> datetime:
    microseconds = int((fields.get("f") or "0").ljust(6, "0")[:6])
    if "s" in fields:
        return datetime.fromtimestamp(int(fields["s"]), UTC).replace(microsecond=microseconds)
    zone = fields.get("z")
    day = _day(fields)
    return datetime(
        day.year,
        day.month,
        day.day,
        int(fields["H"]),
        int(fields["M"]),
        int(fields.get("S") or 0),
        microseconds,
        tzinfo=None if zone is None else _offset(zone),
    )


def _day(fields: dict[str, str]) -> date:
    year = int(fields["Y"]) if "Y" in fields else 2000 + int(fields["y"])
    return date(year, int(fields["m"]), int(fields["d"]))


def _offset(written: str) -> timezone:
    if written == "Z":
        return UTC
    size = timedelta(hours=int(written[1:3]), minutes=int(written[3:5]))
    return timezone(-size if written[0] == "-" else size)
