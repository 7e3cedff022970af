"""Holds as they leave over HTTP."""

from pydantic import ConfigDict

from adapters.contract.models import Interval
from broker.holds import examples
from broker.holds.models import Hold
from broker.http.calls import InstantView, View


class HeldView(View):
    """What is really kept. `interval` spans all of `intervals`; null where nothing is kept."""

    interval: str | None
    intervals: list[str]
    how: str | None
    state: str
    state_reason: str | None
    until: InstantView | None


class HoldView(View):
    """An order to keep footage, and what became of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.HOLD]})

    id: str
    camera_id: str
    agency: str
    requested: str
    reason: str
    ordered_at: InstantView
    ordered_by: str
    order_id: str | None
    request_id: str | None
    judicial: bool
    released_at: InstantView | None
    held: HeldView


class HoldList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.HOLDS]})

    holds: list[HoldView]
    links: list[dict[str, str]]


def hull(intervals: tuple[Interval, ...]) -> str | None:
    """From the first start to the last end."""
    if not intervals:
        return None
    return str(Interval(start=intervals[0].start, end=intervals[-1].end))


def held_view(hold: Hold) -> HeldView:
    return HeldView(
        interval=hull(hold.held),
        intervals=[str(held) for held in hold.held],
        how=hold.how.value if hold.how else None,
        state=hold.state.value,
        state_reason=hold.state_reason,
        until=hold.over_since,
    )


def hold_view(hold: Hold) -> HoldView:
    return HoldView(
        id=hold.id,
        camera_id=hold.camera.id,
        agency=hold.camera.agency,
        requested=str(hold.interval),
        reason=hold.reason,
        ordered_at=hold.ordered_at,
        ordered_by=hold.agency,
        order_id=hold.order_id,
        request_id=hold.request_id,
        judicial=hold.judicial,
        released_at=hold.released_at,
        held=held_view(hold),
    )
