"""Judges what a device sends as a picture. Owns that its bytes are what they are called, and whose time it has."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from adapters.contract.errors import Malformed
from adapters.contract.models import Snapshot
from adapters.transport.answers import Answer

MediaType = Literal["image/jpeg", "image/png"]
SIGNATURES: Final[dict[bytes, MediaType]] = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def checked_picture(native_id: str, answer: Answer) -> Snapshot:
    """The picture of one camera. It was captured when the device says that it last changed; never by our clock."""
    # many devices send pictures as application/octet-stream: the bytes tell
    kinds = [kind for signature, kind in SIGNATURES.items() if answer.body.startswith(signature)]
    if not kinds:
        raise Malformed(f"{answer.call} answered no picture")
    return Snapshot(
        native_id=native_id,
        captured_at=_http_date(answer.headers.get("last-modified")),
        media_type=kinds[0],
        data=answer.body,
    )


def _http_date(text: str | None) -> datetime | None:
    try:
        at = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
