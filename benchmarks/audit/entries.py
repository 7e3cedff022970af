"""The typical entry: a search that showed 50 cameras of two owners to an officer of a third agency."""

from typing import Final

from broker.audit.models import NewEntry, Operation, Person

OWNERS: Final = ("metro", "rail")
CAMERAS: Final = tuple(f"{OWNERS[n % 2]}-cctv:platform-{n:04}" for n in range(50))
WHOSE: Final = {f"{owner}-cctv:": (owner,) for owner in OWNERS} | {f"{o}-police": (o, "police") for o in OWNERS}
WHO: Final = NewEntry(
    operation=Operation.CONSULTATION,
    action="search",
    officer_id="off_019ecce9928027f09b3c6d51e8a4b7c0",
    agency="police",
    person=Person(service="Regional transport police", personnel_number="P-20417", name="Test officer"),
    purpose="judicial_inquiry",
    case_ref="PV-2026-118",
)


def search_entry(number: int) -> NewEntry:
    """One of them; made as a search makes it."""
    return WHO.model_copy(
        update={
            "objects": CAMERAS,
            "owners": OWNERS,
            "query": {"lat": 48.8809, "lon": 2.3553, "radius_m": 300.0 + number % 50, "sort": "distance", "limit": 50},
            "basis": ("metro-police", "rail-police"),
            "whose": WHOSE,
        }
    )
