"""From a server's answer to a snapshot. Owns what counts as a picture, and when it was taken.

When a picture was taken is what its server says of it (`Last-Modified`, RFC 9110 section 8.8.2), or nothing: the moment
at which it was fetched says nothing about it.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from adapters.camera_list.clip import last_picture
from adapters.contract.errors import Malformed
from adapters.contract.models import Snapshot
from adapters.transport.answers import Answer

JPEG_START: Final = b"\xff\xd8\xff"
PNG_START: Final = b"\x89PNG\r\n\x1a\n"


def picture_snapshot(native_id: str, answer: Answer) -> Snapshot:
    """The answer as it came. What it is, its first bytes say: servers often name another type."""
    return Snapshot(
        native_id=native_id,
        captured_at=_said_to_be_from(answer),
        media_type=_media_type(native_id, answer),
        data=answer.body,
    )


def clip_snapshot(native_id: str, answer: Answer) -> Snapshot:
    """The last picture of a clip: the newest there is, where the list has no picture. Blocks while it decodes."""
    jpeg = last_picture(answer.body)
    if jpeg is None:
        raise Malformed(f"the clip of camera {native_id} holds no picture that can be decoded")
    return Snapshot(
        native_id=native_id, captured_at=_said_to_be_from(answer), media_type="image/jpeg", data=jpeg
    )


def _media_type(native_id: str, answer: Answer) -> Literal["image/jpeg", "image/png"]:
    if answer.body.startswith(JPEG_START):
        return "image/jpeg"
    if answer.body.startswith(PNG_START):
        return "image/png"
    told = answer.media_type[:80] or "something untold"
    raise Malformed(f"the picture of camera {native_id} is neither JPEG nor PNG but {told}")


def _said_to_be_from(answer: Answer) -> datetime | None:
    modified, answered = (_moment(answer.headers.get(name, "")) for name in ("last-modified", "date"))
    # Later than the answer itself is a date that means nothing.
    if modified is None or (answered is not None and modified > answered):
        return None
    return modified


def _moment(header: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
