"""One error shape. Whatever is refused or fails is a `Problem` with a code of the table below.

Over HTTP a problem becomes RFC 9457 `application/problem+json`; the command prints its detail on one line.
The detail says what happened, to what, and what to do, and never carries a secret or tells of what the
caller may not know.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    """A row of the table: the HTTP status and the title that never changes."""

    status: int
    title: str


KINDS: Final[dict[str, Kind]] = {
    # the caller must say who they are
    "token_missing": Kind(401, "No bearer token was sent"),
    "token_invalid": Kind(401, "The token is unknown, revoked or expired"),
    "session_invalid": Kind(401, "The session is unknown, ended or expired"),
    "sign_in_refused": Kind(401, "The sign-in was refused"),
    # the caller must ask somebody
    "purpose_missing": Kind(403, "No purpose was stated"),
    "not_designated": Kind(403, "The officer has no current designation"),
    "scope_missing": Kind(403, "The token's scopes do not include this"),
    "cross_site": Kind(403, "The call does not come from the broker's own pages"),
    "role_denied": Kind(403, "The officer's roles do not include this"),
    "action_denied": Kind(403, "No right and no agreement allows this"),
    "own_request": Kind(403, "Nobody decides on their own request"),
    "agreement_ended": Kind(403, "The agreement behind this is no longer in force"),
    "emergency_unreviewed": Kind(403, "An earlier emergency waits for its review"),
    "judicial_hold": Kind(403, "A judicial basis holds this footage"),
    # the caller must correct the call
    "bad_request": Kind(400, "The call could not be read"),
    "not_found": Kind(404, "There is no such thing"),
    "evidence_erased": Kind(410, "The evidence was erased after its time"),
    "snapshot_unavailable": Kind(404, "There is no snapshot of this camera"),
    "method_not_allowed": Kind(405, "This address does not take that method"),
    "invalid": Kind(422, "The call does not have the right form"),
    "purpose_unknown": Kind(422, "The purpose is not one of the configured ones"),
    "basis_unknown": Kind(422, "The legal basis is not one of the configured ones"),
    "camera_unknown": Kind(422, "The submission names an unknown camera"),
    "hold_unknown": Kind(422, "The submission names a hold that cannot become part of it"),
    "no_camera": Kind(422, "No camera fits the submission"),
    "footage_not_offered": Kind(422, "The camera's network offers no footage"),
    "interval_invalid": Kind(422, "The interval is not a start and a later end"),
    "interval_in_future": Kind(422, "The interval has not passed yet"),
    "interval_too_long": Kind(422, "The interval is longer than allowed"),
    "interval_outside": Kind(422, "The interval is not inside the requested one"),
    "cursor_invalid": Kind(422, "The cursor does not belong to this query"),
    "body_too_large": Kind(413, "The body is too large"),
    "head_too_large": Kind(431, "Address and headers are too large"),
    "call_too_slow": Kind(408, "The call was sent too slowly"),
    "password_unfit": Kind(422, "The password cannot be used"),
    "host_unknown": Kind(421, "The broker has another name"),
    "range_not_satisfiable": Kind(416, "The range lies outside the file"),
    # the caller must look at what has changed
    "state_conflict": Kind(409, "The state does not allow this any more"),
    "not_ready": Kind(409, "This is not ready yet"),
    "document_missing": Kind(409, "The agreement wants a document first"),
    "idempotency_conflict": Kind(409, "The idempotency key was used for another call"),
    "version_conflict": Kind(412, "It changed since it was read"),
    # the caller can only try again later
    "too_many_connections": Kind(503, "Too many connections are open"),
    "too_many_calls": Kind(429, "Too many calls in a short time"),
    "sign_in_locked": Kind(429, "Too many failed sign-ins"),
    "provider_unavailable": Kind(503, "The identity provider is out of reach"),
    "catalog_unavailable": Kind(503, "The catalog is out of reach"),
    "ledger_unavailable": Kind(503, "The ledger is out of reach"),
    "vault_unavailable": Kind(503, "The vault is out of reach"),
    "sealing": Kind(503, "The bundle is being sealed"),
    "storage_full": Kind(507, "There is no room left to store this"),
    "internal": Kind(500, "Something failed inside"),
}


class Problem(Exception):
    """Something that the caller is told. `code` is a row of `KINDS`; `facts` join the body."""

    def __init__(
        self, code: str, detail: str, *, retry_after_s: int | None = None, **facts: str | int | list[str]
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.kind = KINDS[code]
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.facts = facts


class SetupProblem(Exception):
    """The broker cannot start or a host command cannot run: a configuration, a folder or a lock is wrong."""


class StoreAway(SetupProblem):
    """A store does not answer: it may in a moment, where everything has just been started."""
