"""The cameras that the list names, for questions about one of them. Owns when the list is read again."""

from collections.abc import Mapping
from pathlib import Path

from adapters.contract.models import CameraRecord, CameraStatus
from adapters.folder.config import FolderOptions
from adapters.lists.reader import ListReader
from adapters.lists.versions import Versions, versions_of


class ListedCameras:
    """Retention by camera, kept until one of the list's files changes. Blocks: use in a thread."""

    def __init__(self, options: FolderOptions, base_dir: Path) -> None:
        self._reader = ListReader(options, base_dir)
        self._files = tuple(base_dir / listed.file for listed in options.cameras)
        self._read: tuple[Versions, Mapping[str, float | None]] | None = None

    @property
    def exist(self) -> bool:
        """Whether a list is configured at all; if not, recordings alone say which cameras there are."""
        return bool(self._files)

    @property
    def reader(self) -> ListReader:
        return self._reader

    def retention_days(self) -> Mapping[str, float | None]:
        """Every listed camera's id with its own retention, None where the list does not say."""
        versions = versions_of(self._files)
        if self._read is None or self._read[0] != versions:
            records = (item for item in self._reader.cameras() if isinstance(item, CameraRecord))
            self._read = (versions, {record.native_id: record.retention_days for record in records})
        return self._read[1]


def without_hearsay(record: CameraRecord) -> CameraRecord:
    """The camera without the list's word that it works: whoever wrote the list did not look, and the files prove it."""
    if record.status is not CameraStatus.UP:
        return record
    return record.model_copy(update={"status": CameraStatus.UNKNOWN})
