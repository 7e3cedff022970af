"""What a simulated recorder is given and what it knows of its footage. Plain data; reads nothing."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from adapters.contract.models import Interval, Model


class RecordedChannel(Model):
    """One camera of the recorder: its files lie in `folder`, named by the instant of their first frame."""

    token: str
    name: str
    folder: Path
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]
    fps: Annotated[float, Field(gt=0)]
    lat: float | None = None
    lon: float | None = None
    heading_deg: float | None = None


class DeviceOrder(Model):
    """One simulated recorder. `clock_offset` is its clock − UTC; `auth` is how it wants to be signed in to."""

    channels: tuple[RecordedChannel, ...]
    username: str
    password: str = Field(repr=False)
    auth: Literal["wsse", "digest"] = "wsse"
    http_port: int = 0
    rtsp_port: int = 0
    clock_offset: timedelta = timedelta()
    retention: timedelta | None = None
    page_size: Annotated[int, Field(gt=0)] = 50


class RecordedFile(Model):
    """One file and the instants, in UTC, of its first and last shown frames. `period` is a frame's length."""

    path: Path
    size: int
    first: datetime
    last: datetime
    period: timedelta

    @property
    def interval(self) -> Interval:
        return Interval(start=self.first, end=self.last + self.period)
