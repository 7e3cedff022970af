"""How known recorders lay out their folders. Owns the table of names; each stands for one pattern or several.

MediaMTX: its default `recordPath`, in the server's local time. Frigate: folders of days and hours, in UTC.

ZoneMinder keeps an event's video below its monitor's number in one of three schemes, chosen for each storage, and old
events stay where they were: `Deep` names the second of the event in the server's local time, `Medium` its day,
`Shallow` neither. None is the time of the first frame: a video begins with the key frame before the event, up to
seconds earlier, so that one event's video overlaps the one before. The closing of the file less its length is that
time, and what the name says proves it. Newer versions put the codec into the video's name too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from adapters.folder.pattern import NamePattern, RecordingName, RecordingPattern

LayoutName = Literal["mediamtx", "frigate", "zoneminder"]


@dataclass(frozen=True)
class Layout:
    """Several patterns as one: a name is read by the first that it fits."""

    patterns: tuple[RecordingPattern, ...]

    @property
    def text(self) -> str:
        return " or ".join(pattern.text for pattern in self.patterns)

    @property
    def resolution(self) -> timedelta:
        return max(pattern.resolution for pattern in self.patterns)

    def may_contain(self, folder: str, camera: str | None) -> bool:
        return any(pattern.may_contain(folder, camera) for pattern in self.patterns)

    def parse(self, path: str) -> RecordingName | None:
        return next((name for pattern in self.patterns if (name := pattern.parse(path)) is not None), None)


_ZONEMINDER_SCHEMES: Final = (
    "{monitor}/%y/%m/%d/%H/%M/%S",
    "{monitor}/%Y-%m-%d/{event}",
    "{monitor}/{event}",
)
_ZONEMINDER_CODECS: Final = ("", ".h264", ".h265", ".hevc", ".av1", ".vp9", ".mjpeg")

LAYOUTS: Final[Mapping[LayoutName, NamePattern]] = {
    "mediamtx": RecordingPattern("%path/%Y-%m-%d_%H-%M-%S-%f"),
    "frigate": RecordingPattern("%Y-%m-%d/%H/{camera}/%M.%S.mp4"),
    "zoneminder": Layout(
        tuple(
            RecordingPattern(f"{folder}/{{event}}-video{codec}", ends_only=True)
            for codec in _ZONEMINDER_CODECS
            for folder in _ZONEMINDER_SCHEMES
        )
    ),
}
ALWAYS_UTC: Final = frozenset[LayoutName]({"frigate"})
