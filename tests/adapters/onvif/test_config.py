"""Which of the addresses that a device names may be used."""

import pytest

from adapters.contract.errors import Malformed
from adapters.onvif.config import OnvifOptions


def options(**more: object) -> OnvifOptions:
    return OnvifOptions.model_validate({"url": "http://10.0.0.5:8000/onvif/device_service", **more})


def test_the_usual_device_service_is_meant_without_a_path() -> None:
    assert (
        OnvifOptions.model_validate({"url": "https://nvr"}).device_service
        == "https://nvr/onvif/device_service"
    )
    assert options().device_service == "http://10.0.0.5:8000/onvif/device_service"


@pytest.mark.parametrize("uri", ["rtsp://10.0.0.5/live?p=1", "rtsp://10.0.0.5:554/live?p=1"])
def test_a_stream_of_the_device_is_its_own(uri: str) -> None:
    assert options().own_stream(uri).url == "rtsp://10.0.0.5:554/live?p=1"


@pytest.mark.parametrize(
    "uri",
    [
        "rtsp://10.0.0.6/live",
        "rtsp://10.0.0.5.evil.example/live",
        "rtsp://10.0.0.5:8554/live",
        "http://10.0.0.5/",
    ],
)
def test_a_stream_elsewhere_is_refused(uri: str) -> None:
    with pytest.raises(Malformed):
        options().own_stream(uri)


def test_another_port_of_the_device_is_used_where_that_is_said() -> None:
    allowed = options(other_ports=[8554, 8080])
    assert allowed.own_stream("rtsp://10.0.0.5:8554/live").port == 8554
    assert allowed.is_elsewhere(allowed.own_page("http://10.0.0.5:8080/snap.jpg"))
    assert not allowed.is_elsewhere("http://10.0.0.5:8000/onvif/media")
    assert not allowed.is_elsewhere("http://10.0.0.6:8080/snap.jpg")


def test_of_a_device_behind_nat_only_paths_are_used() -> None:
    hidden = options(behind_nat=True, rtsp_port=10554)
    assert hidden.own_stream("rtsp://192.168.1.201/live?p=1").url == "rtsp://10.0.0.5:10554/live?p=1"
    assert hidden.own_page("http://192.168.1.201/onvif/media") == "http://10.0.0.5:8000/onvif/media"


def test_a_user_in_an_address_of_the_devices_is_dropped() -> None:
    assert "root" not in options().own_stream("rtsp://root:pass@10.0.0.5/live").url
