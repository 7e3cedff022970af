"""Which cameras a device has: its video sources, and what it records of sources that it does not show itself.

Owns the native ids. A video source's token is its camera's id; a recording belongs to the source that it names, or
whose profile feeds it, or to the only one there is; any other recording is a camera of its own, by the id of its
source or, where it has none, by its own token.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from adapters.contract.models import CameraRecord, CameraStatus, Rejection, Stream
from adapters.onvif.models import Place, Profile, RecordingSetup


@dataclass(frozen=True)
class Channel:
    """One camera of the device."""

    native_id: str
    name: str
    profiles: tuple[Profile, ...] = ()
    recordings: tuple[str, ...] = ()
    keeps: timedelta | None = None


@dataclass(frozen=True)
class Inventory:
    """Everything that one look at the device found."""

    channels: Mapping[str, Channel]
    places: Mapping[str | None, Place] = field(default_factory=dict)
    problems: tuple[Rejection, ...] = ()

    def of_source(self, token: str | None) -> str | None:
        """The camera whose source, profile or configuration has this token: events name any of them, or, on a device
        with one camera, none."""
        if token is None:
            return next(iter(self.channels)) if len(self.channels) == 1 else None
        if token in self.channels:
            return token
        for channel in self.channels.values():
            for profile in channel.profiles:
                if token in {profile.token, *profile.configurations}:
                    return channel.native_id
        return None

    def record(self, channel: Channel, retention_days: float | None) -> CameraRecord:
        """What the device says of one of its cameras. A device that is one camera proves by answering that it works; a
        recorder proves nothing of the cameras behind it."""
        place = self.places.get(channel.native_id)
        if place is None and len(self.channels) == 1:
            place = self.places.get(None)
        kept_days = None if channel.keeps is None else channel.keeps / timedelta(days=1)
        return CameraRecord(
            native_id=channel.native_id,
            name=channel.name,
            position=None if place is None else place.position,
            views=() if place is None or place.view is None else (place.view,),
            streams=streams_of(channel),
            status=CameraStatus.UP if channel.profiles and len(self.channels) == 1 else CameraStatus.UNKNOWN,
            retention_days=retention_days or kept_days,
        )


def streams_of(channel: Channel) -> tuple[Stream, ...]:
    """The largest picture is the main stream, then `sub`, `sub-2`, …"""
    streams = [profile.stream for profile in channel.profiles]
    ordered = sorted(streams, key=lambda each: -(each.width or 0) * (each.height or 0))
    different = list(dict.fromkeys(ordered))
    roles = ["main", "sub", *(f"sub-{number}" for number in range(2, len(different)))]
    return tuple(each.model_copy(update={"role": role}) for each, role in zip(different, roles, strict=False))


def take_stock(
    profiles: Sequence[Profile],
    setups: Sequence[RecordingSetup],
    jobs: Mapping[str, str],
    places: Iterable[Place],
    problems: Iterable[Rejection],
) -> Inventory:
    """Puts together what the services of one device said."""
    by_source: dict[str, list[Profile]] = {}
    for profile in profiles:
        by_source.setdefault(profile.source, []).append(profile)
    by_profile = {profile.token: profile.source for profile in profiles}
    told, seen = list(problems), set[str]()
    by_camera: dict[str, list[RecordingSetup]] = {source: [] for source in by_source}
    for setup in setups:
        if setup.token in seen:
            told.append(Rejection(where=f"recording {setup.token}", reason="listed twice: the first counts"))
            continue
        seen.add(setup.token)
        by_camera.setdefault(_camera_of(setup, jobs, by_source, by_profile), []).append(setup)
    return Inventory(
        channels={
            native_id: _channel(native_id, by_source.get(native_id, []), recordings)
            for native_id, recordings in sorted(by_camera.items())
        },
        places={place.source: place for place in places},
        problems=tuple(told),
    )


def _camera_of(
    setup: RecordingSetup,
    jobs: Mapping[str, str],
    by_source: Mapping[str, object],
    by_profile: Mapping[str, str],
) -> str:
    for token in (setup.source_id, jobs.get(setup.token)):
        if token is not None and token in by_source:
            return token
        if token is not None and token in by_profile:
            return by_profile[token]
    if len(by_source) == 1:
        return next(iter(by_source))
    return setup.source_id or setup.token


def _channel(native_id: str, profiles: Sequence[Profile], setups: Sequence[RecordingSetup]) -> Channel:
    names = [setup.source_name for setup in setups] + [profile.source_name for profile in profiles]
    keeps = [setup.keeps for setup in setups]
    return Channel(
        native_id=native_id,
        name=next(filter(None, names), native_id),
        profiles=tuple(profiles),
        recordings=tuple(setup.token for setup in setups),
        keeps=None if None in keeps or not keeps else min(each for each in keeps if each is not None),
    )
