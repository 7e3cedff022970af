"""The recorder's SOAP answers. Pure: what is known in, XML out. Instants come in by the device's clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from adapters.contract.models import Interval
from broker.demo.profile_g.models import RecordedChannel

DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
MEDIA2: Final = "http://www.onvif.org/ver20/media/wsdl"
RECORDING: Final = "http://www.onvif.org/ver10/recording/wsdl"
SEARCH: Final = "http://www.onvif.org/ver10/search/wsdl"
REPLAY: Final = "http://www.onvif.org/ver10/replay/wsdl"
EVENTS: Final = "http://www.onvif.org/ver10/events/wsdl"
SERVICES: Final = (DEVICE, MEDIA2, RECORDING, SEARCH, REPLAY, EVENTS)
_NAMESPACES: Final = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" '
    'xmlns:ter="http://www.onvif.org/ver10/error" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" '
    'xmlns:tns1="http://www.onvif.org/ver10/topics" xmlns:wsa="http://www.w3.org/2005/08/addressing"'
)
VIDEO_TRACK: Final = "video"


@dataclass(frozen=True)
class Change:
    """A track's data begins or ceases at an instant; or how it stands at a search's start."""

    token: str
    at: datetime
    is_present: bool
    is_start_state: bool = False


def envelope(content: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f"{head}<s:Envelope {_NAMESPACES}><s:Body>{content}</s:Body></s:Envelope>".encode()


def fault(*codes: str, reason: str) -> str:
    inner = ""
    for code in reversed(codes[1:]):
        inner = f"<s:Subcode><s:Value>ter:{code}</s:Value>{inner}</s:Subcode>"
    return (
        f"<s:Fault><s:Code><s:Value>s:{codes[0]}</s:Value>{inner}</s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{escape(reason)}</s:Text></s:Reason></s:Fault>'
    )


def response(service: str, name: str, inner: str) -> str:
    return f'<{name}Response xmlns="{service}">{inner}</{name}Response>'


def written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def clock(now: datetime) -> str:
    at = now.astimezone(UTC)
    time = f"<tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute><tt:Second>{at.second}</tt:Second>"
    date = f"<tt:Year>{at.year}</tt:Year><tt:Month>{at.month}</tt:Month><tt:Day>{at.day}</tt:Day>"
    told = f"<tt:UTCDateTime><tt:Time>{time}</tt:Time><tt:Date>{date}</tt:Date></tt:UTCDateTime>"
    kind = "<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>"
    return f"<SystemDateAndTime>{kind}{told}</SystemDateAndTime>"


def services(address: str) -> str:
    return "".join(
        f"<Service><Namespace>{namespace}</Namespace><XAddr>{escape(address)}</XAddr>"
        "<Version><tt:Major>21</tt:Major><tt:Minor>6</tt:Minor></Version></Service>"
        for namespace in SERVICES
    )


def locations(channels: Iterable[RecordedChannel]) -> str:
    return "".join(
        f'<Location Entity="VideoSource" Token={quoteattr(channel.token)}>'
        f'<tt:GeoLocation lon="{channel.lon}" lat="{channel.lat}"/>'
        + ("" if channel.heading_deg is None else f'<tt:GeoOrientation yaw="{channel.heading_deg}"/>')
        + "</Location>"
        for channel in channels
        if channel.lat is not None and channel.lon is not None
    )


def profiles(channels: Iterable[RecordedChannel]) -> str:
    return "".join(
        f'<Profiles token={quoteattr("profile-" + channel.token)} fixed="true"><Name>main</Name><Configurations>'
        f"<VideoSource token={quoteattr('source-' + channel.token)}><tt:Name>{escape(channel.name)}</tt:Name>"
        f"<tt:UseCount>1</tt:UseCount><tt:SourceToken>{escape(channel.token)}</tt:SourceToken></VideoSource>"
        f"<VideoEncoder token={quoteattr('encoder-' + channel.token)}><tt:Name>main</tt:Name>"
        f"<tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding><tt:Resolution>"
        f"<tt:Width>{channel.width}</tt:Width><tt:Height>{channel.height}</tt:Height></tt:Resolution>"
        f"<tt:RateControl><tt:FrameRateLimit>{channel.fps:g}</tt:FrameRateLimit>"
        "<tt:BitrateLimit>2048</tt:BitrateLimit></tt:RateControl></VideoEncoder></Configurations></Profiles>"
        for channel in channels
    )


def recordings(channels: Iterable[RecordedChannel], retention: timedelta | None) -> str:
    kept_s = 0 if retention is None else int(retention.total_seconds())
    return "".join(
        f"<RecordingItem><tt:RecordingToken>{escape('recording-' + channel.token)}</tt:RecordingToken>"
        f"<tt:Configuration>{_source(channel)}<tt:Content>{escape(channel.name)}</tt:Content>"
        f"<tt:MaximumRetentionTime>PT{kept_s}S</tt:MaximumRetentionTime></tt:Configuration>"
        f"<tt:Tracks><tt:Track><tt:TrackToken>{VIDEO_TRACK}</tt:TrackToken><tt:Configuration>"
        "<tt:TrackType>Video</tt:TrackType><tt:Description/></tt:Configuration></tt:Track></tt:Tracks>"
        "</RecordingItem>"
        for channel in channels
    )


def _source(channel: RecordedChannel) -> str:
    return (
        f"<tt:Source><tt:SourceId>{escape(channel.token)}</tt:SourceId><tt:Name>{escape(channel.name)}</tt:Name>"
        "<tt:Location/><tt:Description/><tt:Address/></tt:Source>"
    )


def recording_information(channel: RecordedChannel, sections: Sequence[Interval]) -> str:
    earliest, latest = written(sections[0].start), written(sections[-1].end)
    return (
        f"<tt:RecordingInformation><tt:RecordingToken>{escape('recording-' + channel.token)}</tt:RecordingToken>"
        f"{_source(channel)}<tt:EarliestRecording>{earliest}</tt:EarliestRecording>"
        f"<tt:LatestRecording>{latest}</tt:LatestRecording><tt:Content>{escape(channel.name)}</tt:Content>"
        f"<tt:Track><tt:TrackToken>{VIDEO_TRACK}</tt:TrackToken><tt:TrackType>Video</tt:TrackType>"
        f"<tt:Description/><tt:DataFrom>{earliest}</tt:DataFrom><tt:DataTo>{latest}</tt:DataTo></tt:Track>"
        "<tt:RecordingStatus>Recording</tt:RecordingStatus></tt:RecordingInformation>"
    )


def change(told: Change) -> str:
    recording = escape("recording-" + told.token)
    return (
        f"<tt:Result><tt:RecordingToken>{recording}</tt:RecordingToken>"
        f"<tt:TrackToken>{VIDEO_TRACK}</tt:TrackToken><tt:Time>{written(told.at)}</tt:Time><tt:Event>"
        "<wsnt:Topic>tns1:RecordingHistory/Track/State</wsnt:Topic><wsnt:Message>"
        f'<tt:Message UtcTime="{written(told.at)}"><tt:Data>'
        f'<tt:SimpleItem Name="IsDataPresent" Value="{str(told.is_present).lower()}"/></tt:Data></tt:Message>'
        f"</wsnt:Message></tt:Event><tt:StartStateEvent>{str(told.is_start_state).lower()}</tt:StartStateEvent>"
        "</tt:Result>"
    )


def results(items: Sequence[str], *, complete: bool) -> str:
    state = "Completed" if complete else "Searching"
    return f"<ResultList><tt:SearchState>{state}</tt:SearchState>{''.join(items)}</ResultList>"


def notification(topic: str, source: str, state: bool, at: datetime) -> str:
    return (
        f"<wsnt:NotificationMessage><wsnt:Topic>{topic}</wsnt:Topic><wsnt:Message>"
        f'<tt:Message UtcTime="{written(at)}" PropertyOperation="Changed"><tt:Source>'
        f'<tt:SimpleItem Name="Source" Value={quoteattr(source)}/></tt:Source><tt:Data>'
        f'<tt:SimpleItem Name="State" Value="{str(state).lower()}"/></tt:Data></tt:Message></wsnt:Message>'
        "</wsnt:NotificationMessage>"
    )
