"""Which cameras changed of late, for those who watch: numbered in the order in which this process learned of it."""

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

KEPT: Final = 20_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ChangedCameras:
    """The latest changes. Numbers begin above those of any earlier process, so that none is taken for another's."""

    def __init__(self, started_at: datetime) -> None:
        self._floor = self._last = (started_at - EPOCH) // timedelta(microseconds=1)
        self._numbers = count(self._floor + 1)
        self._recent = deque[tuple[int, str]](maxlen=KEPT)

    @property
    def last(self) -> int:
        """The number of the latest change."""
        return self._last

    def note(self, camera_ids: Iterable[str]) -> None:
        for camera_id in camera_ids:
            self._last = next(self._numbers)
            if len(self._recent) == KEPT:
                self._floor = self._recent[0][0]
            self._recent.append((self._last, camera_id))

    def note_all(self) -> None:
        """Everything may have changed."""
        self._recent.clear()
        self._floor = self._last = next(self._numbers)

    def since(self, number: int) -> list[str] | None:
        """The cameras that changed after this number, each once; None where that is no longer known."""
        if not self._floor <= number <= self._last:
            return None
        found = list[str]()
        for at, camera_id in reversed(self._recent):
            if at <= number:
                break
            found.append(camera_id)
        return list(dict.fromkeys(reversed(found)))
