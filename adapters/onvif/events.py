"""Health as a device notifies it. Pure: notifications in, the contract's events out; other topics say nothing here."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element

from adapters.contract.errors import Malformed
from adapters.contract.models import CameraStatus, HealthEvent
from adapters.onvif.mapping import instant, simple_items
from adapters.transport.soap import child, children, text_of

Meaning = tuple[CameraStatus, str, CameraStatus, str]
"""Status and reason while the state is on, and once it is off again."""

_PICTURE_BACK: Final = "picture as before"
MEANINGS: Final[dict[str, Meaning]] = {
    "VideoSource/SignalLoss": (CameraStatus.DOWN, "signal lost", CameraStatus.UP, "signal back"),
    "VideoSource/GlobalSceneChange": (CameraStatus.UP, "view changed", CameraStatus.UP, _PICTURE_BACK),
    "VideoSource/ImageTooDark": (CameraStatus.UP, "picture too dark", CameraStatus.UP, _PICTURE_BACK),
    "VideoSource/ImageTooBright": (CameraStatus.UP, "picture too bright", CameraStatus.UP, _PICTURE_BACK),
    "VideoSource/ImageTooBlurry": (CameraStatus.UP, "picture too blurry", CameraStatus.UP, _PICTURE_BACK),
    "Device/HardwareFailure/StorageFailure": (
        CameraStatus.UNKNOWN,
        "the recorder's storage failed",
        CameraStatus.UNKNOWN,
        "the recorder's storage works again",
    ),
}
"""By topic below `tns1:`. A topic may go on with the service that found it (`…/ImagingService`). What spoils a picture
proves all the same that the camera works."""

_OF_CAMERAS: Final = tuple(meaning for topic, meaning in MEANINGS.items() if topic.startswith("VideoSource/"))
_STATES: Final = ("State", "Failed", "LossOfSignal", "IsTamper")
_SOURCES: Final = ("Source", "VideoSourceToken", "VideoSource", "VideoSourceConfigurationToken")


def health_events(
    answer: Element, camera_of: Callable[[str | None], str | None], now: datetime
) -> Iterator[HealthEvent]:
    """Of PullMessages. `camera_of` finds the camera of a source's token, None where the device does not name it; an
    event of no camera of ours is passed over. `now` is the device's clock, for messages without a time."""
    for message in children(answer, "NotificationMessage"):
        meaning = _meaning(text_of(message, "Topic") or "")
        content = child(message, "Message", "Message")
        if meaning is None or content is None:
            continue
        items = simple_items(content)
        state = next((items[name].lower() for name in _STATES if name in items), None)
        if state not in {"true", "1", "false", "0"}:
            continue
        native_id = None
        if meaning in _OF_CAMERAS:
            native_id = camera_of(next((items[name] for name in _SOURCES if items.get(name)), None))
            if native_id is None:
                continue
        is_on = state in {"true", "1"}
        if content.get("PropertyOperation") == "Initialized" and not is_on:
            continue  # how things stand when one begins to listen is no change
        yield HealthEvent(
            native_id=native_id,
            at=_at(content, now),
            status=meaning[0] if is_on else meaning[2],
            reason=meaning[1] if is_on else meaning[3],
        )


def _meaning(topic: str) -> Meaning | None:
    path = "/".join(part.rpartition(":")[2] for part in topic.strip().split("/"))
    return next((meaning for name, meaning in MEANINGS.items() if f"{path}/".startswith(f"{name}/")), None)


def _at(content: Element, now: datetime) -> datetime:
    try:
        return instant(content.get("UtcTime")) or now
    except Malformed:
        return now
