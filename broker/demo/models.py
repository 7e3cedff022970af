"""Typed data of the demo: what a simulated camera films, and the small world around it.

Cameras, places and intervals are the contract's own records; nothing here knows a server or a file format.
"""

import zlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from adapters.contract.models import CameraRecord, Interval, Model, PlaceRecord
from broker.demo.pixel_clock import EPOCH
from broker.demo.scene import Setting

SEGMENT = timedelta(seconds=60)
"""Recorded files are cut at whole minutes of UTC."""

Positive = Annotated[int, Field(gt=0)]


class Outage(Model):
    """A line that fails regularly: in every `every_s` since 1970, nothing is recorded for `lasts_s`.

    Bound to UTC, not to the start of a program, so that history and live recordings agree on it.
    """

    every_s: Positive
    begins_s: Annotated[int, Field(ge=0)]
    lasts_s: Positive

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.begins_s + self.lasts_s >= self.every_s:
            raise ValueError("an outage must begin and end inside its period")
        return self

    def within(self, interval: Interval) -> tuple[Interval, ...]:
        """The outages that touch the interval, whole, in order."""
        period = timedelta(seconds=self.every_s)
        count = (interval.start - EPOCH) // period
        found: list[Interval] = []
        while (start := EPOCH + count * period + timedelta(seconds=self.begins_s)) < interval.end:
            outage = Interval(start=start, end=start + timedelta(seconds=self.lasts_s))
            if outage.intersect(interval):
                found.append(outage)
            count += 1
        return tuple(found)


class FilmedCamera(Model):
    """How one simulated camera is filmed and encoded. Its pictures follow from these values and the time.

    `gop_s` is the distance of keyframes; `b_frames` the most B-frames in a row.
    """

    native_id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    name: str
    setting: Setting = Setting.STREET
    width: Annotated[int, Field(ge=256, multiple_of=32)] = 512
    height: Annotated[int, Field(ge=144, multiple_of=8)] = 288
    frame_period_ms: Positive = 100
    gop_s: Positive = 6
    b_frames: Annotated[int, Field(ge=0, le=8)] = 2
    outage: Outage | None = None

    @model_validator(mode="after")
    def _frames_fill_a_minute(self) -> Self:
        if 60_000 % self.frame_period_ms:
            raise ValueError("frame_period_ms must divide a minute, so that each file begins on its minute")
        return self

    @property
    def frame_period(self) -> timedelta:
        return timedelta(milliseconds=self.frame_period_ms)

    @property
    def seed(self) -> int:
        return zlib.crc32(self.native_id.encode())

    def first_frame_at_or_after(self, instant: datetime) -> datetime:
        """Frames lie on a grid of whole frame periods since 1970."""
        return EPOCH - (EPOCH - instant) // self.frame_period * self.frame_period


class DemoAgency(Model):
    id: str
    name: str


class DemoNetwork(Model):
    """One network: its list of cameras, and how those that have footage are filmed (none: locations only)."""

    id: str
    agency: str
    adapter: str
    cameras: tuple[CameraRecord, ...]
    places: tuple[PlaceRecord, ...]
    films: tuple[FilmedCamera, ...] = ()
    retention: timedelta | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        ids = [camera.native_id for camera in self.cameras]
        if len(set(ids)) < len(ids):
            raise ValueError(f"network {self.id} lists a camera twice")
        if strangers := {film.native_id for film in self.films} - set(ids):
            raise ValueError(f"network {self.id} films cameras that it does not list: {sorted(strangers)}")
        known = {place.native_id for place in self.places}
        if lost := {camera.place for camera in self.cameras if camera.place} - known:
            raise ValueError(f"network {self.id} has cameras at unknown places: {sorted(lost)}")
        if self.films and self.retention is None:
            raise ValueError(f"network {self.id} has footage and must say how long it is kept")
        return self

    @property
    def folder(self) -> Path:
        """Relative to the demo's folder; so are the paths below."""
        return Path("networks") / self.id

    @property
    def cameras_file(self) -> Path:
        return self.folder / "cameras.csv"

    @property
    def places_file(self) -> Path:
        return self.folder / "places.csv"

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    @property
    def holds(self) -> Path:
        return self.folder / "holds"

    @property
    def password(self) -> Path:
        """Where the password of its recorder stands, if that wants one."""
        return self.folder / "password"


class DemoAgreement(Model):
    """What `owner` lets `partner` do with its cameras; always decided by a person."""

    id: str
    owner: str
    partner: str
    networks: tuple[str, ...]
    actions: tuple[str, ...]
    purposes: tuple[str, ...]
    valid: Interval


class DemoWorld(Model):
    agencies: tuple[DemoAgency, ...]
    networks: tuple[DemoNetwork, ...]
    agreements: tuple[DemoAgreement, ...]

    @property
    def recorded_networks(self) -> tuple[DemoNetwork, ...]:
        return tuple(network for network in self.networks if network.films)

    @property
    def device_networks(self) -> tuple[DemoNetwork, ...]:
        """Those whose recorder is a device that is asked over the wire; the others' is a folder."""
        return tuple(network for network in self.recorded_networks if network.adapter == "onvif")
