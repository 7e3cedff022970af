"""The rules that rights are made of, by name."""

from enum import StrEnum


class Rule(StrEnum):
    """What a basis of a right depends on; an explanation says of each whether it holds."""

    DESIGNATION = "designation"
    PURPOSE_STATED = "purpose_stated"
    ROLE = "role"
    SCOPE = "scope"
    PARTNER = "partner"
    STATE = "state"
    PERIOD = "period"
    HOURS = "hours"
    PURPOSE = "purpose"
    OFFICER = "officer"
    ACTION = "action"
    OWNER = "owner"
    RESERVED = "reserved"
    NETWORK = "network"
    KIND = "kind"
    TAGS = "tags"
    AREA = "area"
