"""The typical entry: a search that showed 50 cameras of two owners to an officer of a third agency."""

from datetime import UTC, datetime
from typing import Final

from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation, Person
from broker.audit.store import Written

OWNERS: Final = ("metro", "rail")
CAMERAS: Final = tuple(f"{OWNERS[n % 2]}-cctv:platform-{n:04}" for n in range(50))
WHOSE: Final = {
    **{f"{owner}-cctv:": (owner,) for owner in OWNERS},
    **{f"{owner}-police": (owner, "police") for owner in OWNERS},
}
WHO: Final = NewEntry(
    operation=Operation.CONSULTATION,
    action="search",
    officer_id="off_019ecce9928027f09b3c6d51e8a4b7c0",
    agency="police",
    person=Person(service="Regional transport police", personnel_number="P-20417", name="Test officer"),
    purpose="judicial_inquiry",
    case_ref="PV-2026-118",
)


def search_entry(number: int) -> Written:
    """One of them, made and written out as a search does it."""
    asked = {"lat": 48.8809, "lon": 2.3553, "radius_m": 300.0 + number % 50, "sort": "distance", "limit": 50}
    entry = WHO.model_copy(
        update={
            "objects": CAMERAS,
            "owners": OWNERS,
            "query": asked,
            "basis": ("metro-police", "rail-police"),
            "whose": WHOSE,
        }
    )
    return audit.write_out(entry, datetime.now(UTC))
