"""Every check, as a table one can read: its claim, what an adapter must declare for it, and what is played."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from adapters.conformance.bench import Bench
from adapters.conformance.checks import (
    borders,
    bugs,
    capabilities,
    endings,
    failures,
    footage,
    health,
    holds,
    identity,
    pages,
    positions,
    records,
    secrets,
    snapshots,
    times,
)
from adapters.conformance.harness import Situation
from adapters.contract.capabilities import Capability


@dataclass(frozen=True)
class Check:
    """One claim. `needs` are capabilities without which it says nothing; those `over_network` put faulty servers
    before the network; `live` ones can be run against a network in use, which they only read."""

    claim: Callable[[Bench], Awaitable[None]]
    needs: frozenset[Capability] = frozenset()
    situation: Situation = Situation.NORMAL
    over_network: bool = False
    live: bool = False

    @property
    def name(self) -> str:
        return self.claim.__name__

    @property
    def says(self) -> str:
        """The claim in words."""
        return (self.claim.__doc__ or "").strip()


SPANS: Final = frozenset({Capability.SPANS})
FOOTAGE: Final = frozenset({Capability.SPANS, Capability.FOOTAGE})
SNAPSHOT: Final = frozenset({Capability.SNAPSHOT})
CLOCK: Final = frozenset({Capability.CLOCK})
HOLD: Final = frozenset({Capability.HOLD})
HEALTH: Final = frozenset({Capability.HEALTH})

CHECKS: Final[tuple[Check, ...]] = (
    Check(identity.ids_are_the_same_in_two_listings, live=True),
    Check(identity.ids_are_the_same_after_a_restart, live=True),
    Check(identity.no_camera_is_listed_twice, live=True),
    Check(identity.an_unknown_camera_is_not_found, live=True),
    Check(records.the_records_are_those_expected),
    Check(records.unknown_is_none, live=True),
    Check(records.every_model_survives_serialisation, live=True),
    Check(records.one_bad_record_is_skipped_and_counted, situation=Situation.ONE_BAD_RECORD),
    Check(positions.coordinates_are_finite_and_in_range, live=True),
    Check(positions.cameras_stand_in_the_declared_area, live=True),
    Check(pages.every_page_is_read_once, over_network=True),
    Check(pages.a_repeated_page_is_reported, over_network=True, situation=Situation.REPEATED_PAGE),
    Check(pages.a_truncated_listing_is_reported, over_network=True, situation=Situation.TRUNCATED_LISTING),
    Check(capabilities.capabilities_are_those_of_the_manifest, live=True),
    Check(capabilities.what_is_not_declared_is_not_supported, live=True),
    Check(times.every_instant_is_aware, live=True),
    Check(times.times_told_in_the_recorders_zone_are_right, SPANS, Situation.LOCAL_ZONE),
    Check(times.both_passes_of_the_repeated_hour_are_told_apart, SPANS, Situation.REPEATED_HOUR),
    Check(times.the_clocks_offset_has_its_sign, CLOCK, Situation.CLOCK_AHEAD),
    Check(footage.spans_are_those_of_the_recorder, SPANS),
    Check(footage.spans_are_sorted_and_disjoint, SPANS, live=True),
    Check(footage.spans_lie_inside_what_was_asked, SPANS, live=True),
    Check(footage.gaps_are_kept, SPANS),
    Check(footage.nothing_is_opened_where_nothing_is, FOOTAGE),
    Check(footage.opened_footage_covers_exactly_the_spans, FOOTAGE, live=True),
    Check(footage.opened_files_hold_what_they_promise, FOOTAGE, live=True),
    Check(footage.stream_metadata_is_true, FOOTAGE, live=True),
    Check(snapshots.a_snapshot_decodes, SNAPSHOT, live=True),
    Check(snapshots.a_snapshot_is_of_the_camera_that_was_asked, SNAPSHOT),
    Check(snapshots.a_snapshots_time_is_the_recorders, SNAPSHOT),
    Check(holds.a_hold_keeps_what_there_is, HOLD),
    Check(holds.the_same_order_is_the_same_hold, HOLD),
    Check(holds.a_released_hold_is_gone, HOLD),
    Check(health.health_is_told_as_it_changes, HEALTH, Situation.HEALTH_CHANGES),
    Check(failures.an_outage_is_unreachable, over_network=True),
    Check(failures.a_broken_connection_is_tried_later, over_network=True),
    Check(failures.silence_is_timed_out, over_network=True),
    Check(failures.a_wrong_password_is_refused, over_network=True),
    Check(failures.a_missing_right_is_refused, over_network=True),
    Check(failures.throttling_says_when_to_come_back, over_network=True),
    Check(failures.a_failing_recorder_is_tried_later, over_network=True),
    Check(failures.garbage_is_malformed, over_network=True),
    Check(failures.an_endless_answer_is_too_large, over_network=True),
    Check(failures.an_answer_that_drips_is_timed_out, over_network=True),
    Check(borders.a_redirect_elsewhere_is_not_followed, over_network=True),
    Check(borders.an_address_elsewhere_is_not_called, over_network=True),
    Check(borders.a_certificate_that_nobody_vouches_for_is_refused, over_network=True),
    Check(borders.the_owners_authority_is_trusted, over_network=True),
    Check(endings.cancelling_closes_connections, over_network=True),
    Check(endings.leaving_footage_early_closes_its_connection, FOOTAGE, over_network=True),
    Check(endings.closing_leaves_no_connection, over_network=True),
    Check(endings.a_listing_that_is_left_early_can_be_started_again, live=True),
    Check(secrets.no_secret_is_shown, over_network=True, live=True),
    Check(bugs.an_unplanned_exception_is_not_renamed),
)
