"""Every answer is what a plain look at every camera gives: at a start, and after any sequence of changes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from geographiclib.geodesic import Geodesic
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from adapters.contract.models import CameraKind, CameraStatus, Interval, Position, Span, Stream, View
from broker.agencies.models import Action, Role
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.models import Camera, NetworkReport, SnapshotReference
from broker.catalog.questions import Answer, Box, Question, Radius, Sort, Within
from tests.broker.agencies.rights import agreement
from tests.broker.catalog.catalogs import catalog_camera
from tests.broker.catalog.index.indexes import ask, index_of, officer, report, settle, stored
from tests.broker.catalog.index.oracle import Expected, OnTheEdge, expected
from tests.world import NOW

CENTRE = (48.88, 2.355)
OWNERS = {"rail-cctv": "rail", "metro-cctv": "metro", "town-cctv": "town"}


def moved(heading_deg: float, away_m: float) -> tuple[float, float]:
    there = Geodesic.WGS84.Direct(*CENTRE, heading_deg, away_m)
    return there["lat2"], there["lon2"]


NEAR = st.builds(
    moved, st.integers(0, 359), st.sampled_from([0.2, 20, 60, 120, 200, 250, 350, 500, 700, 900])
)
POINTS = st.one_of(
    NEAR,
    NEAR,
    st.sampled_from([moved(0, 101), moved(0, 101), (48.88, 2.36), (90.0, 0.0), (0.0, 180.0), (0.0, -180.0)]),
)
VIEWS = st.builds(
    View,
    heading_deg=st.none() | st.floats(0, 359),
    fov_deg=st.none() | st.floats(1, 360) | st.just(360.0),
    range_m=st.sampled_from([None, 30.0, 150.0, 400.0, 800.0]),
)
STREAMS = st.builds(Stream, fps=st.sampled_from([None, 25.0, 0.001, 0.0002]))
"""Some so slow that what lacks between whole seconds of footage is no gap."""


@st.composite
def cameras(draw: st.DrawFn) -> Camera:
    network = draw(st.sampled_from(sorted(OWNERS)))
    place = draw(st.sampled_from(["own", "own", "own", "place", "nowhere"]))
    facts: dict[str, Any] = {}
    if place != "nowhere":
        lat, lon = draw(POINTS)
        position = Position(
            lat=lat, lon=lon, accuracy_m=draw(st.sampled_from([None, None, 5.0, 80.0, 300.0]))
        )
        facts["position" if place == "own" else "place_position"] = position
    spans = []
    at = NOW - timedelta(hours=10)
    for gap_s, length_s in draw(st.lists(st.tuples(st.integers(2, 9000), st.integers(1, 9000)), max_size=3)):
        start = at + timedelta(seconds=gap_s)
        at = start + timedelta(seconds=length_s)
        overwrite = draw(st.none() | st.just(at + timedelta(days=1)))
        spans.append(Span(interval=Interval(start=start, end=at), overwrite_at=overwrite))
    if draw(st.booleans()):
        taken = NOW - timedelta(seconds=draw(st.integers(0, 1200)))
        facts["snapshot"] = SnapshotReference(
            captured_at=draw(st.none() | st.just(taken)), fetched_at=NOW, vault_key="k", digest="d"
        )
    return catalog_camera(
        draw(st.sampled_from("abcdefghijklmnopqrst")),
        network=network,
        agency=OWNERS[network],
        name=draw(st.sampled_from(["Quai Est", "Quai ouest", "Hall"])),
        kind=draw(st.none() | st.sampled_from(CameraKind)),
        level=draw(st.sampled_from([None, "0", "-1"])),
        status=draw(st.sampled_from(CameraStatus)),
        tags=draw(st.sampled_from([(), (), (), ("hall",), ("reserved",), ("hall", "vip")])),
        vanished_at=draw(st.sampled_from([None, None, None, NOW - timedelta(days=1)])),
        views=tuple(draw(st.lists(VIEWS, max_size=3))),
        spans=tuple(spans),
        streams=tuple(draw(st.lists(STREAMS, max_size=2))),
        **facts,
    )


CATALOGS = st.lists(cameras(), min_size=8, max_size=16)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    lat, lon = draw(POINTS)
    size = draw(st.floats(0.001, 0.02))
    around = Polygon(
        [(2.35, 48.875), (2.362, 48.875), (2.362, 48.886), (2.35, 48.886)],
        [[(2.354, 48.879), (2.356, 48.879), (2.356, 48.881), (2.354, 48.881)]],
    )
    area = draw(
        st.sampled_from(
            [
                *(Radius(*CENTRE, radius_m) for radius_m in (150.0, 450.0, 1000.0, 1000.0)),
                Radius(lat, lon, draw(st.floats(100, 2500))),
                Radius(lat, lon, draw(st.floats(100, 2500))),
                Box(max(-180, lon - size), max(-90, lat - size), min(180, lon + size), min(90, lat + size)),
                Box(179.0, -1.0, -179.0, 1.0),
                Within(around),
                Within(MultiPolygon([box(2.34, 48.87, 2.354, 48.9), box(179, -1, 180, 1)])),
                None,
            ]
        )
    )
    interval = Interval(start=NOW - timedelta(hours=9), end=NOW - timedelta(hours=6))
    filters: dict[str, Any] = {
        "sees": area is not None,
        "interval": interval,
        "agency": draw(st.sampled_from(["rail", "metro", "nobody"])),
        "network": "rail-cctv",
        "kind": draw(st.sampled_from(CameraKind)),
        "status": draw(st.sampled_from(CameraStatus)),
        "text": draw(st.sampled_from(["quai", "OUEST quai", "rail-cctv:a", "nothing"])),
        "level": draw(st.sampled_from(["-1", "0"])),
    }
    asked = draw(st.lists(st.sampled_from(sorted(filters)), max_size=2, unique=True))
    return Question(
        area=area,
        as_of=NOW,
        limit=1000,
        sort=draw(st.sampled_from(Sort)),
        **{name: filters[name] for name in asked},
    )


REPORTS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([report(name), report(name, age_s=500)]) for name in OWNERS}
)
AGREEMENTS = st.lists(
    st.builds(
        lambda n, owner, actions, kinds, tags_none: agreement(
            f"a{n}",
            owner=owner,
            partners=("police",),
            actions=tuple(actions),
            kinds=kinds,
            tags_none=tags_none,
        ),
        st.integers(0, 99),
        st.sampled_from(["rail", "metro", "town"]),
        st.sampled_from(
            [
                tuple(a.value for a in Action),
                ("locate",),
                ("locate", "hold"),
                ("locate", "view_snapshot"),
                ("hold",),
            ]
        ),
        st.sampled_from([None, None, (CameraKind.FIXED,)]),
        st.sampled_from([None, ("vip",)]),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda a: a.id,
)
WHO = st.sampled_from(
    [
        *[officer("police", Role.OPERATOR)] * 2,
        *[officer("police", Role.INVESTIGATOR, Role.OPERATOR)] * 2,
        officer("rail", Role.OPERATOR),
        officer("rail", Role.CUSTODIAN),
        officer("rail", Role.AUDITOR),
        officer("metro", Role.INVESTIGATOR),
    ]
)


def check(found: Answer, wanted: list[Expected]) -> None:
    """The same cameras in the same order, each with the same facts."""
    assert sorted(hit.camera_id for hit in found.hits) == sorted(one.camera.id for one in wanted)
    by_id = {one.camera.id: one for one in wanted}
    previous: tuple[tuple[int, ...], float] | None = None
    for hit in found.hits:
        one = by_id[hit.camera_id]
        assert hit.status == one.status.value
        assert hit.sees is one.sees
        assert frozenset(hit.grant.basis) == one.basis
        assert hit.covered_s == one.covered_s
        if one.distance_m is None:
            assert hit.distance_m is hit.bearing_deg is None
        else:
            assert hit.distance_m is not None and hit.bearing_deg is not None and one.bearing_deg is not None
            assert abs(hit.distance_m - one.distance_m) <= 1e-3 + 0.005 * one.distance_m
            if one.distance_m > 0.01 and abs(one.camera.located.lat) < 89:  # type: ignore[union-attr]  # measured
                assert abs((hit.bearing_deg - one.bearing_deg + 180) % 360 - 180) < 0.5
        key = (one.band, float("inf") if hit.distance_m is None else hit.distance_m)
        assert previous is None or key >= previous
        previous = key


def unique(listed: list[Camera]) -> list[Camera]:
    return list({camera.id: camera for camera in listed}.values())


@settings(max_examples=300, deadline=None)
@given(CATALOGS, REPORTS, questions(), WHO, AGREEMENTS)
def test_an_answer_is_what_a_plain_look_at_every_camera_gives(
    listed: list[Camera], reports: dict[str, NetworkReport], question: Question, who: Any, agreements: Any
) -> None:
    known = unique(listed)
    try:
        wanted = expected(question, known, reports, who, agreements)
    except OnTheEdge:
        assume(False)
        return
    check(ask(index_of(known, reports), question, who, agreements), wanted)


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), cameras()),
        st.tuples(st.just("put"), cameras()),
        st.tuples(st.just("remove"), st.sampled_from("abcdefghijklmnopqrst")),
        st.tuples(st.just("settle"), st.none()),
        st.tuples(st.just("ask"), st.none()),
    ),
    max_size=30,
)


@settings(max_examples=200, deadline=None)
@given(CATALOGS, CHANGES, questions(), WHO, AGREEMENTS)
def test_after_any_changes_an_answer_is_that_of_the_cameras_as_they_are(
    listed: list[Camera], changes: list[tuple[str, Any]], question: Question, who: Any, agreements: Any
) -> None:
    model = {camera.id: camera for camera in listed}
    index: CatalogIndex = index_of(model.values(), {name: report(name) for name in OWNERS})
    for change, what in changes:
        match change:
            case "put":
                model[what.id] = what
                index.put([stored(what)])
            case "remove":
                for name in [name for name in model if name.endswith(f":{what}")]:
                    del model[name]
                    index.remove(name)
            case "settle":
                settle(index)
            case _:
                ask(index, question, who, agreements)  # keeps rights, to be brought up to date
    try:
        wanted = expected(question, list(model.values()), index.reports, who, agreements)
    except OnTheEdge:
        assume(False)
        return
    assert len(index) == len(model)
    check(ask(index, question, who, agreements), wanted)


@settings(max_examples=150, deadline=None)
@given(CATALOGS, questions(), st.integers(1, 7), WHO, AGREEMENTS)
def test_pages_hold_every_camera_once_in_the_order_of_the_whole(
    listed: list[Camera], question: Question, limit: int, who: Any, agreements: Any
) -> None:
    index = index_of(unique(listed))
    whole = [hit.camera_id for hit in ask(index, question, who, agreements).hits]
    paged: list[str] = []
    after = None
    while True:
        page = ask(index, replace(question, limit=limit, after=after), who, agreements)
        paged += [hit.camera_id for hit in page.hits]
        if page.next_after is None:
            break
        assert len(page.hits) == limit
        after = page.next_after
    assert paged == whole
