"""Facts that rights depend on, made up by hypothesis, and a second opinion on what they allow.

`allowed` is written from docs and interface alone, one camera at a time in plain Python; it shares no code with the
policy function that it judges.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st

from adapters.contract.models import CameraKind, Interval
from broker.agencies.columns import CameraColumns, Category
from broker.agencies.models import (
    Agreement,
    AgreementState,
    Approval,
    Circle,
    Designation,
    Emergency,
    Officer,
    Role,
    Terms,
)

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


def emergency(who: Officer, name: str = "emg_1", **facts: object) -> Emergency:
    """An hour's word of this officer that lives are in danger, over all of the railway's cameras."""
    known: dict[str, object] = {
        "id": name,
        "officer_id": who.id,
        "agency": who.agency,
        "person": who.person,
        "purpose": PURPOSES[0],
        "case_ref": None,
        "reason": "a person on the tracks",
        "owners": ("rail",),
        "area": None,
        "started_at": NOW,
        "ends_at": NOW + timedelta(hours=1),
        "ended_at": None,
        "ended_by": None,
    }
    return Emergency.model_validate(known | facts)


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


DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WALL_TIMES = ("00:00", "02:30", "07:00", "12:00", "13:30", "14:00", "14:01", "22:00", "24:00")


@st.composite
def weekly_hours(draw: st.DrawFn) -> dict[str, object]:
    times = st.lists(st.sampled_from(WALL_TIMES), min_size=2, max_size=2, unique=True)
    windows = []
    for _ in range(draw(st.integers(1, 2))):
        start, end = draw(times.filter(lambda pair: pair[0] != "24:00"))
        days = draw(st.lists(st.sampled_from(DAY_NAMES), min_size=1, unique=True))
        windows.append({"days": days, "start": start, "end": end})
    return {"zone": draw(st.sampled_from(("Europe/Paris", "UTC", "America/New_York"))), "windows": windows}


@st.composite
def emergencies(draw: st.DrawFn, who: Officer) -> Emergency:
    """Of the officer, mostly; centred where cameras may stand, which lie further apart than it reaches."""
    started, ends = sorted(draw(st.lists(MOMENTS, min_size=2, max_size=2, unique=True)))
    centre = st.fixed_dictionaries({"lat": DEGREES, "lon": DEGREES, "radius_m": st.floats(1, 50_000)})
    return emergency(
        who,
        draw(st.sampled_from(("emg_1", "emg_2"))),
        officer_id=draw(st.sampled_from((who.id, who.id, "off_2"))),
        agency=draw(st.sampled_from((who.agency, who.agency, *AGENCIES))),
        owners=draw(st.lists(st.sampled_from(AGENCIES), min_size=1, unique=True).map(tuple)),
        area=draw(st.none() | centre.map(Circle.model_validate)),
        started_at=started,
        ends_at=ends,
        ended_at=draw(st.none() | MOMENTS),
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
            hours=draw(st.none() | weekly_hours()),
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


def in_hours(given: Agreed, at: datetime) -> bool:
    """By laying out the windows of yesterday and today on the wall."""
    hours = given.agreement.terms.hours
    if hours is None:
        return True
    wall = at.astimezone(ZoneInfo(hours.zone)).replace(tzinfo=None)
    for window in hours.windows:
        for days_ago in (0, 1):
            day = (wall - timedelta(days=days_ago)).date()
            if DAY_NAMES[day.weekday()] not in window.days:
                continue
            start = datetime.combine(day, time.fromisoformat(window.start))
            if window.end == "24:00":
                end = datetime.combine(day + timedelta(days=1), time())
            else:
                end = datetime.combine(day, time.fromisoformat(window.end))
            if end <= start:
                end += timedelta(days=1)
            if start <= wall < end:
                return True
    return False


def _standing(given: Agreed, who: Officer, at: datetime) -> bool:
    """In force with the officer's agency as a partner of another."""
    terms = given.agreement.terms
    in_force = given.agreement.state.value == "active" and terms.valid.start <= at < terms.valid.end
    return in_force and who.agency in terms.partners and who.agency != terms.owner


def _in_danger(each: Emergency, who: Officer, camera: Camera, agreements: list[Agreed], at: datetime) -> bool:
    if (each.officer_id, each.agency) != (who.id, who.agency) or camera.reserved:
        return False
    if not each.started_at <= at < each.ends_at or (each.ended_at is not None and each.ended_at <= at):
        return False
    if camera.owner not in each.owners:
        return False
    if not any(_standing(a, who, at) and a.agreement.terms.owner == camera.owner for a in agreements):
        return False
    if each.area is None:
        return True
    return (camera.lat, camera.lon) == (each.area.lat, each.area.lon)


def allowed(
    who: Officer,
    purpose: str | None,
    camera: Camera,
    agreements: list[Agreed],
    at: datetime,
    dangers: list[Emergency] | None = None,
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
                purposes = given.agreement.terms.purposes
                fits = _standing(given, who, at) and in_hours(given, at) and purpose in purposes
                if fits and _covers(given, camera):
                    may |= CAN_EVER[role] & set(given.agreement.terms.actions)
            if role == "operator" and any(
                _in_danger(each, who, camera, agreements, at) for each in dangers or ()
            ):
                may |= {"locate", "view_snapshot", "view_live", "hold"}
    return may if "locate" in may else set()
