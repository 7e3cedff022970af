"""From ZoneMinder's answers to the contract's models. Pure: owns ids, positions, status, spans and the marks by which
a hold is found again in an event's notes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from adapters.contract.complaints import first_complaint
from adapters.contract.models import (
    CameraKind,
    CameraRecord,
    CameraStatus,
    Interval,
    Position,
    Rejection,
    Stream,
)
from adapters.zoneminder.local_time import TOUCHING, LocalEvent, instants

CAPTURES: Final = "Connected"
Text = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]
"""Numbers are texts in some answers of some versions."""


class MonitorFacts(BaseModel):
    id: Annotated[Text, Field(alias="Id", min_length=1)]
    name: Annotated[str, Field(alias="Name", min_length=1)]
    function: str | None = Field(default=None, alias="Function")
    width: int | None = Field(default=None, alias="Width")
    height: int | None = Field(default=None, alias="Height")
    lat: str | float | None = Field(default=None, alias="Latitude")
    lon: str | float | None = Field(default=None, alias="Longitude")
    controllable: bool | None = Field(default=None, alias="Controllable")


class MonitorState(BaseModel):
    status: str | None = Field(default=None, alias="Status")
    capture_fps: float | None = Field(default=None, alias="CaptureFPS")


class Monitor(BaseModel):
    facts: MonitorFacts = Field(alias="Monitor")
    state: MonitorState | None = Field(default=None, alias="Monitor_Status")

    @property
    def status(self) -> CameraStatus:
        """A monitor whose source is dead says Running, at no frame a second."""
        if self.facts.function == "None":
            return CameraStatus.DOWN
        if self.state is None or self.state.status is None or self.state.capture_fps is None:
            return CameraStatus.UNKNOWN
        captures = self.state.status == CAPTURES and self.state.capture_fps > 0
        return CameraStatus.UP if captures else CameraStatus.DOWN


class EventFacts(BaseModel):
    """`ended` None: still being recorded."""

    id: int = Field(alias="Id", gt=0)
    started: datetime = Field(alias="StartDateTime")
    ended: datetime | None = Field(default=None, alias="EndDateTime")
    length_s: float = Field(alias="Length", ge=0, allow_inf_nan=False)
    video: str | None = Field(default=None, alias="DefaultVideo")
    archived: bool = Field(default=False, alias="Archived")
    notes: str | None = Field(default=None, alias="Notes")
    monitor: Annotated[Text, Field(alias="MonitorId", min_length=1)]


class EventItem(BaseModel):
    event: EventFacts = Field(alias="Event")


@dataclass(frozen=True, slots=True)
class Event:
    """A complete event. Its clip lies inside the interval up to the second in which it began."""

    facts: EventFacts
    interval: Interval

    @property
    def name(self) -> str:
        return f"event {self.facts.id}"


def camera(item: Any) -> tuple[CameraRecord, Rejection | None]:
    """The monitor, and what is wrong with where it is said to stand. `ValidationError` for one without id or name."""
    monitor = Monitor.model_validate(item)
    facts = monitor.facts
    position, problem = _position(facts)
    size = (facts.width, facts.height)
    record = CameraRecord(
        native_id=facts.id,
        name=facts.name,
        kind=CameraKind.PTZ if facts.controllable else None,
        position=position,
        streams=(Stream(width=size[0], height=size[1]),) if all(each and each > 0 for each in size) else (),
        status=monitor.status,
    )
    return record, problem


def _position(facts: MonitorFacts) -> tuple[Position | None, Rejection | None]:
    """Unknown where it is left empty or at 0, 0, as ZoneMinder fills it in."""
    if facts.lat in (None, "") or facts.lon in (None, ""):
        return None, None
    try:
        position = Position.model_validate({"lat": facts.lat, "lon": facts.lon})
    except ValidationError:
        return None, Rejection(where=f"monitor {facts.id}", reason="its coordinates are none: left out")
    return (None if (position.lat, position.lon) == (0, 0) else position), None


def events(items: Iterable[Any], zone: ZoneInfo) -> tuple[list[Event], list[Rejection]]:
    """Complete events of one monitor in order of time, and those that cannot be used. One that is still open has no
    file yet, one that lasts no time none worth asking for."""
    facts: list[EventFacts] = []
    problems: list[Rejection] = []
    for item in items:
        try:
            facts.append(EventItem.model_validate(item).event)
        except ValidationError as error:
            problems.append(Rejection(where=_where(item), reason=first_complaint(error)))
    facts.sort(key=lambda each: each.id)
    local = [LocalEvent(each.started, timedelta(seconds=each.length_s)) for each in facts]
    found = [
        Event(each, Interval(start=start, end=start + event.length))
        for each, event, start in zip(facts, local, instants(local, zone), strict=True)
        if each.ended is not None and event.length and each.video
    ]
    return sorted(found, key=lambda event: event.interval.start), problems


def _where(item: Any) -> str:
    try:
        return f"event {item['Event']['Id']}"
    except (KeyError, TypeError):
        return "event"


def joined(found: Sequence[Event]) -> list[Interval]:
    """Footage without a gap. Starts are told in whole seconds, so that up to a second more than a gap may be none;
    the cut, which sees the frames, decides exactly."""
    spans: list[Interval] = []
    for event in found:
        if spans and event.interval.start - spans[-1].end <= TOUCHING:
            end = max(spans[-1].end, event.interval.end)
            spans[-1] = Interval(start=spans[-1].start, end=end)
        else:
            spans.append(event.interval)
    return spans


_MARK: Final = re.compile(r"\[entrevue ([A-Za-z0-9_-]{1,64})(, archived before)?\]")


def keys_of(facts: EventFacts) -> list[str]:
    """The holds that keep an event."""
    return [key for key, _ in _MARK.findall(facts.notes or "")] if facts.archived else []


def marked(facts: EventFacts, key: str) -> str:
    """The notes with the hold's mark, which remembers whether the owner had archived the event already."""
    notes = facts.notes or ""
    marks = _MARK.findall(notes)
    if any(known == key for known, _ in marks):
        return notes
    was_archived = any(before for _, before in marks) or (facts.archived and not marks)
    mark = f"[entrevue {key}{', archived before' if was_archived else ''}]"
    return f"{notes}\n{mark}" if notes else mark


def unmarked(facts: EventFacts, key: str) -> tuple[str, bool]:
    """The notes without the hold's mark, and whether the event stays archived."""
    notes = facts.notes or ""
    marks = _MARK.findall(notes)
    left = [known for known, _ in marks if known != key]
    was_archived = any(before for _, before in marks)
    pattern = re.compile(rf"\n?\[entrevue {re.escape(key)}(, archived before)?\]")
    rest = pattern.sub("", notes)
    if was_archived and left and not any(before for _, before in _MARK.findall(rest)):
        rest = rest.replace(f"[entrevue {left[0]}]", f"[entrevue {left[0]}, archived before]")
    return rest.lstrip("\n"), bool(left) or was_archived
