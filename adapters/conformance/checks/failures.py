"""What goes wrong at the recorder is told in the contract's words, in time and in bounded memory."""

from adapters.conformance.bench import Bench
from adapters.conformance.faults.models import RETRY_AFTER_S, Fault
from adapters.conformance.provoking import expect, provoked
from adapters.conformance.verdicts import demand
from adapters.contract.capabilities import Capability
from adapters.contract.errors import (
    AdapterError,
    Malformed,
    Refused,
    Throttled,
    TimedOut,
    TooLarge,
    TryLater,
    Unreachable,
)

WAITED_S = 5.0


async def an_outage_is_unreachable(bench: Bench) -> None:
    """Nothing listens: `Unreachable`."""
    expect(await provoked(bench, Fault.OUTAGE), Unreachable)


async def a_broken_connection_is_tried_later(bench: Bench) -> None:
    """The connection ends in the middle of an answer: `TryLater`."""
    expect(await provoked(bench, Fault.BREAK_OFF, None, Capability.SPANS, Capability.SNAPSHOT), TryLater)


async def silence_is_timed_out(bench: Bench) -> None:
    """No answer comes: `TimedOut`, within the configured time."""
    raised = await provoked(bench, Fault.SILENCE)
    expect(raised, TimedOut)
    slow = [each for each in raised if each.after_s > WAITED_S]
    demand(not slow, f"{[each.call for each in slow]} waited for more than {WAITED_S:g} s")


async def a_wrong_password_is_refused(bench: Bench) -> None:
    """401: `Refused`."""
    expect(await provoked(bench, Fault.UNAUTHORIZED), Refused)


async def a_missing_right_is_refused(bench: Bench) -> None:
    """403: `Refused`."""
    expect(await provoked(bench, Fault.FORBIDDEN), Refused)


async def throttling_says_when_to_come_back(bench: Bench) -> None:
    """429: `Throttled`, with the recorder's own delay."""
    raised = await provoked(bench, Fault.THROTTLED)
    expect(raised, Throttled)
    for each in raised:
        delay_s = each.error.retry_after_s if isinstance(each.error, AdapterError) else None
        demand(delay_s == RETRY_AFTER_S, f"{each.call} says to wait {delay_s} s instead of {RETRY_AFTER_S}")


async def a_failing_recorder_is_tried_later(bench: Bench) -> None:
    """500 and 503: `TryLater`."""
    expect(await provoked(bench, Fault.FAILING), TryLater)
    expect(await provoked(bench, Fault.UNAVAILABLE), TryLater)


async def garbage_is_malformed(bench: Bench) -> None:
    """An answer that cannot be read: `Malformed`."""
    told = (None, Capability.SPANS, Capability.CLOCK)
    expect(await provoked(bench, Fault.MALFORMED, *told), Malformed)


async def an_endless_answer_is_too_large(bench: Bench) -> None:
    """An answer without bounds: `TooLarge`, before memory fills."""
    told = (None, Capability.SPANS, Capability.SNAPSHOT)
    expect(await provoked(bench, Fault.OVERSIZED, *told, impatient=False), TooLarge)


async def an_answer_that_drips_is_timed_out(bench: Bench) -> None:
    """Each byte in time, the whole never: `TimedOut`."""
    raised = await provoked(bench, Fault.DRIP, None, Capability.SPANS, Capability.SNAPSHOT)
    expect(raised, TimedOut)
    slow = [each for each in raised if each.after_s > WAITED_S]
    demand(not slow, f"{[each.call for each in slow]} waited for more than {WAITED_S:g} s")
