"""When a network is tried next: any sequence of successes and failures keeps the rules of pace and breaker."""

import random
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from adapters.contract.errors import Refused, Throttled, TimedOut, Unreachable
from broker.catalog.models import BreakerState, NetworkReport
from broker.ingest.pace import (
    FAILURES_TO_OPEN,
    FIRST_RETRY_S,
    LONGEST_PROBE_S,
    LONGEST_TOLD_S,
    Pace,
    after_failure,
    after_success,
)
from tests.world import NOW


def report(pace: Pace | None, refresh_s: float = 60) -> NetworkReport | None:
    if pace is None:
        return None
    return NetworkReport(
        network="n",
        agency="a",
        synchronised_at=NOW,
        succeeded_at=None,
        refresh_s=refresh_s,
        found=0,
        added=0,
        changed=0,
        vanished=0,
        rejected=0,
        failures=pace.failures,
        failing_since=pace.failing_since,
        breaker=pace.breaker,
        next_attempt_at=pace.next_attempt_at,
    )


class Pacing(RuleBasedStateMachine):
    """The model: how many failures came in a row, since when, and whether one of them was a refusal."""

    @initialize(
        refresh_s=st.sampled_from([0.01, 1.0, 60.0, 3600.0, 86_400.0]), seed=st.integers(0, 2**32 - 1)
    )
    def begin(self, refresh_s: float, seed: int) -> None:
        self.refresh_s = refresh_s
        self.jitter = random.Random(seed)  # noqa: S311 - only jitter
        self.now = NOW
        self.pace: Pace | None = None
        self.failures = 0
        self.since: Any = None
        self.refused = False
        self.wait_s = 0.0
        self.told_s = 0.0

    def _took(self, pace: Pace) -> None:
        self.wait_s = (pace.next_attempt_at - self.now).total_seconds()
        self.pace = pace

    @rule()
    def succeed(self) -> None:
        self.failures, self.since, self.refused, self.told_s = 0, None, False, 0.0
        self._took(after_success(self.now, self.refresh_s, self.jitter))

    @rule(
        error=st.sampled_from([TimedOut("t"), Unreachable("u"), Refused("r"), None]),
        told_s=st.none() | st.floats(0, 1e5),
    )
    def fail(self, error: Exception | None, told_s: float | None) -> None:
        if told_s is not None:
            error = Throttled("slow", retry_after_s=told_s)
        self.told_s = min(told_s or 0.0, LONGEST_TOLD_S)
        self.failures += 1
        self.since = self.since or self.now
        self.refused = self.refused or isinstance(error, Refused)
        self._took(
            after_failure(report(self.pace, self.refresh_s), self.now, self.refresh_s, self.jitter, error)
        )

    @rule()
    def wait(self) -> None:
        if self.pace is not None:
            self.now = self.pace.next_attempt_at

    @invariant()
    def follows_the_model(self) -> None:
        if getattr(self, "pace", None) is None:
            return
        pace = self.pace
        assert pace is not None
        assert (pace.failures, pace.failing_since) == (self.failures, self.since)
        is_open = self.refused or self.failures >= FAILURES_TO_OPEN
        assert (pace.breaker is BreakerState.OPEN) is is_open
        assert self.wait_s >= self.told_s - 1e-3, "a recorder is not asked before the time that it said"
        longest_s = max(self.refresh_s, LONGEST_PROBE_S if is_open else self.refresh_s)
        assert self.wait_s <= max(longest_s * 1.101, self.told_s) + 1e-3
        if is_open:
            assert self.wait_s >= self.refresh_s - 1e-3, "an open breaker is no busier than a working network"
        if not self.failures:
            assert 0.949 * self.refresh_s - 1e-3 <= self.wait_s <= 1.051 * self.refresh_s + 1e-3


TestPacing = Pacing.TestCase


@given(st.integers(0, 2**32 - 1))
def test_retries_come_after_ever_longer_waits_until_the_breaker_opens_and_then_rarely(seed: int) -> None:
    jitter = random.Random(seed)  # noqa: S311 - only jitter
    pace, waits = None, []
    for _ in range(16):
        pace = after_failure(report(pace), NOW, 60, jitter, TimedOut("silence"))
        waits.append((pace.next_attempt_at - NOW).total_seconds())
    assert FIRST_RETRY_S <= waits[0] <= FIRST_RETRY_S * 1.1
    assert all(earlier < later * 1.11 for earlier, later in pairwise(waits))
    assert waits[-1] >= LONGEST_PROBE_S


def test_networks_that_failed_together_do_not_come_back_together() -> None:
    jitter = random.Random(3)  # noqa: S311 - only jitter
    again = {after_failure(None, NOW, 60, jitter, TimedOut("silence")).next_attempt_at for _ in range(50)}
    assert len(again) == 50


def test_refused_credentials_open_the_breaker_at_once_as_recorders_lock_accounts() -> None:
    jitter = random.Random(1)  # noqa: S311 - only jitter
    pace = after_failure(None, NOW, 60, jitter, Refused("who are you?"))
    assert pace.breaker is BreakerState.OPEN
    assert pace.next_attempt_at >= NOW + timedelta(seconds=60)


@pytest.mark.parametrize("told_s", [0.5, 90.0, 3000.0])
def test_a_recorder_that_says_when_is_asked_then(told_s: float) -> None:
    jitter = random.Random(1)  # noqa: S311 - only jitter
    pace = after_failure(None, NOW, 60, jitter, Throttled("slow down", retry_after_s=told_s))
    assert (pace.next_attempt_at - NOW).total_seconds() >= told_s
