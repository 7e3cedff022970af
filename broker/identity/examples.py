"""What `/openapi.json` shows of tokens, designations, accounts and sessions."""

from typing import Final

from pydantic.config import JsonDict

OFFICER_ID: Final = "off_019ecce9928027f09b3c6d51e8a4b7c0"
TOKEN_ID: Final = "tok_019ecce9928091c77ab0d35c1f0e6a24"  # noqa: S105 - an id
DESIGNATION_ID: Final = "des_019ecce99280e5d2b13f8a7c604be911"

TOKEN: Final[JsonDict] = {
    "id": TOKEN_ID,
    "name": "map on the wall",
    "scopes": ["search"],
    "created_at": "2026-06-15T08:00:00Z",
    "expires_at": "2026-12-31T23:59:59Z",
    "used_at": "2026-06-15T09:12:00Z",
}
TOKENS: Final[JsonDict] = {"tokens": [TOKEN]}
NEW_TOKEN: Final[JsonDict] = {
    "name": "map on the wall",
    "scopes": ["search"],
    "until": "2026-12-31T23:59:59Z",
}
MADE_TOKEN: Final[JsonDict] = TOKEN | {"token": "ent_shown-once-keep-it-where-nobody-else-reads"}
DESIGNATION: Final[JsonDict] = {
    "id": DESIGNATION_ID,
    "designated_by": OFFICER_ID,
    "from": "2026-06-15T08:00:00Z",
    "until": "2027-06-14T23:59:59Z",
    "ended_by": None,
}
DESIGNATIONS: Final[JsonDict] = {"designations": [DESIGNATION]}
NEW_DESIGNATION: Final[JsonDict] = {"from": None, "until": "2027-06-14T23:59:59Z"}
NEW_ACCOUNT: Final[JsonDict] = {"username": "c.moreau"}
CODE: Final[JsonDict] = {
    "officer_id": OFFICER_ID,
    "username": "c.moreau",
    "code": "enc_shown-once-it-sets-the-password",
    "expires_at": "2026-06-16T08:00:00Z",
}
SUBJECT: Final[JsonDict] = {"provider": "ministry", "subject": "248289761001"}
SESSION: Final[JsonDict] = {
    "officer_id": OFFICER_ID,
    "agency": "police",
    "name": "Moreau Claire",
    "roles": ["investigator", "operator"],
    "designated": True,
    "purpose": "judicial_inquiry",
    "case_ref": "PV-2026-118",
    "expires_at": "2026-06-15T20:00:00Z",
    "csrf": "6f1d0a92c3b84e576f1d0a92c3b84e576f1d0a92c3b84e576f1d0a92c3b84e57",
}
