"""Answers are read as real devices give them, and what is wrong with one record costs that record alone."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract.errors import Malformed
from adapters.contract.models import Rejection, Stream
from adapters.onvif import mapping
from adapters.onvif.client import SECTIONS
from adapters.onvif.models import Place, Profile, RecordingSetup, RecordingState, TrackChange
from adapters.onvif.requests import EVENTS, MEDIA
from adapters.transport.soap import children, text_of
from tests.adapters.onvif.answers import captured, xml


def test_a_bosch_cameras_profiles_and_addresses_are_read() -> None:
    found = list(mapping.profiles(captured("bosch-flexidome/capture_005_response.xml")))
    profiles = [item for item in found if isinstance(item, Profile)]
    assert len(profiles) == len(found) == 4
    assert {profile.source for profile in profiles} == {"1"}
    assert profiles[0].stream == Stream(codec="h264", width=1920, height=1080, fps=30)
    assert profiles[0].source_name == "Camera_1"
    assert mapping.media_uri(captured("bosch-flexidome/capture_006_response.xml")) == (
        "rtsp://192.168.1.201/rtsp_tunnel?p=0&line=1&inst=1&vcd=2"
    )
    assert mapping.media_uri(captured("bosch-flexidome/capture_010_response.xml")) == (
        "http://192.168.1.201/snap.jpg?JpegCam=1"
    )


def test_the_older_way_to_name_services_is_read() -> None:
    found = mapping.capability_addresses(captured("bosch-flexidome/capture_004_response.xml"), SECTIONS)
    assert found[EVENTS] == "http://192.168.1.201/onvif/event_service"
    assert found[MEDIA].startswith("http://192.168.1.201/")


def test_clocks_of_real_devices_are_read_in_utc_whatever_their_zone() -> None:
    assert mapping.device_clock(captured("bosch-flexidome/capture_002_response.xml")) == datetime(
        2023, 5, 24, 21, 25, 5, tzinfo=UTC
    )
    assert mapping.device_clock(captured("milesight-axis/get_system_date_and_time.xml")) == datetime(
        2024, 7, 9, 19, 49, 6, tzinfo=UTC
    )


def test_a_milesights_recording_has_no_known_start() -> None:
    answer = captured("milesight-axis/get_recording_search_results.xml")
    page = answer[0]
    assert text_of(page, "SearchState") == "Completed"
    (state,) = mapping.recording_states(children(page, "RecordingInformation"))
    assert state == RecordingState(
        token="OnvifRecordingToken_1",
        source_id="SourceId_1",
        source_name="IpCamera_1",
        earliest=None,
        latest=datetime(2025, 3, 15, 16, 28, tzinfo=UTC),
        video_tracks=("videotracktoken_1",),
        is_running=False,
    )


def test_an_axis_recordings_jobs_and_retention_are_read() -> None:
    setups = list(mapping.recording_setups(captured("milesight-axis/get_recordings.xml")))
    assert [setup.source_name for setup in setups if isinstance(setup, RecordingSetup)] == [
        "paolo",
        "paolo2",
        "paolo3",
    ]
    assert {setup.keeps for setup in setups if isinstance(setup, RecordingSetup)} == {timedelta(hours=1)}
    assert {setup.source_id for setup in setups if isinstance(setup, RecordingSetup)} == {None}
    assert mapping.recording_jobs(captured("milesight-axis/get_recording_jobs.xml")) == {
        "SD_DISK_20241120_211729_9C896594": "profile_1_h264"
    }
    uri = mapping.media_uri(captured("milesight-axis/get_replay_uri.xml"))
    assert uri.startswith("rtsp://192.168.1.136/onvif-media/record/play.amp?onvifreplayid=SD_DISK_")


def test_media2_profiles_and_services_are_read() -> None:
    answer = xml(
        "<R><Profiles token='p'><Name>n</Name><Configurations><VideoSource token='v'><SourceToken>s</SourceToken>"
        "</VideoSource><VideoEncoder><Encoding>H265</Encoding><Resolution><Width>3840</Width><Height>2160</Height>"
        "</Resolution><RateControl><FrameRateLimit>12.5</FrameRateLimit></RateControl></VideoEncoder>"
        "</Configurations></Profiles><Profiles token='audio'><Configurations/></Profiles></R>"
    )
    (profile,) = mapping.profiles(answer)
    assert isinstance(profile, Profile)
    assert profile.stream == Stream(codec="h265", width=3840, height=2160, fps=12.5)
    assert profile.configurations == ("v",)
    services = xml("<R><Service><Namespace>a</Namespace><XAddr>http://x/</XAddr></Service><Service/></R>")
    assert mapping.service_addresses(services) == {"a": "http://x/"}


def test_one_bad_record_costs_itself() -> None:
    answer = xml(
        "<R><Profiles><VideoSourceConfiguration><SourceToken>1</SourceToken></VideoSourceConfiguration></Profiles>"
        "<Profiles token='p'><VideoSourceConfiguration><SourceToken>1</SourceToken></VideoSourceConfiguration>"
        "<VideoEncoderConfiguration><Resolution><Width>wide</Width><Height>0</Height></Resolution>"
        "<RateControl><FrameRateLimit>NaN</FrameRateLimit></RateControl></VideoEncoderConfiguration></Profiles></R>"
    )
    bad, good = mapping.profiles(answer)
    assert bad == Rejection(where="profile 1", reason="it has no token")
    assert isinstance(good, Profile)
    assert good.stream == Stream()
    results = [
        xml("<I><RecordingToken>a</RecordingToken><EarliestRecording>soon</EarliestRecording></I>"),
        xml("<I><RecordingToken>b</RecordingToken></I>"),
    ]
    broken, whole = mapping.recording_states(results)
    assert isinstance(broken, Rejection)
    assert isinstance(whole, RecordingState)
    assert (whole.earliest, whole.latest, whole.video_tracks) == (None, None, ())


def test_places_are_read_with_the_heading_and_swapped_or_missing_numbers_are_refused() -> None:
    answer = xml(
        "<R><Location Entity='VideoSource' Token='s'><GeoLocation lon='2.35' lat='48.88' elevation='35'/>"
        "<GeoOrientation yaw='-90' pitch='0' roll='0'/></Location>"
        "<Location><GeoLocation lon='2.35' lat='148.88'/></Location>"
        "<Location><GeoLocation lon='2.35'/></Location><Location/></R>"
    )
    good, outside, lacking = mapping.places(answer)
    assert isinstance(good, Place)
    assert (good.source, good.position.lat, good.position.lon, good.position.elevation_m) == (
        "s",
        48.88,
        2.35,
        35,
    )
    assert good.view is not None
    assert good.view.heading_deg == 270
    assert isinstance(outside, Rejection)
    assert isinstance(lacking, Rejection)


def test_changes_of_tracks_are_read_from_their_events() -> None:
    def result(data: str, more: str = "") -> str:
        return (
            f"<Result><RecordingToken>r</RecordingToken><TrackToken>t</TrackToken><Time>2026-01-01T00:00:00Z</Time>"
            f"<Event><Topic>tns1:RecordingHistory/Track/State</Topic><Message><Message><Data>{data}</Data></Message>"
            f"</Message></Event>{more}</Result>"
        )

    present = "<SimpleItem Name='IsDataPresent' Value='true'/>"
    start, silent = mapping.track_changes(
        [xml(result(present, "<StartStateEvent>true</StartStateEvent>")), xml(result(""))]
    )
    assert start == TrackChange(
        "r", "t", datetime(2026, 1, 1, tzinfo=UTC), is_present=True, is_start_state=True
    )
    assert isinstance(silent, Rejection)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-10-25T02:30:00+02:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00Z", datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00", datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00.123456789Z", datetime(2026, 10, 25, 2, 30, 0, 123456, tzinfo=UTC)),
        (None, None),
    ],
)
def test_times_are_read_with_their_zone_in_both_hours_of_the_fall_back(
    text: str | None, at: datetime | None
) -> None:
    assert mapping.instant(text) == at


@pytest.mark.parametrize("text", ["soon", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        mapping.instant(text)


@pytest.mark.parametrize(
    ("text", "lasts"),
    [
        ("PT1H", timedelta(hours=1)),
        ("P30DT0S", timedelta(days=30)),
        ("PT172800S", timedelta(days=2)),
        ("PT0S", None),
        ("P1M", None),
        ("", None),
        (None, None),
        ("P99999999999D", None),
    ],
)
def test_durations_that_say_nothing_are_unknown(text: str | None, lasts: timedelta | None) -> None:
    assert mapping.duration(text) == lasts


def test_an_impossible_clock_is_malformed_and_an_absent_one_unknown() -> None:
    assert mapping.device_clock(xml("<R><SystemDateAndTime/></R>")) is None
    with pytest.raises(Malformed):
        mapping.device_clock(xml("<R><SystemDateAndTime><UTCDateTime/></SystemDateAndTime></R>"))
