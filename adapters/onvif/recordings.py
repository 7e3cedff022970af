"""Asks a device what it has recorded. Owns the order of the questions, and what is done where a service is missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from adapters.contract.errors import GiveUp, NotSupported
from adapters.contract.models import Interval, Rejection
from adapters.onvif import mapping, requests
from adapters.onvif.client import OnvifClient
from adapters.onvif.inventory import Channel, Inventory, take_stock
from adapters.onvif.models import (
    Piece,
    Place,
    Profile,
    RecordingSetup,
    RecordingState,
    TrackChange,
)
from adapters.onvif.requests import DEVICE, MEDIA, MEDIA2, RECORDING, SEARCH
from adapters.onvif.spans import arranged, pieces_of

SERVICES_OF_MEDIA: Final = (MEDIA2, MEDIA)
"""Media2 first: only there H.265 is shown."""

Record = TypeVar("Record")


@dataclass(frozen=True)
class Found:
    """Footage of one camera in a window, sorted and disjoint."""

    pieces: tuple[Piece, ...]
    problems: tuple[Rejection, ...]


async def look(client: OnvifClient, *, with_recordings: bool) -> Inventory:
    """Everything that the device says of its cameras."""
    problems: list[Rejection] = []
    profiles: list[Profile] = []
    setups: list[RecordingSetup] = []
    jobs: dict[str, str] = {}
    service = await media_service(client)
    if service is not None:
        answer = await client.call(requests.get_profiles(service))
        profiles = _usable(mapping.profiles(answer), problems)
    if with_recordings and await client.has(RECORDING):
        answer = await client.call(requests.get_recordings())
        setups = _usable(mapping.recording_setups(answer), problems)
        jobs = await _jobs(client)
    places = _usable(await _places(client), problems)
    return take_stock(profiles, setups, jobs, places, problems)


def _usable(items: Iterable[Record | Rejection], problems: list[Rejection]) -> list[Record]:
    """The records; what could not be used joins the problems."""
    records: list[Record] = []
    for item in items:
        if isinstance(item, Rejection):
            problems.append(item)
        else:
            records.append(item)
    return records


async def media_service(client: OnvifClient) -> str | None:
    """The newest service for profiles that the device has; None on a recorder without one."""
    for service in SERVICES_OF_MEDIA:
        if await client.has(service):
            return service
    return None


async def _jobs(client: OnvifClient) -> dict[str, str]:
    try:
        return mapping.recording_jobs(await client.call(requests.get_recording_jobs()))
    except GiveUp:
        return {}  # a recorder without jobs: its recordings name their sources themselves


async def _places(client: OnvifClient) -> list[Place | Rejection]:
    if not await client.has(DEVICE):
        return []
    try:
        return list(mapping.places(await client.call(requests.get_geo_location())))
    except GiveUp:
        return []  # most devices do not know where they stand


async def footage_of(client: OnvifClient, channel: Channel, window: Interval) -> Found:
    """What the device holds of one camera inside the window, on its own clock."""
    if not channel.recordings:
        return Found((), ())
    if not await client.has(SEARCH):
        raise NotSupported("the device cannot be searched for footage: leave footage out of offers")
    problems: list[Rejection] = []
    states = await _states(client, channel, problems)
    changes = await _changes(client, channel, states, window, problems)
    now = client.device_now()
    pieces: list[Piece] = []
    for state in states:
        found, unclear = pieces_of(state, changes, window, now)
        pieces += [Piece(state.token, interval) for interval in found]
        problems += unclear
    return Found(arranged(pieces), tuple(problems))


async def _states(client: OnvifClient, channel: Channel, problems: list[Rejection]) -> list[RecordingState]:
    results = await client.search(
        requests.find_recordings(channel.recordings), "GetRecordingSearchResults", "RecordingInformation"
    )
    states: dict[str, RecordingState] = {}
    for item in _usable(mapping.recording_states(results), problems):
        if item.token in states:
            reason = "told twice by one search: the first counts"
            problems.append(Rejection(where=f"recording {item.token}", reason=reason))
        elif item.token in channel.recordings:  # some devices answer with all they have
            states[item.token] = item
    return list(states.values())


async def _changes(
    client: OnvifClient,
    channel: Channel,
    states: Sequence[RecordingState],
    window: Interval,
    problems: list[Rejection],
) -> Sequence[TrackChange] | None:
    """The history of the window; None where the device keeps none. A device that does not tell how things stood at
    the window's start is asked for all that it remembers."""
    told = await _history(client, channel, window, problems)
    if told is None or any(change.is_start_state for change in told):
        return told
    since = min((state.earliest for state in states if state.earliest is not None), default=window.start)
    if since >= window.start:
        return told
    return await _history(client, channel, Interval(start=since, end=window.end), problems)


async def _history(
    client: OnvifClient, channel: Channel, window: Interval, problems: list[Rejection]
) -> Sequence[TrackChange] | None:
    begin = requests.find_history(channel.recordings, window.start, window.end)
    try:
        results = await client.search(begin, "GetEventSearchResults", "Result")
    except NotSupported:
        return None
    return _usable(mapping.track_changes(results), problems)
