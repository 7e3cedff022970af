"""The life of an agreement as a model: whatever is done in whatever order, a version that ended stays ended."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from broker.agencies.models import Caller, Role
from broker.errors import Problem
from tests.broker.agencies.office import open_office
from tests.broker.agencies.rights import agreement
from tests.world import NumberedIdentifiers, StandingClock, settings

NAME = "rail-police-2"
CUSTODIANS = st.sampled_from(["rail", "police", "town"])


class AgreementLife(RuleBasedStateMachine):
    """`versions` is the model: the partners and state of each version."""

    @initialize()
    def open(self) -> None:
        self.stack = ExitStack()
        folder = Path(tempfile.mkdtemp())
        self.stack.callback(shutil.rmtree, folder)
        ids = NumberedIdentifiers()
        self.office = self.stack.enter_context(open_office(folder / "ledger.sqlite", StandingClock(), ids))
        asyncio.run(self.office.agreements.seed(settings(folder)))
        self.custodians: dict[str, Caller] = {
            agency: asyncio.run(self.office.sign_in(agency, Role.CUSTODIAN))
            for agency in ("rail", "police", "town")
        }
        self.versions: list[tuple[str, str]] = []

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def outcome(self, attempt: Callable[[], Awaitable[object]]) -> str:
        async def run() -> str:
            try:
                await attempt()
            except Problem as problem:
                return problem.code
            return "done"

        return asyncio.run(run())

    @rule(partner=st.sampled_from(["police", "town"]))
    def propose(self, partner: str) -> None:
        terms = agreement(partners=(partner,)).terms
        assert self.outcome(lambda: self.office.agreements.propose(NAME, terms, None)) == "done"
        self.versions.append((partner, "proposed"))

    @rule(agency=CUSTODIANS)
    def activate(self, agency: str) -> None:
        expected = "not_found"
        if self.versions and agency in ("rail", self.versions[-1][0]):
            partner, state = self.versions[-1]
            expected = "done" if state == "proposed" else "state_conflict"
            expected = expected if agency == "rail" else "action_denied"
            if expected == "done":
                self.versions = [(p, "ended" if s == "active" else s) for p, s in self.versions]
                self.versions[-1] = (partner, "active")
        assert (
            self.outcome(lambda: self.office.agreements.activate(NAME, self.custodians[agency])) == expected
        )

    @rule(agency=CUSTODIANS)
    def end(self, agency: str) -> None:
        active = [n for n, (_, state) in enumerate(self.versions) if state == "active"]
        meant = active[0] if active else len(self.versions) - 1
        expected = "not_found"
        if self.versions and agency in ("rail", self.versions[meant][0]):
            expected = "done" if active else "state_conflict"
            if active:
                self.versions[meant] = (self.versions[meant][0], "ended")
        assert self.outcome(lambda: self.office.agreements.end(NAME, self.custodians[agency])) == expected

    @invariant()
    def the_ledger_is_as_the_model(self) -> None:
        if not hasattr(self, "office"):
            return
        listed = asyncio.run(self.office.agreements.list_agreements(None))
        kept = [(a.terms.partners[0], a.state.value) for a in listed if a.id == NAME]
        assert kept == self.versions
        assert sum(state == "active" for _, state in kept) <= 1


AgreementLife.TestCase.settings = hypothesis_settings(max_examples=12, stateful_step_count=15, deadline=None)
TestAgreementLife = AgreementLife.TestCase
