"""What owners set of their cameras' pictures: masks and since when each is aimed as it is, from a TOML file a network.

A file that cannot be read stops the network's pictures: none is kept without the masks that its owner drew.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import AwareDatetime, Field, ValidationError

from adapters.contract.models import CameraKind
from broker.settings import Settings
from broker.settings.values import Section
from broker.snapshots.masks import Masks
from broker.snapshots.references import Scene

MOVING_KINDS: Final = frozenset({CameraKind.PTZ, CameraKind.MOBILE})
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Polygon = Annotated[tuple[tuple[Share, Share], ...], Field(min_length=3, max_length=200)]


class MasksUnreadable(ValueError):
    """The message names the file and what is wrong with it."""


class CameraMasks(Section):
    """One camera: what is hidden, and since when its view is what it is."""

    polygons: Annotated[tuple[Polygon, ...], Field(max_length=100)] = ()
    aimed_at: AwareDatetime | None = None


class MasksFile(Section):
    """`[cameras."<native id>"]`, as the recorder names them."""

    cameras: dict[str, CameraMasks] = Field(default_factory=dict)


@dataclass(frozen=True)
class _Read:
    stamp: tuple[int, int]
    file: MasksFile


class Scenes:
    """Reads each file when it has changed."""

    def __init__(self, settings: Settings) -> None:
        self._files = {
            network.id: settings.base_dir / network.masks for network in settings.network if network.masks
        }
        self._read: dict[str, _Read] = {}

    def of(self, network_id: str, native_id: str, kind: CameraKind | None) -> Scene:
        """`MasksUnreadable` where nobody knows what to mask."""
        own = self._masks(network_id).get(native_id)
        is_fixed = kind not in MOVING_KINDS
        if own is None:
            return Scene(is_fixed=is_fixed)
        return Scene(Masks(own.polygons), own.aimed_at, is_fixed)

    def unlisted(self, network_id: str, native_ids: frozenset[str]) -> tuple[str, ...]:
        """Cameras that the file names and the network does not list: a camera of another name is unmasked."""
        try:
            return tuple(sorted(set(self._masks(network_id)) - native_ids))
        except MasksUnreadable:
            return ()

    def _masks(self, network_id: str) -> dict[str, CameraMasks]:
        path = self._files.get(network_id)
        if path is None:
            return {}
        try:
            found = path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            known = self._read.get(network_id)
            if known is None or known.stamp != stamp:
                known = self._read[network_id] = _Read(stamp, _parsed(path))
        except OSError as error:
            raise MasksUnreadable(f"the masks in {path} cannot be read: {error.strerror}") from error
        return known.file.cameras


def _parsed(path: Path) -> MasksFile:
    try:
        return MasksFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MasksUnreadable(f"the masks in {path} are not TOML: {error}") from error
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise MasksUnreadable(f"the masks in {path} are wrong at {where}: {wrong['msg']}") from error
