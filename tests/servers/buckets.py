"""Where the vaults of a test run are: a folder each; with `ENTREVUE_TEST_VAULT=s3` a prefix each of one bucket.

The server is one of this process's own, started when the first vault is asked for.
"""

import itertools
import os
import tempfile
from pathlib import Path
from typing import Final

from tests.servers.seaweedfs import SeaweedFs

KIND: Final = os.environ.get("ENTREVUE_TEST_VAULT", "folder")


class TestBuckets:
    """The vaults of one test process."""

    __test__ = False

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._server: SeaweedFs | None = None
        self._numbers = itertools.count(1)

    def options(self) -> dict[str, dict[str, str]]:
        """What `[broker]` of a new set-up says of its vault: nothing where it is a folder."""
        if KIND == "folder":
            return {}
        variable = f"ENTREVUE_TEST_VAULT_{next(self._numbers)}"
        os.environ[variable] = self._started().address("tests", prefix=variable.lower())
        return {"storage_url": {"env": variable}}

    def stop(self) -> None:
        if self._server is not None and self._folder is not None:
            self._server.kill()
            self._folder.cleanup()

    def _started(self) -> SeaweedFs:
        if self._server is None:
            self._folder = tempfile.TemporaryDirectory(prefix="seaweedfs-")
            self._server = SeaweedFs(Path(self._folder.name))
            self._server.start()
        return self._server


BUCKETS: Final = TestBuckets()
