"""Under which keys the vault holds what.

| key | holds |
| --- | --- |
| `snapshots/<camera id>.jpg` | the latest snapshot of a camera, found again without the catalog |
| `references/<camera id>.bin` | what its next picture is compared with, small and masked as it is |
| `clips/<request>/<item>.<part>.<digest>.mp4` | a sealed clip |
| `bundles/<request>/<digest>.zip` | the bundle of a finished request |
| `documents/<request>/<digest>.pdf` | what its requester attached |
| `holds/<hold>/<part>.<file>.<digest>.age` | a file of a copied hold, sealed to its owner's key |

The digest is of the bytes: two workers that by mischance make the same clip never write over one another,
and what the ledger names stays as it was signed.
"""

from typing import Final
from urllib.parse import quote

DIGEST_LENGTH: Final = 16
SNAPSHOTS: Final = "snapshots"
REFERENCES: Final = "references"
CLIPS: Final = "clips"
BUNDLES: Final = "bundles"
DOCUMENTS: Final = "documents"
COPIES: Final = "holds"


def snapshot_key(camera_id: str) -> str:
    return f"{SNAPSHOTS}/{quote(camera_id, safe='')}.jpg"


def reference_key(camera_id: str) -> str:
    return f"{REFERENCES}/{quote(camera_id, safe='')}.bin"


def clips_prefix(request_id: str) -> str:
    """Where every clip of a request lies."""
    return f"{CLIPS}/{request_id}"


def clip_key(request_id: str, item: int, part: int, sha256: str) -> str:
    return f"{clips_prefix(request_id)}/{item}.{part}.{sha256[:DIGEST_LENGTH]}.mp4"


def bundles_prefix(request_id: str) -> str:
    return f"{BUNDLES}/{request_id}"


def bundle_key(request_id: str, sha256: str) -> str:
    return f"{bundles_prefix(request_id)}/{sha256[:DIGEST_LENGTH]}.zip"


def document_key(request_id: str, sha256: str) -> str:
    return f"{DOCUMENTS}/{request_id}/{sha256[:DIGEST_LENGTH]}.pdf"


def copies_prefix(hold_id: str) -> str:
    """Where every file of a copied hold lies."""
    return f"{COPIES}/{hold_id}"


def copy_key(hold_id: str, part: int, file: int, sha256: str) -> str:
    return f"{copies_prefix(hold_id)}/{part}.{file}.{sha256[:DIGEST_LENGTH]}.age"
