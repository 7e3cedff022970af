"""Kept rights are those of the policy function, now: through changes, versions, beginnings and ends."""

from datetime import timedelta

import numpy as np

from adapters.contract.models import Interval
from broker.agencies.models import Action, Role
from broker.catalog.disclosure import BITS
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.index.rights import SETS_KEPT, WORD, Rights
from broker.catalog.index.table import JOURNAL_KEPT
from tests.broker.agencies.rights import agreement
from tests.broker.catalog.catalogs import catalog_camera
from tests.broker.catalog.index.indexes import PURPOSE, book, index_of, officer, stored
from tests.world import NOW

POLICE = officer("police", Role.OPERATOR)
CAMERA = catalog_camera("c", 48.88, 2.355)


def names_of(rights: Rights, slot: int) -> tuple[str, ...]:
    (grant,) = rights.grants_of(np.array([slot]), np.zeros(1, np.uint8))
    return grant.basis


def bits(index: CatalogIndex, *agreements: object, version: int = 1, later_s: float = 0.0) -> int:
    at = NOW + timedelta(seconds=later_s)
    rights = index.rights(POLICE, PURPOSE, book(*agreements, version=version), at)  # type: ignore[arg-type]  # agreements
    slot = index.table.slot_of(CAMERA.id)
    assert slot is not None
    return int(rights.bits.values[slot])


def test_a_right_that_ended_is_gone_with_the_next_version() -> None:
    index = index_of([CAMERA])
    grant = agreement("a", actions=("locate", "hold"))
    assert bits(index, grant) == BITS[Action.LOCATE] | BITS[Action.HOLD]
    assert bits(index, version=2) == 0
    assert bits(index, grant, version=3) != 0


def test_an_agreement_begins_and_ends_at_its_own_instants() -> None:
    index = index_of([CAMERA])
    period = Interval(start=NOW + timedelta(seconds=10), end=NOW + timedelta(seconds=20))
    grant = agreement("a", valid=period)
    seen = [bits(index, grant, later_s=later) != 0 for later in (0, 9.9, 10, 19.9, 20, 21)]
    assert seen == [False, False, True, True, False, False]


def test_rights_are_those_of_each_officers_agency_roles_purpose_and_designation() -> None:
    index = index_of([CAMERA])
    slot = index.table.slot_of(CAMERA.id)
    assert slot is not None
    grants = book(agreement("a", actions=("locate", "hold"), purposes=(PURPOSE, "accident")))
    undesignated = POLICE.model_copy(update={"designations": ()})
    asked = {
        (POLICE, PURPOSE): BITS[Action.LOCATE] | BITS[Action.HOLD],
        (POLICE, "accident"): BITS[Action.LOCATE] | BITS[Action.HOLD],
        (POLICE, "test"): 0,
        (undesignated, PURPOSE): 0,
        (officer("police", Role.AUDITOR), PURPOSE): 0,
        (officer("town", Role.OPERATOR), PURPOSE): 0,
    }
    for _ in range(2):
        for (who, purpose), wanted in [*asked.items(), *reversed(asked.items())]:
            assert int(index.rights(who, purpose, grants, NOW).bits.values[slot]) == wanted, purpose


def test_a_camera_that_becomes_reserved_is_hidden_at_once() -> None:
    index = index_of([CAMERA])
    grant = agreement("a")
    assert bits(index, grant) != 0
    index.put([stored(CAMERA.model_copy(update={"tags": ("reserved",)}))])
    assert bits(index, grant) == 0
    index.put([stored(CAMERA)])
    assert bits(index, grant) != 0


def test_rights_that_slept_through_very_many_changes_are_decided_anew() -> None:
    index = index_of([CAMERA])
    grant = agreement("a")
    assert bits(index, grant) != 0
    index.put([stored(CAMERA.model_copy(update={"tags": ("reserved",)}))])
    other = stored(catalog_camera("other"))
    for _ in range(2 * JOURNAL_KEPT + 1):
        index.table._note([0])
    index.put([other])
    assert bits(index, grant) == 0


def test_every_basis_is_named_also_when_they_are_very_many() -> None:
    index = index_of([CAMERA])
    grants = [agreement(f"a{n:03}") for n in range(2 * WORD + 3)]
    rights = index.rights(POLICE, PURPOSE, book(*grants), NOW)
    slot = index.table.slot_of(CAMERA.id)
    assert slot is not None
    assert names_of(rights, slot) == tuple(grant.id for grant in grants)


def test_more_sorts_of_officers_than_are_kept_are_each_told_their_own() -> None:
    index = index_of([CAMERA])
    grants = [agreement(f"a{n}", partners=(f"town{n}",), actions=("locate",)) for n in range(SETS_KEPT + 5)]
    slot = index.table.slot_of(CAMERA.id)
    assert slot is not None
    for _ in range(2):
        for n, grant in enumerate(grants):
            rights = index.rights(officer(f"town{n}"), PURPOSE, book(*grants), NOW)
            assert names_of(rights, slot) == (grant.id,)
        stranger = index.rights(officer("stranger"), PURPOSE, book(*grants), NOW)
        assert stranger.bits.values[slot] == 0
