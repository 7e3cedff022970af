"""What may be asked of footage, by whom and for how long it may be kept; requests and urgent holds share it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from adapters.contract.capabilities import Capability
from adapters.contract.models import Interval
from broker.agencies.models import Action
from broker.agencies.policy import ActionMasks, Basis
from broker.catalog.models import Camera
from broker.errors import Problem

ASKED_FOR: Final = {Action.HOLD: "holding", Action.REQUEST_CLIP: "requesting"}


def check_interval(interval: Interval, at: datetime, longest_s: float) -> None:
    """Refuses what has not passed yet and what is longer than allowed."""
    if interval.end > at:
        raise Problem(
            "interval_in_future", f"{interval} has not passed yet: ask for it once it has been recorded"
        )
    if interval.duration.total_seconds() > longest_s:
        raise Problem(
            "interval_too_long", f"{interval} is longer than the allowed {longest_s:g} s: shorten it"
        )


def check_open(start: datetime, at: datetime, longest_s: float) -> None:
    """Refuses an open interval that begins later than now, or that is longer than allowed by now."""
    if start > at:
        raise Problem(
            "interval_in_future", f"{start.isoformat()} has not come yet: an open hold begins by now"
        )
    if (at - start).total_seconds() >= longest_s:
        raise Problem(
            "interval_too_long", f"from {start.isoformat()} on is longer than the allowed {longest_s:g} s"
        )


def check_located(masks: ActionMasks, cameras: Sequence[Camera], wanted: Iterable[str]) -> None:
    """`camera_unknown` names what is wanted and is not there or is hidden: both in the same words."""
    located = {camera.id for i, camera in enumerate(cameras) if masks.allows(Action.LOCATE, i)}
    unknown = sorted(set(wanted) - located)
    if unknown:
        raise Problem("camera_unknown", f"there is no camera {', '.join(unknown)}", cameras=unknown)


def footage_grants(
    masks: ActionMasks, action: Action, camera: Camera, index: int, interval: Interval
) -> tuple[Basis, ...]:
    """The bases that allow the action on this much of the camera's footage; `Problem` where there is none.

    `index` is the camera's row in the masks; the action is one of `ASKED_FOR`.
    """
    grants = masks.grants(action, index)
    if not grants:
        raise Problem(
            "action_denied",
            f"no role and agreement of yours allows {ASKED_FOR[action]} {camera.id}",
            cameras=[camera.id],
        )
    if Capability.FOOTAGE not in camera.offers:
        raise Problem(
            "footage_not_offered",
            f"{camera.id} shares its location only: its network hands out no footage",
            cameras=[camera.id],
        )
    long_enough = tuple(grant for grant in grants if grant.allows_interval(interval))
    if not long_enough:
        raise Problem(
            "interval_too_long",
            f"{interval} is longer than the agreement allows for {camera.id}: shorten it",
            cameras=[camera.id],
        )
    return long_enough


def longest_hold_days(grants: Sequence[Basis]) -> float | None:
    """For how long the most generous of the bases lets footage be kept, None without limit."""
    days = [None if grant.agreement is None else grant.agreement.terms.hold_max_days for grant in grants]
    limits = [limit for limit in days if limit is not None]
    return max(limits) if limits and len(limits) == len(days) else None


def longest_clip_s(grants: Sequence[Basis]) -> float | None:
    """The longest interval that the most generous of the bases lets be asked for, None without limit."""
    longest = [None if grant.agreement is None else grant.agreement.terms.max_clip_s for grant in grants]
    limits = [limit for limit in longest if limit is not None]
    return max(limits) if limits and len(limits) == len(longest) else None


def hold_until(at: datetime, *limits_days: float | None) -> datetime | None:
    """The earliest of the limits, None where there is none."""
    days = [limit for limit in limits_days if limit is not None]
    return at + timedelta(days=min(days)) if days else None
