"""How the recorder names its files: a pattern of strftime fields, read as MediaMTX reads its `recordPath`.

Owns the translation between a relative path and (camera, start as the name has it). Refuses to guess: a path
that does not fit the pattern is nobody's recording. It never builds a path from a camera's id, so no id can
lead outside the recordings.

Fields: %Y %m %d %H %M %S, %f (the digits after the decimal point, one to nine), %s (Unix seconds), %z (`Z` or
`+hhmm`), %% and exactly one of {camera} (one path component) or %path (may span several).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import unquote

FIELDS = {
    "Y": r"\d{4}",
    "m": r"\d{2}",
    "d": r"\d{2}",
    "H": r"\d{2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "f": r"\d{1,9}",
    "s": r"\d{10}",
    "z": r"Z|[+-]\d{4}",
}
EXTENSIONS = (".mp4", ".mkv", ".ts", ".avi")
CAMERA = "camera"
_TOKEN = re.compile(r"\{camera\}|%path|%(.)|(%$)|([^%{]+|\{)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NamedStart:
    """The start that a file's name states: local wall-clock time without a zone, or an aware instant."""

    moment: datetime

    @property
    def is_absolute(self) -> bool:
        return self.moment.tzinfo is not None


@dataclass(frozen=True, slots=True)
class RecordingName:
    """What a relative path says: whose recording it is (percent-decoded) and when it starts."""

    camera: str
    start: NamedStart


def decode_camera(written: str) -> str:
    """A camera's id as its folder writes it: percent-encoded UTF-8; anything else stays as it is."""
    try:
        return unquote(written, errors="strict")
    except UnicodeDecodeError:
        return written


class RecordingPattern:
    """A compiled pattern. ValueError, in words for the configuration's author, where it cannot be used."""

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix("./")
        parts = PurePosixPath(self.text).parts
        if not parts or self.text.startswith("/") or ".." in parts:
            raise ValueError("pattern must be a path below recordings, without '..'")
        self._fields: set[str] = set()
        self._component_sources = [self._translate(part) for part in self.text.split("/") if part != "."]
        self._spans_folders = "%path" in self.text
        if (self.text.count("{camera}") + self.text.count("%path")) != 1:
            raise ValueError("pattern must contain {camera} (or MediaMTX's %path) exactly once")
        if "s" not in self._fields and not {"Y", "m", "d", "H", "M"} <= self._fields:
            raise ValueError("pattern must state the start of a file: %Y %m %d %H %M (and %S %f), or %s")
        if not self.text.lower().endswith(EXTENSIONS):
            self._component_sources[-1] += "(?i:" + "|".join(map(re.escape, EXTENSIONS)) + ")"

    def _translate(self, component: str) -> str:
        source = ""
        for token in _TOKEN.finditer(component):
            found = token.group(0)
            if found == "{camera}":
                source += f"(?P<{CAMERA}>[^/]+?)"
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
        if name in self._fields:
            # A day in the folder and again in the file name must be the same day.
            return f"(?P={name})"
        self._fields.add(name)
        return f"(?P<{name}>{FIELDS[name]})"

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        return re.compile("/".join(self._component_sources), re.ASCII)

    @cached_property
    def _components(self) -> tuple[re.Pattern[str], ...]:
        """One expression per component, where they can be told apart: back-references become plain fields."""
        return tuple(
            re.compile(re.sub(r"\(\?P=(\w)\)", lambda back: f"(?:{FIELDS[back.group(1)]})", source), re.ASCII)
            for source in self._component_sources
        )

    @property
    def resolution(self) -> timedelta:
        """The smallest step that a name can express; a start is known no better than this."""
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
        written = fields.pop(CAMERA)
        try:
            start = _moment(fields)
        except (ValueError, OverflowError):
            return None
        return RecordingName(camera=decode_camera(written), start=NamedStart(start))


def _moment(fields: dict[str, str]) -> datetime:
    microseconds = int((fields.get("f") or "0").ljust(6, "0")[:6])
    if "s" in fields:
        return datetime.fromtimestamp(int(fields["s"]), UTC).replace(microsecond=microseconds)
    zone = fields.get("z")
    return datetime(
        int(fields["Y"]),
        int(fields["m"]),
        int(fields["d"]),
        int(fields["H"]),
        int(fields["M"]),
        int(fields.get("S") or 0),
        microseconds,
        tzinfo=None if zone is None else _offset(zone),
    )


def _offset(written: str) -> timezone:
    if written == "Z":
        return UTC
    size = timedelta(hours=int(written[1:3]), minutes=int(written[3:5]))
    return timezone(-size if written[0] == "-" else size)
