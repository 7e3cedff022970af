"""Addresses are kept as published; one with a password in it is refused without being repeated."""

import pytest

from adapters.lists.rows import Unusable
from adapters.lists.web_addresses import read_web_address, web_address_or_empty


def test_an_address_is_kept_and_a_missing_one_is_unknown() -> None:
    assert (
        read_web_address("https://cams.example/a.jpg?x=1", "snapshot_url") == "https://cams.example/a.jpg?x=1"
    )
    assert read_web_address("", "snapshot_url") is None


def test_slashes_that_were_escaped_twice_are_slashes() -> None:
    assert web_address_or_empty("http:\\/\\/cams.example\\/a.jpg") == "http://cams.example/a.jpg"


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://cams.example/a",
        "ftp://cams.example/a.jpg",
        "https:///a.jpg",
        "cams.example/a.jpg",
        "http://[broken/a.jpg",
        "http://cams.example:port/a.jpg",
        "http://cams.example/a b.jpg",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_web_address_is_refused(text: str) -> None:
    with pytest.raises(Unusable, match="clip_url is no"):
        read_web_address(text, "clip_url")
    assert web_address_or_empty(text) == ""


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(Unusable, match="carries a user name or password") as refused:
        read_web_address("http://admin:hunter2@cams.example/a.jpg", "snapshot_url")
    assert "hunter2" not in str(refused.value)
    assert web_address_or_empty("http://admin:hunter2@cams.example/a.jpg") == ""
