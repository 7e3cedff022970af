"""Cameras that a list describes beside the device: where they stand, which a device rarely knows. Blocks: use in a
thread."""

from collections.abc import Mapping
from pathlib import Path

from adapters.contract.models import CameraRecord, CameraStatus, Rejection
from adapters.lists.reader import ListReader
from adapters.onvif.config import OnvifOptions


class ListedCameras:
    """Reads the network's list, if it has one."""

    def __init__(self, options: OnvifOptions, base_dir: Path) -> None:
        self.reader = ListReader(options, base_dir)
        self.exist = bool(options.cameras)

    def read(self) -> tuple[Mapping[str, CameraRecord], tuple[Rejection, ...]]:
        """Every listed camera by its id, and the rows that could not be used."""
        found: dict[str, CameraRecord] = {}
        problems: list[Rejection] = []
        for item in self.reader.cameras():
            if isinstance(item, CameraRecord):
                found.setdefault(item.native_id, item)
            else:
                problems.append(item)
        return found, tuple(problems)


def described(listed: CameraRecord, device: CameraRecord | None) -> CameraRecord:
    """A listed camera with what the device adds: the list wins where both say something."""
    if device is None:
        return listed
    return listed.model_copy(
        update={
            "position": listed.position or device.position,
            "views": listed.views or device.views,
            "streams": listed.streams or device.streams,
            "status": device.status if listed.status is CameraStatus.UNKNOWN else listed.status,
            "retention_days": listed.retention_days or device.retention_days,
        }
    )
