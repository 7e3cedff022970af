"""`entrevue doctor`: is this set-up sound?"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

import typer

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError
from adapters.contract.models import Rejection
from broker.app import Host, known_adapters, open_recorders
from broker.audit.tree.keys import FILE, read_log_key, witness_keys
from broker.cli.configured import settings_of
from broker.cli.failures import Failure
from broker.cli.hosting import run, this_host
from broker.cli.options import HostOptions, host_command
from broker.cli.output import print_json, print_table, waiting
from broker.errors import SetupProblem
from broker.ledger.inspection import describe
from broker.settings import Settings
from broker.settings.sections import Address
from broker.stores import key_folder, ledger_place, vault_place
from broker.vault.store import Vault

RENEWAL: Final = timedelta(days=122)
"""Four months, in which its renewal is asked for and answered."""


@dataclass(frozen=True)
class Finding:
    subject: str
    ok: bool
    says: str


def add_to(app: typer.Typer) -> None:
    app.command("doctor", help="Check the configuration, the data folder and every network.")(doctor)


@host_command
def doctor(
    options: HostOptions,
    network: Annotated[str | None, typer.Option(help="Only this network.")] = None,
) -> None:
    settings = settings_of(options)
    if network is not None and network not in {n.id for n in settings.network}:
        raise Failure(f"there is no network {network!r} in the configuration")
    findings = [Finding("configuration", True, f"{len(settings.network)} networks"), _data_folder(settings)]
    findings += [_ledger(settings), _log_key(settings), *_vaults(settings), *_authorisations(settings)]
    with waiting("asking every network for its cameras"):
        findings += run(lambda: _networks(settings, this_host(), network))
    if options.as_json:
        print_json({"findings": [vars(finding) for finding in findings]})
    else:
        print_table(("what", "", "says"), ((f.subject, "ok" if f.ok else "WRONG", f.says) for f in findings))
    wrong = [finding for finding in findings if not finding.ok]
    if wrong:
        raise Failure(f"{len(wrong)} of {len(findings)} checks failed: {wrong[0].subject}: {wrong[0].says}")


def _data_folder(settings: Settings) -> Finding:
    folder = settings.broker.data
    if not folder.exists():
        return Finding("data folder", True, f"{folder} will be made at first start")
    if folder.stat().st_mode & 0o077:
        return Finding("data folder", False, f"{folder} is open to others: chmod 700 {folder}")
    return Finding("data folder", True, str(folder))


def _ledger(settings: Settings) -> Finding:
    """Whether the database that is configured does; the embedded file is the data folder's."""
    try:
        return Finding("ledger", True, describe(ledger_place(settings)))
    except SetupProblem as problem:
        return Finding("ledger", False, str(problem))


def _vaults(settings: Settings) -> list[Finding]:
    """Whether what is put into a vault comes back; the embedded one is the data folder's."""
    urls = {"vault": settings.broker.storage_url}
    urls |= {f"vault of {agency.id}": agency.vault_url for agency in settings.agency}
    return [_vault(settings, subject, url) for subject, url in urls.items() if url is not None]


def _vault(settings: Settings, subject: str, url: Address) -> Finding:
    try:
        place = vault_place(settings, url)
        run(lambda: Vault(place).try_out())
    except Failure as failure:
        return Finding(subject, False, failure.message)
    except (OSError, SetupProblem) as problem:
        return Finding(subject, False, str(problem))
    return Finding(subject, True, str(place))


def _authorisations(settings: Settings) -> list[Finding]:
    """Whether each network's prefectoral authorisation lasts long enough to be renewed."""
    today = this_host().clock.now().date()
    return [
        Finding(
            f"authorisation of {network.id}",
            until - today >= RENEWAL,
            f"{network.authorisation or 'without a number'} {'ended' if until < today else 'ends'} on {until}",
        )
        for network in settings.network
        if (until := network.authorised_until) is not None
    ]


def _log_key(settings: Settings) -> Finding:
    """Whether the log's key can sign, as far as its file tells, and the witnesses' keys can be read."""
    folder = key_folder(settings)
    try:
        witnesses = witness_keys((agency.id, agency.witness) for agency in settings.agency)
        if not (folder / FILE).exists():
            return Finding("log key", True, f"{folder / FILE} will be made at first start")
        key = read_log_key(folder, settings.broker.origin)
    except SetupProblem as problem:
        return Finding("log key", False, str(problem))
    return Finding("log key", True, f"{key.verifier.text}; {len(witnesses)} witnesses")


async def _networks(settings: Settings, host: Host, only: str | None) -> list[Finding]:
    findings = []
    async with open_recorders(settings, host) as recorders:
        for network in recorders.networks:
            if only not in (None, network.id):
                continue
            if network.adapter not in known_adapters():
                says = f"no adapter is called {network.adapter!r}; known: {', '.join(known_adapters())}"
                findings.append(Finding(network.id, False, says))
                continue
            try:
                recorder = recorders.get(network.id)
                found = rejected = 0
                async with asyncio.timeout(60):
                    async for part in recorder.cameras():
                        bad = sum(isinstance(record, Rejection) for record in part)
                        found, rejected = found + len(part) - bad, rejected + bad
            except AdapterError as error:
                findings.append(Finding(network.id, False, f"{error.code}: {error.message}"))
            except TimeoutError:
                findings.append(Finding(network.id, False, "no complete list of cameras within 60 s"))
            else:
                abilities = (
                    " ".join(sorted(Capability(c).value for c in recorder.capabilities)) or "list only"
                )
                findings.append(
                    Finding(network.id, True, f"{found} cameras, {rejected} rejected; can: {abilities}")
                )
    return findings
