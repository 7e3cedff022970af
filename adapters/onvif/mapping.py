"""Reads ONVIF's answers. Pure: XML in, models and rejections out; a record that cannot be used costs itself.

Field names are those of the ONVIF schema 21.06. Elements are found by their local names.
"""

import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from xml.etree.ElementTree import Element

from pydantic import ValidationError

from adapters.contract.complaints import first_complaint
from adapters.contract.errors import Malformed
from adapters.contract.models import Position, Rejection, Stream, View
from adapters.onvif.models import Place, Profile, RecordingSetup, RecordingState, TrackChange
from adapters.transport.soap import child, children, local_name, text_of

CLOCK_NEVER_SET: Final = datetime(1971, 1, 1, tzinfo=UTC)
CODECS: Final = {"JPEG": "mjpeg", "MPEG4": "mpeg4", "MPV4-ES": "mpeg4"}
RUNNING: Final = frozenset({"Recording", "Initiated"})
_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_EXCESS_DIGITS = re.compile(r"(\.\d{6})\d+")

Record = TypeVar("Record")


def instant(text: str | None) -> datetime | None:
    """An xs:dateTime; None where there is none. ONVIF's times are UTC where no zone is written.

    `Malformed` for what is no time.
    """
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(_EXCESS_DIGITS.sub(r"\1", text))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed(f"{text[:40]!r} is no time") from error


def duration(text: str | None) -> timedelta | None:
    """An xs:duration of days and less; None for none, for zero, and for months, whose length is not known."""
    match = _DURATION.fullmatch(text or "")
    if match is None:
        return None
    try:
        lasts = timedelta(**{unit: float(value) for unit, value in match.groupdict(default="0").items()})
    except OverflowError:
        return None
    return lasts or None


def device_clock(answer: Element) -> datetime | None:
    """The device's UTC, in whole seconds; None where it tells none. `Malformed` for an impossible one."""
    told = child(answer, "SystemDateAndTime", "UTCDateTime")
    if told is None:
        return None
    fields = [
        text_of(told, *path)
        for path in (
            ("Date", "Year"),
            ("Date", "Month"),
            ("Date", "Day"),
            ("Time", "Hour"),
            ("Time", "Minute"),
            ("Time", "Second"),
        )
    ]
    try:
        year, month, day, hour, minute, second = (int(field or "") for field in fields)
        # a leap second is written as 60
        return datetime(year, month, day, hour, minute, tzinfo=UTC) + timedelta(seconds=second)
    except (ValueError, OverflowError) as error:
        raise Malformed("the device's clock shows an impossible time") from error


def service_addresses(answer: Element) -> dict[str, str]:
    """Namespace → address, of GetServices."""
    found: dict[str, str] = {}
    for service in children(answer, "Service"):
        namespace, address = text_of(service, "Namespace"), text_of(service, "XAddr")
        if namespace and address:
            found[namespace] = address
    return found


def capability_addresses(answer: Element, namespaces: dict[str, str]) -> dict[str, str]:
    """As `service_addresses`, of the older GetCapabilities; `namespaces` are its sections' names."""
    found: dict[str, str] = {}
    for section in (each for part in answer for each in part.iter()):
        address = text_of(section, "XAddr")
        if address and local_name(section) in namespaces:
            found.setdefault(namespaces[local_name(section)], address)
    return found


def _read_each(
    elements: list[Element], what: str, read: Callable[[Element], Record]
) -> Iterator[Record | Rejection]:
    for number, element in enumerate(elements, start=1):
        try:
            yield read(element)
        except (Malformed, ValidationError) as error:
            reason = error.message if isinstance(error, Malformed) else first_complaint(error)
            yield Rejection(where=f"{what} {number}", reason=reason)


def _needed(value: str | None, name: str) -> str:
    if not value:
        raise Malformed(f"it has no {name}")
    return value


def profiles(answer: Element) -> Iterator[Profile | Rejection]:
    """Of GetProfiles by Media1 or Media2; a profile without video is left out."""
    elements = [each for each in children(answer, "Profiles") if _source_of(each) is not None]
    return _read_each(elements, "profile", _profile)


def _source_of(profile: Element) -> Element | None:
    found = child(profile, "VideoSourceConfiguration")
    return child(profile, "Configurations", "VideoSource") if found is None else found


