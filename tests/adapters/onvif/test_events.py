"""Notifications become health where they are about health, and nothing otherwise."""

from datetime import UTC, datetime

import pytest

from adapters.contract.models import CameraStatus, HealthEvent
from adapters.onvif.events import health_events
from tests.adapters.onvif.answers import captured, xml

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def camera_of(token: str | None) -> str | None:
    return {"source-1": "cam-1", None: "only"}.get(token)


def notified(
    topic: str, state: str, *, source: str = "source-1", operation: str = "Changed", name: str = "State"
) -> list[HealthEvent]:
    from_source = f"<Source><SimpleItem Name='Source' Value='{source}'/></Source>" if source else ""
    answer = xml(
        f"<R><NotificationMessage><Topic>{topic}</Topic><Message>"
        f"<Message UtcTime='2026-06-15T11:59:58Z' PropertyOperation='{operation}'>{from_source}"
        f"<Data><SimpleItem Name='{name}' Value='{state}'/></Data></Message></Message></NotificationMessage></R>"
    )
    return list(health_events(answer, camera_of, NOW))


@pytest.mark.parametrize(
    ("topic", "state", "status", "reason"),
    [
        ("tns1:VideoSource/SignalLoss", "true", CameraStatus.DOWN, "signal lost"),
        ("tns1:VideoSource/SignalLoss", "false", CameraStatus.UP, "signal back"),
        ("tns1:VideoSource/tns1:GlobalSceneChange/ImagingService", "1", CameraStatus.UP, "view changed"),
        ("tns1:VideoSource/ImageTooDark/AnalyticsService", "true", CameraStatus.UP, "picture too dark"),
        ("tns1:VideoSource/ImageTooBlurry/RecordingService", "true", CameraStatus.UP, "picture too blurry"),
    ],
)
def test_health_topics_are_told_of_their_camera(
    topic: str, state: str, status: CameraStatus, reason: str
) -> None:
    at = datetime(2026, 6, 15, 11, 59, 58, tzinfo=UTC)
    assert notified(topic, state) == [HealthEvent(native_id="cam-1", at=at, status=status, reason=reason)]


def test_a_failed_storage_is_the_recorders_own() -> None:
    (event,) = notified("tns1:Device/HardwareFailure/StorageFailure", "true", name="Failed")
    assert (event.native_id, event.reason) == (None, "the recorder's storage failed")


def test_an_event_of_a_camera_that_is_not_named_is_the_only_cameras() -> None:
    (event,) = notified("tns1:VideoSource/SignalLoss", "true", source="")
    assert event.native_id == "only"


@pytest.mark.parametrize(
    ("topic", "state", "source"),
    [
        ("tns1:VideoSource/MotionAlarm", "true", "source-1"),
        ("tns1:VideoSource/SignalLossOfSorts", "true", "source-1"),
        ("tns1:VideoSource/SignalLoss", "perhaps", "source-1"),
        ("tns1:VideoSource/SignalLoss", "true", "source-of-nobody"),
    ],
)
def test_other_topics_sources_and_states_say_nothing(topic: str, state: str, source: str) -> None:
    assert notified(topic, state, source=source) == []


def test_how_things_stand_when_one_begins_to_listen_counts_only_where_it_is_bad() -> None:
    assert notified("tns1:VideoSource/SignalLoss", "false", operation="Initialized") == []
    assert len(notified("tns1:VideoSource/SignalLoss", "true", operation="Initialized")) == 1


def test_what_a_real_camera_notifies_at_first_is_no_change() -> None:
    assert list(health_events(captured("milesight-axis/pull_messages.xml"), lambda _token: "cam", NOW)) == []
