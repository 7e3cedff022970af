"""What an adapter hands over to be checked: how to set up its network in each situation, and what is true there.

A harness is a few lines: an async context manager that starts the simulated recorder (or lays out files) and yields
a `Site`. Everything else, the faults included, the suite does by itself.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from adapters.contract.models import CameraStatus, Interval
from adapters.contract.protocol import AdapterFactory, Manifest


class Situation(StrEnum):
    """What the recorder is like. Each but `NORMAL` is played by a harness, or excused with a reason."""

    NORMAL = "normal"
    ONE_BAD_RECORD = "one_bad_record"  # NORMAL, with one more camera that cannot be understood
    REPEATED_PAGE = "repeated_page"  # the recorder answers its first page for ever
    TRUNCATED_LISTING = "truncated_listing"  # the recorder promises more cameras than it lists
    LOCAL_ZONE = "local_zone"  # footage whose times the recorder tells in a zone that is not UTC
    REPEATED_HOUR = "repeated_hour"  # footage in both passes of the hour that autumn repeats
    CLOCK_AHEAD = "clock_ahead"  # the recorder's clock is off by `Truth.clock_offset_ms`, at least 30 s
    HEALTH_CHANGES = "health_changes"  # `Truth.health` happens while somebody watches


@dataclass(frozen=True)
class KnownFootage:
    """What lies on the recorder of one camera inside `asked`, by the recorder's clock; gaps lie between spans."""

    native_id: str
    asked: Interval
    spans: tuple[Interval, ...]


@dataclass(frozen=True)
class Pages:
    """How a listing is read: requests to paths that begin so, each of them once."""

    path: str
    number: int


@dataclass(frozen=True)
class Truth:
    """What is known of the network in this situation. Times are by the recorder's clock.

    `native_ids` are all cameras that can be used; `snapshot_times` say when pictures were taken, None where the
    recorder does not tell.
    """

    native_ids: frozenset[str] = frozenset()
    footage: tuple[KnownFootage, ...] = ()
    snapshot_times: Mapping[str, datetime | None] = field(default_factory=dict)
    clock_offset_ms: float | None = None
    health: tuple[str | None, CameraStatus] | None = None
    pages: Pages | None = None


@dataclass(frozen=True)
class Site:
    """A network to make adapters for. `addresses` are those of its servers (`http://127.0.0.1:port`, `rtsp://…`), as
    the options hold them: the suite puts faulty servers before them. `secrets` must be seen nowhere."""

    options: Mapping[str, Any]
    base_dir: Path
    addresses: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    truth: Truth = Truth()
    now: datetime = datetime(2026, 6, 15, 12, tzinfo=UTC)


IMPATIENT: Final[Mapping[str, Any]] = MappingProxyType(
    {"connect_timeout_s": 2, "read_timeout_s": 0.4, "call_timeout_s": 1.0, "download_timeout_s": 1.0}
)
OpenSite = Callable[[Situation, Path], AbstractAsyncContextManager[Site]]


@dataclass(frozen=True)
class Harness:
    """One adapter's part of the suite.

    `open` sets up the network in a situation, in an empty folder. `area` is (min_lon, min_lat, max_lon, max_lat).
    `expected` holds what listing cameras gives in the situation `NORMAL`, one record or rejection a line.
    `over_network` says that a server is asked, of HTTP or RTSP. `situations` are those that `open` plays beside
    `NORMAL`. `excuses` say why a check does not apply. `offline` are calls that ask no server, such as `list_cameras`
    where cameras stand in a file: a server's faults do not reach them. `impatient` are options under which the adapter
    waits no longer than two seconds. `planted_at` names, as `module:attribute`, a function that listing cameras
    passes: the suite lets it fail as a bug would.
    """

    create: AdapterFactory
    manifest: Manifest
    open: OpenSite
    expected: Path
    area: tuple[float, float, float, float]
    over_network: bool = False
    situations: frozenset[Situation] = frozenset()
    excuses: Mapping[str, str] = field(default_factory=dict)
    offline: frozenset[str] = frozenset()
    impatient: Mapping[str, Any] = field(default_factory=lambda: IMPATIENT)
    planted_at: str = "adapters.transport.http:GuardedClient.call"
