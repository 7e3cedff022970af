"""The simulated recorder's process: it answers once it is there, and ends with its parent."""

import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest

from broker.demo.profile_g.models import DeviceOrder, RecordedChannel
from broker.demo.profile_g.process import DeviceProcess

ASK = (
    b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body>"
    b"<GetSystemDateAndTime xmlns='http://www.onvif.org/ver10/device/wsdl'/></s:Body></s:Envelope>"
)


def order(folder: Path, http_port: int = 0) -> DeviceOrder:
    channel = RecordedChannel(token="gate", name="Gate", folder=folder, width=256, height=144, fps=10)
    return DeviceOrder(
        channels=(channel,), username="u", password="p", http_port=http_port, retention=timedelta(hours=12)
    )


def test_it_answers_as_soon_as_it_is_made_and_ends_by_itself(tmp_path: Path) -> None:
    with DeviceProcess(order(tmp_path)) as device:
        with urllib.request.urlopen(device.address.url, ASK, timeout=10) as answer:
            assert b"UTCDateTime" in answer.read()
        assert device.address.rtsp_port > 0
    assert device.stop() == 0


def test_a_port_that_is_taken_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with DeviceProcess(order(tmp_path)) as device:
        port = int(device.address.url.partition("127.0.0.1:")[2].partition("/")[0])
        with pytest.raises(OSError, match="did not start"):
            DeviceProcess(order(tmp_path, port))
    assert "a simulated recorder stopped" in capfd.readouterr().err