def _profile(element: Element) -> Profile:
    source, encoder = _source_of(element), child(element, "VideoEncoderConfiguration")
    if encoder is None:
        encoder = child(element, "Configurations", "VideoEncoder")
    encoding = text_of(encoder, "Encoding")
    rate, interval = (
        _number(text_of(encoder, "RateControl", name)) for name in ("FrameRateLimit", "EncodingInterval")
    )
    stated = [] if source is None else [source.get("token")]
    return Profile(
        token=_needed(element.get("token"), "token"),
        source=_needed(text_of(source, "SourceToken"), "source"),
        source_name=text_of(source, "Name"),
        configurations=tuple(token for token in stated if token),
        stream=Stream(
            codec=CODECS.get(encoding.upper(), encoding.lower()) if encoding else None,
            width=_whole(text_of(encoder, "Resolution", "Width")),
            height=_whole(text_of(encoder, "Resolution", "Height")),
            fps=rate / max(1.0, interval or 1.0) if rate else None,
        ),
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def _whole(text: str | None) -> int | None:
    value = _number(text)
    return int(value) or None if value is not None else None


def media_uri(answer: Element) -> str:
    """Of GetStreamUri, GetSnapshotUri (Media1 and Media2) and GetReplayUri."""
    return _needed(text_of(answer, "MediaUri", "Uri") or text_of(answer, "Uri"), "address")


def places(answer: Element) -> Iterator[Place | Rejection]:
    """Of GetGeoLocation."""
    located = [each for each in children(answer, "Location") if child(each, "GeoLocation") is not None]
    return _read_each(located, "location", _place)


def _place(element: Element) -> Place:
    point, orientation = child(element, "GeoLocation"), child(element, "GeoOrientation")
    lat, lon = (_coordinate(point, name) for name in ("lat", "lon"))
    if lat is None or lon is None:
        raise Malformed("its latitude or longitude is no number")
    yaw = _coordinate(orientation, "yaw")
    return Place(
        source=element.get("Token") if element.get("Entity") == "VideoSource" else None,
        position=Position(lat=lat, lon=lon, elevation_m=_coordinate(point, "elevation")),
        view=None if yaw is None else View(heading_deg=yaw % 360),
    )


def _coordinate(element: Element | None, name: str) -> float | None:
    try:
        value = float(element.get(name, "") if element is not None else "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def recording_setups(answer: Element) -> Iterator[RecordingSetup | Rejection]:
    """Of GetRecordings."""
    return _read_each(children(answer, "RecordingItem"), "recording", _setup)


def _setup(element: Element) -> RecordingSetup:
    configuration = child(element, "Configuration")
    return RecordingSetup(
        token=_needed(text_of(element, "RecordingToken"), "token"),
        source_id=text_of(configuration, "Source", "SourceId"),
        source_name=text_of(configuration, "Source", "Name"),
        keeps=duration(text_of(configuration, "MaximumRetentionTime")),
    )


def recording_jobs(answer: Element) -> dict[str, str]:
    """Recording → token of the profile or receiver that feeds it, of GetRecordingJobs."""
    found: dict[str, str] = {}
    for job in children(answer, "JobItem"):
        configuration = child(job, "JobConfiguration")
        recording = text_of(configuration, "RecordingToken")
        source = text_of(configuration, "Source", "SourceToken", "Token")
        if recording and source:
            found[recording] = source
    return found


def recording_states(results: list[Element]) -> Iterator[RecordingState | Rejection]:
    """Of the pages of GetRecordingSearchResults."""
    return _read_each(results, "recording", _state)


def _state(element: Element) -> RecordingState:
    tracks = [each for each in children(element, "Track") if text_of(each, "TrackType") == "Video"]
    # the recording's own times also cover sound and metadata
    earliest = [instant(text_of(track, "DataFrom")) for track in tracks]
    latest = [instant(text_of(track, "DataTo")) for track in tracks]
    if None in earliest or not tracks:
        earliest = [instant(text_of(element, "EarliestRecording"))]
    if None in latest or not tracks:
        latest = [instant(text_of(element, "LatestRecording"))]
    return RecordingState(
        token=_needed(text_of(element, "RecordingToken"), "token"),
        source_id=text_of(element, "Source", "SourceId"),
        source_name=text_of(element, "Source", "Name"),
        earliest=_set_clock(min((at for at in earliest if at), default=None)),
        latest=_set_clock(max((at for at in latest if at), default=None)),
        video_tracks=tuple(filter(None, (text_of(track, "TrackToken") for track in tracks))),
        is_running=text_of(element, "RecordingStatus") in RUNNING,
    )


def _set_clock(at: datetime | None) -> datetime | None:
    return at if at is not None and at >= CLOCK_NEVER_SET else None


def track_changes(results: list[Element]) -> Iterator[TrackChange | Rejection]:
    """Of the pages of GetEventSearchResults, those of the topic that was asked for."""
    told = [each for each in results if "Track/State" in (text_of(each, "Event", "Topic") or "Track/State")]
    return _read_each(told, "change of a track", _change)


def _change(element: Element) -> TrackChange:
    items = simple_items(child(element, "Event", "Message", "Message"))
    present = items.get("IsDataPresent", items.get("DataPresent", "")).lower()
    if present not in {"true", "false", "1", "0"}:
        raise Malformed("it does not say whether data is present")
    at = instant(text_of(element, "Time"))
    if at is None:
        raise Malformed("it has no time")
    return TrackChange(
        recording=_needed(text_of(element, "RecordingToken") or items.get("RecordingToken"), "recording"),
        track=text_of(element, "TrackToken") or items.get("Track"),
        at=at,
        is_present=present in {"true", "1"},
        is_start_state=(text_of(element, "StartStateEvent") or "").lower() in {"true", "1"},
    )


def simple_items(message: Element | None) -> dict[str, str]:
    """Name → value of a notification's source and data."""
    found: dict[str, str] = {}
    for part in ("Source", "Key", "Data"):
        for item in children(child(message, part), "SimpleItem"):
            found.setdefault(item.get("Name", ""), item.get("Value", ""))
    return found
