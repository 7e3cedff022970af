"""Who may call the simulated recorder: a digest that fits, is fresh, and is used once."""

import hashlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from broker.demo.profile_g.http_server import HttpRequest
from broker.demo.profile_g.models import DeviceOrder
from broker.demo.profile_g.signing import Gate

NOW = datetime(2026, 7, 14, 9, tzinfo=UTC)
ORDER = DeviceOrder(channels=(), username="viewer", password="s3cret")
REQUEST = HttpRequest("POST", "/onvif/device_service", {}, b"")


def signed(
    nonce: bytes = b"n",
    created: str = "2026-07-14T09:00:10Z",
    username: str = "viewer",
    key: str = "s3cret",
) -> Element:
    digest = b64encode(
        hashlib.sha1(nonce + created.encode() + key.encode(), usedforsecurity=False).digest()
    ).decode()
    root: Element = fromstring(
        f"<E><Username>{username}</Username><Password>{digest}</Password>"
        f"<Nonce>{b64encode(nonce).decode()}</Nonce><Created>{created}</Created></E>"
    )
    return root


def test_a_digest_that_fits_opens_once() -> None:
    gate = Gate(ORDER)
    assert gate.allows(REQUEST, signed(), NOW)
    assert not gate.allows(REQUEST, signed(), NOW)
    assert gate.allows(REQUEST, signed(nonce=b"another"), NOW)


def test_what_does_not_fit_or_is_stale_stays_outside() -> None:
    gate = Gate(ORDER)
    for root in (
        signed(key="wrong"),
        signed(username="other"),
        signed(nonce=b""),
        signed(created="2026-07-14T08:59:00Z"),
        signed(created="2026-07-14T09:00:10"),
        signed(created="now"),
        Element("E"),
    ):
        assert not gate.allows(REQUEST, root, NOW)
    assert gate.allows(REQUEST, signed(created="2026-07-14T08:59:00Z"), NOW - timedelta(minutes=1))


def test_without_a_digest_of_http_nothing_is_open_where_that_is_wanted() -> None:
    gate = Gate(ORDER.model_copy(update={"auth": "digest"}))
    assert gate.challenge is not None
    assert not gate.allows(REQUEST, signed(), NOW)
    assert not gate.allows(REQUEST, None, NOW)
