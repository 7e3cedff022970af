"""Who may do what, written a second time from the published tables alone: nothing of the broker is read here.

One situation is one caller before one route. The answer is the code of the refusal, or None where the call is
allowed (what is allowed may still fail for another reason: the state, the form).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

OPERATING = frozenset({"locate", "view_snapshot", "view_live", "hold"})
ROLES = {
    "operator": OPERATING,
    "investigator": frozenset({"locate", "view_snapshot", "hold", "request_clip"}),
    "custodian": OPERATING,
    "auditor": frozenset(),
    "dpo": frozenset(),
    "administrator": frozenset(),
}
CONTROL_ROOM = frozenset({"operator", "investigator", "custodian"})
LOG_READERS = frozenset({"auditor", "dpo"})


@dataclass(frozen=True)
class Agreed:
    """What the owner lets the partner do at this moment: no action where no agreement is in force."""

    owner: str
    partner: str
    actions: frozenset[str]
    purposes: frozenset[str]
    known: bool
    """Whether there is any version of it, in force or not."""
    since_request: bool
    """Whether it has been in force since the request was made under it."""


@dataclass(frozen=True)
class Situation:
    """Who calls, for what, and what the owner agreed to. `requester` is true of who made the request and the hold."""

    agency: str
    roles: frozenset[str]
    designated: bool
    purpose: str | None
    agreed: Agreed
    requester: bool

    @property
    def owns(self) -> bool:
        return self.agency == self.agreed.owner

    @property
    def party(self) -> bool:
        return self.agreed.known and self.agency in (self.agreed.owner, self.agreed.partner)

    def actions(self, reserved: bool) -> frozenset[str]:
        """What the caller may do with a camera of the owner, for their purpose, now."""
        if not self.designated or self.purpose is None:
            return frozenset()
        if self.owns:
            roles = self.roles & {"custodian"} if reserved else self.roles
            allowed = {action for role in roles for action in ROLES[role]}
        else:
            agreed = self.agency == self.agreed.partner and self.purpose in self.agreed.purposes
            roles = self.roles - {"custodian"} if agreed and not reserved else frozenset()
            allowed = {action for role in roles for action in ROLES[role]} & self.agreed.actions
        return frozenset(allowed) if "locate" in allowed else frozenset()


Rule = Callable[[Situation], str | None]


def _stated(rule: Rule) -> Rule:
    """For calls that need a purpose and a designation before anything else."""

    def checked(caller: Situation) -> str | None:
        if caller.purpose is None:
            return "purpose_missing"
        return _designated(rule)(caller)

    return checked


def _designated(rule: Rule) -> Rule:
    return lambda caller: rule(caller) if caller.designated else "not_designated"


def _anybody(_caller: Situation) -> str | None:
    return None


def _missing(_caller: Situation) -> str | None:
    """What the path or the body names is not there for anybody."""
    return "not_found"


def _purpose_of_body(purpose: str, rule: Rule) -> Rule:
    return lambda caller: rule(replace(caller, purpose=purpose))


def _role(*roles: str, then: Rule = _anybody) -> Rule:
    return lambda caller: "role_denied" if caller.roles.isdisjoint(roles) else then(caller)


def _camera(*actions: str, reserved: bool, hidden: str = "not_found") -> Rule:
    """One of the actions on the camera; who may not locate it is told that there is none."""

    def rule(caller: Situation) -> str | None:
        allowed = caller.actions(reserved)
        if "locate" not in allowed:
            return hidden
        return None if allowed & set(actions) else "action_denied"

    return rule


def _party_reads(caller: Situation) -> str | None:
    administers = "administrator" in caller.roles and caller.agreed.known
    return None if caller.party or administers else "not_found"


def _owner_activates(caller: Situation) -> str | None:
    if not caller.party:
        return "not_found"
    return None if caller.owns else "action_denied"


def _party_ends(caller: Situation) -> str | None:
    return None if caller.party else "not_found"


def _owner_rehearses(caller: Situation) -> str | None:
    """A dry run is the owner's custodian's; whoever may not read the agreement is told that there is none."""
    return _party_reads(caller) or (None if caller.owns else "action_denied")


def _party_proposes(*parties: str) -> Rule:
    return lambda caller: None if caller.agency in parties else "action_denied"


def _knows_emergency(then: Rule) -> Rule:
    """One that an operator of the partner, who is none of the callers, started towards the owner."""

    def rule(caller: Situation) -> str | None:
        side = caller.agency in (caller.agreed.owner, caller.agreed.partner)
        reads = side and not caller.roles.isdisjoint(LOG_READERS)
        return then(caller) if reads or (caller.owns and "custodian" in caller.roles) else "not_found"

    return rule


def _reviews_emergency(caller: Situation) -> str | None:
    return None if caller.owns and "custodian" in caller.roles else "role_denied"


def _starts_emergency(caller: Situation) -> str | None:
    """Towards another carrier, whose agreement with the partner is in force throughout."""
    return None if caller.agency == caller.agreed.partner else "action_denied"


def _own_agency(code: str) -> Rule:
    return lambda caller: None if caller.owns else code


def _reads_request(caller: Situation) -> bool:
    as_requester = caller.requester and "investigator" in caller.roles
    return caller.designated and (as_requester or (caller.owns and "custodian" in caller.roles))


def _request(rule: Rule) -> Rule:
    """Calls about one request inherit its purpose; who may not read it is told that there is none."""
    return lambda caller: rule(caller) if _reads_request(caller) else "not_found"


def _decides(caller: Situation) -> str | None:
    if not (caller.owns and "custodian" in caller.roles):
        return "role_denied"
    return "own_request" if caller.requester else None


def _cancels(caller: Situation) -> str | None:
    return None if caller.requester else "role_denied"


def _fetches(caller: Situation) -> str | None:
    """To the requester, as long as what it was asked under lasts: a later agreement is another one."""
    if "investigator" not in caller.roles:
        return "role_denied"
    if not caller.requester:
        return "action_denied"
    return None if caller.owns or caller.agreed.since_request else "agreement_ended"


def _hold_seen(caller: Situation) -> str | None:
    ordered = caller.requester and not caller.roles.isdisjoint(CONTROL_ROOM)
    keeps = caller.owns and "custodian" in caller.roles
    return None if ordered or keeps else "not_found"


def _network_read(caller: Situation) -> str | None:
    shown = "administrator" in caller.roles or (caller.owns and "custodian" in caller.roles)
    return None if shown else "not_found"


REQUEST = "/v1/requests/{request_id}"
OFFICER = "/v1/officers/{officer_id}"
EMERGENCY = "/v1/emergencies/{emergency_id}"
CONCERNED = LOG_READERS | {"operator", "custodian"}

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/me"): _anybody,
    ("PUT", "/v1/me/purpose"): _anybody,
    ("GET", "/v1/cameras"): _stated(_role(*CONTROL_ROOM)),
    ("POST", "/v1/cameras/search"): _stated(_role(*CONTROL_ROOM)),
    ("GET", "/v1/places"): _stated(_role(*CONTROL_ROOM)),
    ("GET", "/v1/cameras/{camera_id}"): _stated(_camera("locate", reserved=False)),
    ("GET", "/v1/cameras/{camera_id}/snapshot"): _stated(_camera("view_snapshot", reserved=False)),
    ("GET", "/v1/cameras/{camera_id}/footage"): _stated(_camera("hold", "request_clip", reserved=False)),
    ("GET", "/v1/cameras/{reserved_id}"): _stated(_camera("locate", reserved=True)),
    ("GET", "/v1/cameras/{reserved_id}/snapshot"): _stated(_camera("view_snapshot", reserved=True)),
    ("GET", "/v1/cameras/{reserved_id}/footage"): _stated(_camera("hold", "request_clip", reserved=True)),
    ("GET", "/v1/officers"): _stated(_role("administrator")),
    ("POST", "/v1/officers"): _stated(_role("administrator", then=_own_agency("role_denied"))),
    ("DELETE", "/v1/officers/{officer_id}/tokens"): _stated(
        _role("administrator", then=_own_agency("not_found"))
    ),
    **{
        (method, f"{OFFICER}/{what}"): _stated(_role("administrator", then=_own_agency("not_found")))
        for method, what in (
            ("DELETE", "sessions"),
            ("GET", "tokens"),
            ("GET", "designations"),
            ("POST", "designations"),
            ("POST", "account"),
        )
    },
    **{
        (method, f"{OFFICER}/{what}"): _stated(_role("administrator", then=_missing))
        for method, what in (
            ("DELETE", "tokens/{token_id}"),
            ("DELETE", "designations/{designation_id}"),
            ("POST", "subjects"),
        )
    },
    ("GET", "/v1/me/tokens"): _stated(_anybody),
    ("POST", "/v1/me/tokens"): _stated(_anybody),
    ("DELETE", "/v1/me/tokens/{token_id}"): _stated(_missing),
    ("DELETE", "/v1/me/sessions"): _stated(_anybody),
    ("GET", "/v1/agreements"): _stated(_anybody),
    ("GET", "/v1/agreements/{agreement_id}"): _stated(_party_reads),
    ("POST", "/v1/agreements"): _stated(_role("custodian", then=_party_proposes("rail", "town"))),
    ("GET", "/v1/agreements/{agreement_id}/dry-run"): _stated(_role("custodian", then=_owner_rehearses)),
    ("GET", "/v1/policy/explain"): _stated(_role(*CONTROL_ROOM, then=_camera("locate", reserved=False))),
    ("GET", "/v1/notices"): _stated(_designated(_anybody)),
    ("GET", "/v1/events"): _stated(_designated(_anybody)),
    ("GET", "/v1/substitutes"): _stated(_role("administrator", "custodian")),
    ("POST", "/v1/substitutes"): _stated(_role("custodian", then=_missing)),
    ("DELETE", "/v1/substitutes/{substitution_id}"): _stated(
        _role("administrator", "custodian", then=_missing)
    ),
    ("GET", "/v1/register"): _stated(_role("dpo", "custodian")),
    ("GET", "/v1/messages"): _stated(_role("administrator")),
    ("POST", "/v1/messages/{message_id}/retry"): _stated(_role("administrator", then=_missing)),
    ("GET", "/v1/emergencies"): _stated(_role(*CONCERNED)),
    ("POST", "/v1/emergencies"): _stated(_role("operator", then=_starts_emergency)),
    ("GET", EMERGENCY): _stated(_role(*CONCERNED, then=_knows_emergency(_anybody))),
    ("POST", f"{EMERGENCY}/end"): _stated(_role(*CONCERNED, then=_knows_emergency(_reviews_emergency))),
    ("POST", f"{EMERGENCY}/review"): _stated(_role(*CONCERNED, then=_knows_emergency(_reviews_emergency))),
    ("POST", "/v1/agreements/{agreement_id}/activate"): _stated(_role("custodian", then=_owner_activates)),
    ("POST", "/v1/agreements/{agreement_id}/end"): _stated(_role("custodian", then=_party_ends)),
    ("GET", "/v1/networks"): _stated(_anybody),
    ("GET", "/v1/networks/{network_id}/quarantine"): _stated(_network_read),
    ("POST", "/v1/networks/{network_id}/confirm"): _stated(_role("administrator")),
    ("GET", "/v1/audit/entries"): _stated(_role(*LOG_READERS)),
    **dict.fromkeys(
        (
            ("GET", "/v1/audit/checkpoint"),
            ("GET", "/v1/audit/proof"),
            ("GET", "/v1/audit/consistency"),
            ("POST", "/v1/audit/cosignatures"),
        ),
        _designated(_role(*LOG_READERS)),
    ),
    ("POST", "/v1/holds"): _stated(
        _role(*CONTROL_ROOM, then=_camera("hold", reserved=False, hidden="camera_unknown"))
    ),
    ("GET", "/v1/holds"): _stated(_role(*CONTROL_ROOM)),
    ("GET", "/v1/holds/{hold_id}"): _stated(_hold_seen),
    ("POST", "/v1/holds/{hold_id}/stop"): _stated(_hold_seen),
    ("DELETE", "/v1/holds/{hold_id}"): _stated(_hold_seen),
    ("POST", "/v1/requests"): _purpose_of_body(
        "judicial_inquiry",
        _stated(_role("investigator", then=_camera("request_clip", reserved=False, hidden="camera_unknown"))),
    ),
    ("GET", "/v1/requests"): _stated(_role("investigator", "custodian")),
    ("GET", REQUEST): _request(_anybody),
    ("POST", f"{REQUEST}/approve"): _request(_decides),
    ("POST", f"{REQUEST}/deny"): _request(_decides),
    ("POST", f"{REQUEST}/cancel"): _request(_cancels),
    ("POST", f"{REQUEST}/outcome"): _request(_cancels),
    ("POST", f"{REQUEST}/documents"): _request(_cancels),
    ("GET", f"{REQUEST}/documents/{{sha256}}"): _request(_anybody),
    ("GET", f"{REQUEST}/clips/{{item}}.{{part}}.mp4"): _request(_fetches),
    ("GET", f"{REQUEST}/bundle.zip"): _request(_fetches),
}
"""Every route of the broker that is not open; `{reserved_id}` stands for `{camera_id}` of a reserved camera."""
