"""What a provider's claims make of a person: pure functions, denied unless everything is there."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ConfigDict

from broker.agencies.models import Role
from broker.identity.models import Model
from broker.settings.sections import IdentityProviderSettings

LONGEST: Final = 200


class NamedPerson(Model):
    """An officer as the claims have them, in full."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agency: str
    name: str
    service: str
    personnel_number: str
    roles: frozenset[Role]


def agency_of(provider: IdentityProviderSettings, claims: Mapping[str, Any]) -> str | None:
    """The agency that the person is of, None where the claims name none that is configured."""
    if provider.agency_claim is None:
        return provider.agency
    said = claims.get(provider.agency_claim)
    return provider.agencies.get(said) if isinstance(said, str) else None


def person_of(provider: IdentityProviderSettings, claims: Mapping[str, Any]) -> NamedPerson | None:
    """None where anything is missing: an agency, a name, a service, a personnel number, or a role."""
    agency, roles = agency_of(provider, claims), _roles_of(provider, claims)
    texts = [
        _text(claims.get(claim))
        for claim in (provider.name_claim, provider.service_claim, provider.personnel_number_claim)
    ]
    if agency is None or not roles or None in texts:
        return None
    name, service, number = (str(text) for text in texts)
    return NamedPerson(agency=agency, name=name, service=service, personnel_number=number, roles=roles)


def _roles_of(provider: IdentityProviderSettings, claims: Mapping[str, Any]) -> frozenset[Role]:
    said = claims.get(provider.role_claim) if provider.role_claim is not None else None
    words = said if isinstance(said, list) else [said]
    named = (provider.roles.get(word, ()) for word in words if isinstance(word, str))
    return frozenset(Role(role) for roles in named for role in roles)


def _text(value: object) -> str | None:
    """A line of text; numbers as personnel numbers are often written."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    line = value.strip()
    return line if line.isprintable() and 0 < len(line) <= LONGEST else None
