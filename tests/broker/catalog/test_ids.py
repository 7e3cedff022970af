"""Ids name one camera of one network, whatever its recorder calls it, and fit into an address."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.agencies.models import Role
from broker.catalog.models import camera_id, native_id_of, network_of
from tests.world import TestBroker, camera

NETWORKS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True)
NATIVE_IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(NETWORKS, NATIVE_IDS)
def test_an_id_gives_back_its_network_and_its_native_id(network: str, native: str) -> None:
    identifier = camera_id(network, native)
    assert network_of(identifier) == network
    assert native_id_of(identifier) == native
    assert re.fullmatch(r"[A-Za-z0-9._~-]+:[A-Za-z0-9._~%-]+", identifier)


@given(NATIVE_IDS, NATIVE_IDS)
def test_two_native_ids_never_share_an_id(one: str, other: str) -> None:
    assert (camera_id("n", one) == camera_id("n", other)) == (one == other)


@pytest.mark.parametrize(
    ("native", "identifier"),
    [
        ("gare/quai 1", "n:gare%2Fquai%201"),
        ("a:b", "n:a%3Ab"),
        ("été", "n:%C3%A9t%C3%A9"),
        ("100%", "n:100%25"),
        ("A-z0.9_~", "n:A-z0.9_~"),
    ],
)
def test_native_ids_are_percent_encoded_outside_the_unreserved_characters(
    native: str, identifier: str
) -> None:
    assert camera_id("n", native) == identifier


@pytest.mark.parametrize(
    "native", ["gare/quai 1", "a:b", "été", "100%", "x%2Fy", "..", "a?b#c", "\U0001f682"]
)
async def test_a_camera_of_any_name_is_shown_with_its_picture_and_footage(
    broker: TestBroker, native: str
) -> None:
    broker.rail.cameras.append(camera(native))
    broker.rail.footage[native] = broker.rail.footage["r1"]
    await broker.synchronise()
    officer = await broker.officer("police", Role.INVESTIGATOR)
    identifier = camera_id("rail-cctv", native)
    found = await officer.get("/v1/cameras?lat=48.8809&lon=2.3553&radius_m=50")
    (feature,) = [f for f in found.json()["features"] if f["id"] == identifier]
    assert (await officer.get(feature["properties"]["snapshot"]["href"])).status_code == 200
    address = f"/v1/cameras/{quote(identifier, safe='')}"
    assert (await officer.get(address)).json()["id"] == identifier
    assert (await officer.get(f"{address}/footage")).json()["camera_id"] == identifier
