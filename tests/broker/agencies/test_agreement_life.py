"""The life of an agreement as a model: whatever is done in whatever order, a version that ended stays ended."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from broker.agencies.models import Caller, Role
from broker.errors import Problem
from tests.broker.agencies.office import Office, open_office
from tests.broker.agencies.rights import agreement
from tests.world import NumberedIdentifiers, StandingClock, settings

T = TypeVar("T")
PARTNERS = st.sampled_from(["police", "town"])
AGENCIES = ("rail", "police", "town")
CUSTODIANS = st.sampled_from(["rail", "police", "rail", "town"])
"""The owner acts more often, so that many versions come into force and end."""


@dataclass(frozen=True)
class Place:
    """Where agreements live: one office for all examples, each of which makes an agreement of its own."""

    office: Office
    custodians: dict[str, Caller]
    run: Callable[[Awaitable[T]], T]
    names: Iterator[str]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with (
        asyncio.Runner() as runner,
        open_office(tmp_path / "ledger.sqlite", StandingClock(), NumberedIdentifiers()) as office,
    ):
        run = runner.get_loop().run_until_complete
        run(office.agreements.seed(settings(tmp_path)))
        custodians = {agency: run(office.sign_in(agency, Role.CUSTODIAN)) for agency in AGENCIES}
        yield Place(office, custodians, run, (f"agreement-{n}" for n in count()))


class AgreementLife(RuleBasedStateMachine):
    """`versions` is the model: the partner and the state of each version."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.agreements = place.office.agreements
        self.name = next(place.names)
        self.versions: list[tuple[str, str]] = []

    def outcome(self, attempt: Awaitable[object]) -> str:
        try:
            self.place.run(attempt)
        except Problem as problem:
            return problem.code
        return "done"

    @initialize(partner=PARTNERS)
    def begin(self, partner: str) -> None:
        self._propose(partner)
        self._activate("rail")

    @rule(partner=PARTNERS)
    def propose(self, partner: str) -> None:
        self._propose(partner)

    def _propose(self, partner: str) -> None:
        terms = agreement(partners=(partner,)).terms
        assert self.outcome(self.agreements.propose(self.name, terms, None)) == "done"
        self.versions.append((partner, "proposed"))

    @rule(agency=CUSTODIANS)
    def activate(self, agency: str) -> None:
        self._activate(agency)

    def _activate(self, agency: str) -> None:
        expected = "not_found"
        if self.versions and agency == "rail":
            partner, state = self.versions[-1]
            expected = "done" if state == "proposed" else "state_conflict"
            if expected == "done":
                self.versions = [(p, "ended" if s == "active" else s) for p, s in self.versions]
                self.versions[-1] = (partner, "active")
        elif self.versions and agency == self.versions[-1][0]:
            expected = "action_denied"
        assert self.outcome(self.agreements.activate(self.name, self.place.custodians[agency])) == expected

    @rule(agency=CUSTODIANS)
    def end(self, agency: str) -> None:
        active = [n for n, (_, state) in enumerate(self.versions) if state == "active"]
        meant = active[0] if active else len(self.versions) - 1
        expected = "not_found"
        if self.versions and agency in ("rail", self.versions[meant][0]):
            expected = "done" if active else "state_conflict"
            if active:
                self.versions[meant] = (self.versions[meant][0], "ended")
        assert self.outcome(self.agreements.end(self.name, self.place.custodians[agency])) == expected

    @invariant()
    def the_ledger_is_as_the_model(self) -> None:
        listed = self.place.run(self.agreements.list_agreements())
        kept = [(a.terms.partners[0], a.state.value) for a in listed if a.id == self.name]
        assert kept == self.versions
        assert sum(state == "active" for _, state in kept) <= 1


def test_an_agreement_lives_as_the_model_says(place: Place) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]  # hypothesis leaves it untyped
        lambda: AgreementLife(place),
        settings=hypothesis_settings(
            max_examples=40, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
