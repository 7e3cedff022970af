"""Facts that rights depend on, made up by hypothesis, and a second opinion on what they allow.

`allowed` is written from docs and interface alone, one camera at a time in plain Python; it shares no code with the
policy function that it judges.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import strategies as st

from adapters.contract.models import CameraKind, Interval
from broker.agencies.models import (
    Agreement,
    AgreementState,
    Approval,
    Designation,
    Officer,
    Role,
    Terms,
)
from broker.agencies.policy import CameraColumns, Category

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
AGENCIES = ("rail", "metro", "police")
NETWORKS = ("rail-1", "rail-2", "metro-1", "police-1")
PURPOSES = ("public_safety", "judicial_inquiry")
ACTIONS = ("locate", "view_snapshot", "view_live", "hold", "request_clip")
TAGS = ("platform", "street", "reserved")

CAN_EVER = {
    "operator": {"locate", "view_snapshot", "view_live", "hold"},
    "investigator": {"locate", "view_snapshot", "hold", "request_clip"},
    "custodian": {"locate", "view_snapshot", "view_live", "hold"},
    "auditor": set(),
    "dpo": set(),
    "administrator": set(),
}


@dataclass(frozen=True)
class Camera:
    owner: str
    network: str
    kind: str
    lat: float | None
    lon: float | None
    tags: frozenset[str]

    @property
    def reserved(self) -> bool:
        return "reserved" in self.tags


@dataclass(frozen=True)
class Square:
    """An area whose outline no generated camera stands on."""

    west: float
    south: float
    size: float

    def holds(self, lat: float, lon: float) -> bool:
        return self.west < lon < self.west + self.size and self.south < lat < self.south + self.size

    def geojson(self) -> dict[str, object]:
        east, north = self.west + self.size, self.south + self.size
        ring = [(self.west, self.south), (east, self.south), (east, north), (self.west, north)]
        return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def columns(cameras: list[Camera]) -> CameraColumns:
    return CameraColumns(
        owner=Category.of([c.owner for c in cameras]),
        network=Category.of([c.network for c in cameras]),
        kind=Category.of([c.kind for c in cameras]),
        tags=Category.of([c.tags for c in cameras]),
        lat_deg=np.array([np.nan if c.lat is None else c.lat for c in cameras], dtype=np.float64),
        lon_deg=np.array([np.nan if c.lon is None else c.lon for c in cameras], dtype=np.float64),
        reserved=np.array([c.reserved for c in cameras], dtype=np.bool_),
    )


def officer(agency: str, *roles: Role, until: datetime | None = None, since: datetime = NOW - DAY) -> Officer:
    return Officer(
        id="off_1",
        agency=agency,
        name="Test officer",
        service="Tests",
        personnel_number="T-1",
        roles=frozenset(roles),
        designations=(Designation(designated_by="tests", valid_from=since, valid_until=until),),
    )


def agreement(
    name: str = "rail-police", state: AgreementState = AgreementState.ACTIVE, **terms: object
) -> Agreement:
    known: dict[str, object] = {
        "owner": "rail",
        "partners": ("police",),
        "networks": None,
        "area": None,
        "kinds": None,
        "tags_any": None,
        "tags_none": None,
        "actions": ACTIONS,
        "purposes": PURPOSES,
        "valid": Interval(start=NOW - DAY, end=NOW + DAY),
        "approval": Approval.MANUAL,
        "max_clip_s": None,
        "hold_max_days": None,
        "grace_days": 0.0,
        "audio": False,
    }
    return Agreement(
        id=name,
        version=1,
        state=state,
        terms=Terms.model_validate(known | terms),
        proposed_at=NOW - DAY,
        activated_at=None,
        ended_at=None,
    )


def _some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() | st.lists(st.sampled_from(values), unique=True).map(tuple)


DEGREES = st.integers(0, 9).map(lambda n: n + 0.5)
CAMERAS = st.builds(
    Camera,
    owner=st.sampled_from(AGENCIES),
    network=st.sampled_from(NETWORKS),
    kind=st.sampled_from(("", *(kind.value for kind in CameraKind))),
    lat=st.none() | DEGREES,
    lon=DEGREES,
    tags=st.frozensets(st.sampled_from(TAGS)),
).map(lambda c: c if c.lat is not None else Camera(c.owner, c.network, c.kind, None, None, c.tags))
SQUARES = st.builds(Square, st.integers(0, 8), st.integers(0, 8), st.integers(1, 10))
MOMENTS = st.sampled_from(
    [NOW - DAY, NOW - timedelta(microseconds=1), NOW, NOW + timedelta(microseconds=1), NOW + DAY]
)


@dataclass(frozen=True)
class Agreed:
    """An agreement with the square that its area is."""

    agreement: Agreement
    square: Square | None


@st.composite
def agreed(draw: st.DrawFn) -> Agreed:
    start, end = sorted(draw(st.lists(MOMENTS, min_size=2, max_size=2, unique=True)))
    square = draw(st.none() | SQUARES)
    kinds = draw(_some(tuple(kind.value for kind in CameraKind)))
    return Agreed(
        agreement(
            draw(st.sampled_from(("a", "b", "c"))),
            draw(st.sampled_from([*AgreementState, AgreementState.ACTIVE, AgreementState.ACTIVE])),
            owner=draw(st.sampled_from(AGENCIES)),
            partners=draw(st.lists(st.sampled_from(AGENCIES), min_size=1, unique=True).map(tuple)),
            networks=draw(_some(NETWORKS)),
            area=None if square is None else square.geojson(),
            kinds=kinds,
            tags_any=draw(_some(TAGS)),
            tags_none=draw(_some(TAGS)),
            actions=draw(st.lists(st.sampled_from(ACTIONS), min_size=1, unique=True).map(tuple)),
            purposes=draw(st.lists(st.sampled_from(PURPOSES), min_size=1, unique=True).map(tuple)),
            valid=Interval(start=start, end=end),
        ),
        square,
    )


@st.composite
def officers(draw: st.DrawFn) -> Officer:
    since, until = draw(MOMENTS), draw(st.none() | MOMENTS)
    roles = draw(st.sets(st.sampled_from(Role), max_size=3))
    return officer(draw(st.sampled_from(AGENCIES)), *roles, since=since, until=until)


def _covers(given: Agreed, camera: Camera) -> bool:
    terms = given.agreement.terms
    if camera.owner != terms.owner or camera.reserved:
        return False
    if terms.networks is not None and camera.network not in terms.networks:
        return False
    if terms.kinds is not None and camera.kind not in [kind.value for kind in terms.kinds]:
        return False
    if terms.tags_any is not None and not any(tag in camera.tags for tag in terms.tags_any):
        return False
    if terms.tags_none is not None and any(tag in camera.tags for tag in terms.tags_none):
        return False
    if given.square is not None:
        if camera.lat is None or camera.lon is None:
            return False
        return given.square.holds(camera.lat, camera.lon)
    return True


def allowed(
    who: Officer, purpose: str | None, camera: Camera, agreements: list[Agreed], at: datetime
) -> set[str]:
    """Names of the actions that the officer may do with the camera."""
    designated = any(
        d.valid_from <= at and (d.valid_until is None or at < d.valid_until) for d in who.designations
    )
    if purpose is None or not designated:
        return set()
    may: set[str] = set()
    for role in (role.value for role in who.roles):
        if camera.owner == who.agency:
            if not camera.reserved or role == "custodian":
                may |= CAN_EVER[role]
        elif role != "custodian":
            for given in agreements:
                terms = given.agreement.terms
                in_force = (
                    given.agreement.state.value == "active" and terms.valid.start <= at < terms.valid.end
                )
                partner = who.agency in terms.partners
                if in_force and partner and purpose in terms.purposes and _covers(given, camera):
                    may |= CAN_EVER[role] & set(terms.actions)
    return may if "locate" in may else set()
