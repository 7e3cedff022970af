"""What a device tells, as frozen data. Instants are the device's own clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.contract.models import Interval, Position, Stream, View


@dataclass(frozen=True)
class Profile:
    """One media profile. `source` is the token of the video source whose picture it carries."""

    token: str
    source: str
    source_name: str | None
    configurations: tuple[str, ...]
    stream: Stream


@dataclass(frozen=True)
class Place:
    """Where one video source stands; `source` None is the device itself."""

    source: str | None
    position: Position
    view: View | None


@dataclass(frozen=True)
class RecordingSetup:
    """How a recording is made. `keeps` is None where the device sets no limit or does not say."""

    token: str
    source_id: str | None
    source_name: str | None
    keeps: timedelta | None


@dataclass(frozen=True)
class RecordingState:
    """What a recording holds. `earliest` and `latest` are None where the device does not know: a start in 1970
    is a clock that was never set. `video_tracks` is empty where the device names no tracks."""

    token: str
    source_id: str | None
    source_name: str | None
    earliest: datetime | None
    latest: datetime | None
    video_tracks: tuple[str, ...]
    is_running: bool


@dataclass(frozen=True)
class TrackChange:
    """Data of a track begins to be there, or ceases. `is_start_state` tells how it stood at the search's start."""

    recording: str
    track: str | None
    at: datetime
    is_present: bool
    is_start_state: bool


@dataclass(frozen=True)
class Piece:
    """Footage of one recording that counts for its camera."""

    recording: str
    interval: Interval
