"""Catalogs, questions and rights as hypothesis draws them: all that an answer depends on, few values of each, so that
they meet."""

from datetime import timedelta
from typing import Any

from geographiclib.geodesic import Geodesic
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from adapters.contract.capabilities import Capability
from adapters.contract.models import CameraKind, CameraStatus, Interval, Position, Span, Stream, View
from broker.agencies.models import Action, Role
from broker.catalog.models import Camera, SnapshotReference
from broker.catalog.questions import Along, Box, Question, Radius, Sort, Within
from tests.broker.agencies.rights import agreement
from tests.broker.catalog.catalogs import catalog_camera
from tests.broker.catalog.index.indexes import officer, report
from tests.world import NOW

CENTRE = (48.88, 2.355)
OWNERS = {"rail-cctv": "rail", "metro-cctv": "metro", "town-cctv": "town"}

NETWORKS = sorted(OWNERS)


def moved(heading_deg: float, away_m: float) -> tuple[float, float]:
    there = Geodesic.WGS84.Direct(*CENTRE, heading_deg, away_m)
    return there["lat2"], there["lon2"]


NEAR = st.builds(
    moved, st.integers(0, 359), st.sampled_from([0.2, 20, 60, 120, 200, 250, 350, 500, 700, 900, 1800])
)
POINTS = st.one_of(
    NEAR,
    NEAR,
    st.sampled_from(
        [
            moved(0, 101),
            moved(0, 101),
            (48.88, 2.36),
            moved(40, 97e3),
            moved(50, 120e3),
            (90.0, 0.0),
            (0.0, 180.0),
            (0.0, -180.0),
        ]
    ),
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
    network = draw(st.sampled_from(NETWORKS))
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
        place_name=draw(st.sampled_from([None, "Gare de l’Est", "Châtelet"])),
        kind=draw(st.none() | st.sampled_from(CameraKind)),
        level=draw(st.sampled_from([None, "0", "-1"])),
        status=draw(st.sampled_from(CameraStatus)),
        tags=draw(st.sampled_from([(), (), (), ("hall",), ("reserved",), ("hall", "vip")])),
        vanished_at=draw(st.sampled_from([None, None, None, NOW - timedelta(days=1)])),
        offers=draw(st.sampled_from([(), (Capability.SNAPSHOT,), (Capability.FOOTAGE,), tuple(Capability)])),
        views=tuple(draw(st.lists(VIEWS, max_size=3))),
        spans=tuple(spans),
        streams=tuple(draw(st.lists(STREAMS, max_size=2))),
        **facts,
    )


LINES = (
    ((2.35, 48.876), (2.354, 48.881), (2.362, 48.8795)),
    ((2.34, 48.8805), (2.37, 48.8805)),
    ((2.355, 48.90), (2.355, 48.86)),
    ((179.995, 0.002), (-179.995, 0.003)),
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
                Radius(*CENTRE, 150_000.0),
                *(Along(points, buffer_m) for points in LINES for buffer_m in (60.0, 300.0)),
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
        "text": draw(
            st.sampled_from(["quai", "OUEST quai", "rail-cctv:a", "chatelet", "hall est", "nothing"])
        ),
        "level": draw(st.sampled_from(["-1", "0"])),
        "offering": draw(st.sampled_from([a for a in Action if a is not Action.VIEW_LIVE])),
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
