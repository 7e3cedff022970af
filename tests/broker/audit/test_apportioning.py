"""What each agency may know of an entry: its own, and nothing of another's."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.audit.apportioning import HOST_PART, parts_of
from broker.audit.models import NewEntry, Operation, Verdict
from broker.audit.texts import PartContent

NETWORKS = {"rail-cctv": "rail", "metro-cctv": "metro", "police-list": "police"}
WHOSE = {f"{network}:": (agency,) for network, agency in NETWORKS.items()}


def entry(**facts: Any) -> NewEntry:
    known = {"operation": Operation.CONSULTATION, "action": "search", "agency": "police", "whose": WHOSE}
    return NewEntry.model_validate(known | facts)


def parts(**facts: Any) -> dict[str, PartContent]:
    return {part.agency: part for part in parts_of(entry(**facts))}


def test_of_a_shared_entry_each_owner_knows_its_own_cameras_only_and_the_actor_all() -> None:
    objects = ("rail-cctv:r1", "metro-cctv:m1", "police-list:p1", "gone-network:x", "rail-cctv", "metro-cctv")
    query = {
        "interval": "2026-06-15T11:00:00Z/2026-06-15T12:00:00Z",
        "items": ["rail-cctv:r1 a", "metro-cctv:m1 b", 3],
    }
    whose = WHOSE | {"rail-cctv": ("rail",), "metro-cctv": ("metro",)}
    found = parts(objects=objects, owners=("metro", "police", "rail"), query=query, whose=whose)
    assert found["rail"].objects == ("rail-cctv:r1", "rail-cctv")
    assert found["rail"].owners == ("rail",)
    assert found["rail"].query == {"interval": query["interval"], "items": ["rail-cctv:r1 a", 3]}
    assert found["metro"].objects == ("metro-cctv:m1", "metro-cctv")
    police = found["police"]
    assert (police.objects, police.owners, police.query) == (objects, ("metro", "police", "rail"), query)


def test_what_nobody_says_is_an_agencys_is_not_known_to_one_of_several() -> None:
    names = ("hold_9", "req_9", "off_9", "metro-police@1", "metro-police", "../metro")
    found = parts(
        objects=names,
        owners=("rail", "metro"),
        basis=("own", "metro-police", "judicial_requisition:R-1"),
        request_id="req_9",
    )
    for agency in ("rail", "metro"):
        part = found[agency]
        assert (part.objects, part.basis, part.request_id) == ((), ("judicial_requisition:R-1",), None)
    assert (found["police"].objects, found["police"].request_id) == (names, "req_9")


def test_an_only_owner_knows_everything_but_cameras_that_are_nobodys_it_knows_of() -> None:
    found = parts(
        objects=("hold_9", "rail-cctv:r1", "gone:x"),
        owners=("rail",),
        request_id="req_9",
        basis=("rail-police",),
    )
    rail = found["rail"]
    assert (rail.objects, rail.basis, rail.request_id) == (
        ("hold_9", "rail-cctv:r1"),
        ("rail-police",),
        "req_9",
    )


def test_what_is_said_to_be_anothers_is_not_the_only_owners() -> None:
    assert parts(objects=("a", "b"), owners=("rail",), whose={"a": ("metro",)})["rail"].objects == ("b",)


def test_clips_and_legal_bases_go_with_everyone() -> None:
    objects = ("1.2", "ab" * 32, "AB" * 32, "1.2.3")
    found = parts(objects=objects, owners=("rail", "metro"), basis=("customs:C-1",))
    for agency in ("rail", "metro"):
        assert (found[agency].objects, found[agency].basis) == (objects[:2], ("customs:C-1",))


def test_a_network_called_like_a_clip_is_its_owners_alone() -> None:
    found = parts(objects=("1.2",), owners=("rail", "metro"), whose={"1.2": ("rail",)})
    assert (found["rail"].objects, found["metro"].objects) == (("1.2",), ())


def test_an_agreement_called_like_a_network_opens_none_of_its_cameras() -> None:
    whose = WHOSE | {"metro-cctv": ("metro", "rail")}
    found = parts(objects=("metro-cctv:m1",), owners=("rail", "metro"), basis=("metro-cctv",), whose=whose)
    assert (found["rail"].objects, found["rail"].basis) == ((), ("metro-cctv",))


@pytest.mark.parametrize(("owners", "told"), [(("rail",), ()), (("rail", "police"), ("police",)), ((), ())])
def test_of_a_refusal_the_actors_agency_does_not_learn_whose_the_thing_was(
    owners: tuple[str, ...], told: tuple[str, ...]
) -> None:
    found = parts(decision=Verdict.DENIED, objects=("rail-cctv:secret",), owners=owners)
    assert (found["police"].owners, found["police"].objects) == (told, ("rail-cctv:secret",))
    assert ("rail" in found) is ("rail" in owners)


def test_what_the_host_does_is_whole_in_a_part_that_no_agency_can_ask_for() -> None:
    found = parts(agency=None, objects=("rail-cctv:r1", "hold_1"), owners=("rail",), query={"n": 1})
    assert sorted(found) == [HOST_PART, "rail"]
    assert found[HOST_PART].objects == ("rail-cctv:r1", "hold_1")
    assert list(parts(agency=None, query={"n": 1})) == [HOST_PART]


def test_an_actor_who_owns_what_was_touched_has_one_part() -> None:
    assert [part.agency for part in parts_of(entry(owners=("police", "police")))] == ["police"]


AGENCIES = st.sampled_from(["rail", "metro", "police"])
ENTRIES = st.builds(
    entry,
    agency=st.none() | AGENCIES,
    owners=st.sets(AGENCIES).map(tuple),
    objects=st.lists(st.sampled_from([f"{name}:{n}" for name in NETWORKS for n in "12"])).map(tuple),
    decision=st.sampled_from(Verdict),
)


@given(ENTRIES)
def test_no_part_has_another_agencys_camera_unless_its_own_officer_saw_it(entry: NewEntry) -> None:
    found = parts_of(entry)
    assert {part.agency for part in found} == {entry.agency or HOST_PART, *entry.owners}
    assert len(found) == len({part.agency for part in found})
    for part in found:
        own = [name for name in entry.objects if NETWORKS[name.partition(":")[0]] == part.agency]
        is_actor = part.agency == (entry.agency or HOST_PART)
        assert list(part.objects) == (list(entry.objects) if is_actor else own)
