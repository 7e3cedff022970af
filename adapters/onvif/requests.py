"""The calls of ONVIF that are made: their actions and bodies. What comes from elsewhere is escaped."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2: Final = "http://www.onvif.org/ver20/media/wsdl"
RECORDING: Final = "http://www.onvif.org/ver10/recording/wsdl"
SEARCH: Final = "http://www.onvif.org/ver10/search/wsdl"
REPLAY: Final = "http://www.onvif.org/ver10/replay/wsdl"
EVENTS: Final = "http://www.onvif.org/ver10/events/wsdl"
SCHEMA: Final = "http://www.onvif.org/ver10/schema"
NOTIFICATION: Final = "http://docs.oasis-open.org/wsn/b-2"
TOPICS: Final = "http://www.onvif.org/ver10/topics"
CONCRETE_SET: Final = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
HISTORY_TOPIC: Final = "tns1:RecordingHistory/Track/State"


@dataclass(frozen=True)
class Request:
    """One call: the service's namespace, its action, its body."""

    service: str
    action: str
    body: str


def _request(service: str, name: str, inner: str = "") -> Request:
    """Elements of `inner` without a prefix are the service's own; `tt:` is the schema."""
    body = f'<{name} xmlns="{service}" xmlns:tt="{SCHEMA}">{inner}</{name}>'
    return Request(service, f"{service}/{name}", body)


def _token(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>"


def written(instant: datetime) -> str:
    """As xs:dateTime in UTC, to the millisecond."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def get_clock() -> Request:
    return _request(DEVICE, "GetSystemDateAndTime")


def get_services() -> Request:
    return _request(DEVICE, "GetServices", "<IncludeCapability>false</IncludeCapability>")


def get_capabilities() -> Request:
    return _request(DEVICE, "GetCapabilities", "<Category>All</Category>")


def get_geo_location() -> Request:
    return _request(DEVICE, "GetGeoLocation")


def get_profiles(service: str) -> Request:
    """By Media2 with the configurations that are wanted, which Media1 gives unasked."""
    wanted = "<Type>VideoSource</Type><Type>VideoEncoder</Type>" if service == MEDIA2 else ""
    return _request(service, "GetProfiles", wanted)


def get_stream_uri(service: str, profile: str) -> Request:
    if service == MEDIA2:
        return _request(
            service, "GetStreamUri", "<Protocol>RTSP</Protocol>" + _token("ProfileToken", profile)
        )
    return _request(service, "GetStreamUri", _stream_setup("StreamSetup") + _token("ProfileToken", profile))


def _stream_setup(name: str) -> str:
    transport = "<tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport>"
    return f"<{name}><tt:Stream>RTP-Unicast</tt:Stream>{transport}</{name}>"


def get_snapshot_uri(service: str, profile: str) -> Request:
    return _request(service, "GetSnapshotUri", _token("ProfileToken", profile))


def get_recordings() -> Request:
    return _request(RECORDING, "GetRecordings")


def get_recording_jobs() -> Request:
    return _request(RECORDING, "GetRecordingJobs")


def _scope(recordings: Iterable[str]) -> str:
    included = "".join(_token("tt:IncludedRecordings", token) for token in recordings)
    return f"<Scope>{included}</Scope>"


def find_recordings(recordings: Iterable[str] = ()) -> Request:
    return _request(SEARCH, "FindRecordings", f"{_scope(recordings)}<KeepAliveTime>PT60S</KeepAliveTime>")


def find_history(recordings: Iterable[str], start: datetime, end: datetime) -> Request:
    """When data began and ceased to be there; with the state at the start."""
    topic = (
        f'<SearchFilter><n:TopicExpression xmlns:n="{NOTIFICATION}" xmlns:tns1="{TOPICS}" '
        f'Dialect="{CONCRETE_SET}">{HISTORY_TOPIC}</n:TopicExpression></SearchFilter>'
    )
    return _request(
        SEARCH,
        "FindEvents",
        f"<StartPoint>{written(start)}</StartPoint><EndPoint>{written(end)}</EndPoint>{_scope(recordings)}{topic}"
        "<IncludeStartState>true</IncludeStartState><KeepAliveTime>PT60S</KeepAliveTime>",
    )


def get_results(name: str, search: str, most: int) -> Request:
    """A page of `GetRecordingSearchResults` or `GetEventSearchResults`."""
    return _request(
        SEARCH,
        name,
        f"{_token('SearchToken', search)}<MinResults>1</MinResults><MaxResults>{most}</MaxResults>"
        "<WaitTime>PT5S</WaitTime>",
    )


def end_search(search: str) -> Request:
    return _request(SEARCH, "EndSearch", _token("SearchToken", search))


def get_replay_uri(recording: str) -> Request:
    return _request(
        REPLAY, "GetReplayUri", _stream_setup("StreamSetup") + _token("RecordingToken", recording)
    )


def create_pull_point() -> Request:
    request = _request(
        EVENTS, "CreatePullPointSubscription", "<InitialTerminationTime>PT5M</InitialTerminationTime>"
    )
    return Request(EVENTS, f"{EVENTS}/EventPortType/CreatePullPointSubscriptionRequest", request.body)


def pull_messages(wait_s: int, most: int) -> Request:
    request = _request(
        EVENTS, "PullMessages", f"<Timeout>PT{wait_s}S</Timeout><MessageLimit>{most}</MessageLimit>"
    )
    return Request(EVENTS, f"{EVENTS}/PullPointSubscription/PullMessagesRequest", request.body)


def renew() -> Request:
    request = _request(NOTIFICATION, "Renew", "<TerminationTime>PT5M</TerminationTime>")
    return Request(
        EVENTS, "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/RenewRequest", request.body
    )


def unsubscribe() -> Request:
    request = _request(NOTIFICATION, "Unsubscribe")
    return Request(
        EVENTS, "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/UnsubscribeRequest", request.body
    )
