"""Who signs in at the demo, and what `demo.json` tells."""

import json
from pathlib import Path
from typing import Final

from broker.agencies.authority import Authority
from broker.agencies.models import NewOfficer, Role
from broker.agencies.officers import Officers
from broker.errors import Problem

FILE: Final = "demo.json"
KEPT: Final = "officers.json"
TOKENS: Final = "tokens"
AGENCIES: Final = ("sncf", "ratp", "police")
ROLES: Final = (Role.OPERATOR, Role.INVESTIGATOR, Role.CUSTODIAN, Role.AUDITOR)

Credentials = dict[str, dict[str, str]]


def _wanted() -> dict[str, NewOfficer]:
    """Key of `demo.json` → officer. Their names say that they are invented."""
    officers = {
        f"{agency}.{role.value}": NewOfficer(
            agency=agency,
            name=f"Demo {role.value} of {agency}",
            service="Demo control room",
            personnel_number=f"DEMO-{agency.upper()}-{number}",
            roles=frozenset({role}),
            designated_by="demo",
        )
        for agency in AGENCIES
        for number, role in enumerate(ROLES, start=1)
    }
    officers["admin"] = NewOfficer(
        agency="police",
        name="Demo administrator",
        service="Demo control room",
        personnel_number="DEMO-ADMIN",
        roles=frozenset({Role.ADMINISTRATOR}),
        designated_by="demo",
    )
    return officers


def read_credentials(folder: Path) -> Credentials:
    """Officers of an earlier start; nothing where there was none or its file is damaged."""
    try:
        known = json.loads((folder / KEPT).read_text())
        return {str(name): {"id": str(o["id"]), "token": str(o["token"])} for name, o in known.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


async def sign_up(officers: Officers, authority: Authority, known: Credentials) -> Credentials:
    """Every demo officer with a token that works: the known one, or a new officer's."""
    credentials: Credentials = {}
    for name, officer in _wanted().items():
        earlier = known.get(name)
        if earlier is not None:
            try:
                await authority.authenticate(earlier["token"], None, None)
            except Problem:
                earlier = None
        if earlier is None:
            added, issued = await officers.add_officer(officer)
            earlier = {"id": added.id, "token": issued.token}
        credentials[name] = earlier
    return credentials


def keep_credentials(folder: Path, credentials: Credentials) -> None:
    """For the next start on the same folder, and each token in a file of its own for `--token-file`."""
    _write_private(folder / KEPT, credentials)
    (folder / TOKENS).mkdir(mode=0o700, exist_ok=True)
    for name, officer in credentials.items():
        _write_text(token_file(folder, name), officer["token"])


def token_file(folder: Path, name: str) -> Path:
    """Where the token of `sncf.operator`, … lies."""
    return folder / TOKENS / name


def is_demo(folder: Path) -> bool:
    """Whether an earlier demo made this folder."""
    return (folder / KEPT).exists()


def write_demo_file(folder: Path, url: str, credentials: Credentials) -> Path:
    """Says that the demo is ready, where it is and who signs in; gone when the demo stops."""
    return _write_private(folder / FILE, demo_body(url, credentials))


def demo_body(url: str, credentials: Credentials) -> dict[str, object]:
    """What the file says: where the demo answers, and everybody's id and token."""
    return {"url": url, "officers": credentials}


def _write_private(target: Path, content: object) -> Path:
    return _write_text(target, json.dumps(content, indent=2))


def _write_text(target: Path, text: str) -> Path:
    """Readable by its owner alone; written whole or not at all."""
    aside = target.with_name(f"{target.name}.new")
    aside.touch(mode=0o600)
    aside.write_text(f"{text}\n")
    return aside.replace(target)
