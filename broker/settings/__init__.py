"""The configuration: a TOML file, overridden by `ENTREVUE_…` variables (`ENTREVUE_BROKER__DATA`).

Built once, in the command line's entry. Unknown keys are refused.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

from pydantic import ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from broker.errors import SetupProblem
from broker.settings.sections import (
    AgencySettings,
    AgreementSettings,
    BrokerSettings,
    IdentityProviderSettings,
    LimitSettings,
    MailSettings,
    NetworkSettings,
    SessionSettings,
    WebhookSettings,
)


class Settings(BaseSettings):
    """Everything that is configured. `base_dir` is where relative paths start: the file's folder."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_prefix="ENTREVUE_", env_nested_delimiter="__"
    )

    broker: BrokerSettings = BrokerSettings()
    agency: tuple[AgencySettings, ...] = ()
    network: tuple[NetworkSettings, ...] = ()
    agreement: tuple[AgreementSettings, ...] = ()
    session: SessionSettings = SessionSettings()
    limits: LimitSettings = LimitSettings()
    identity_provider: tuple[IdentityProviderSettings, ...] = ()
    webhook: tuple[WebhookSettings, ...] = ()
    mail: MailSettings | None = None
    base_dir: Path = Path()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables win over the file; no other source."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        _check_unique("agency", [agency.id for agency in self.agency])
        if any(agency.id == "log.pem" for agency in self.agency):
            raise ValueError("agency 'log.pem': the log's key is called so, choose another id")
        _check_unique("network", [network.id for network in self.network])
        _check_unique("identity provider", [provider.id for provider in self.identity_provider])
        _check_unique("webhook", [webhook.id for webhook in self.webhook])
        agencies = {agency.id for agency in self.agency}
        if unknown := {webhook.agency for webhook in self.webhook} - agencies:
            raise ValueError(f"a webhook names the unknown agency {sorted(unknown)[0]!r}")
        if self.mail is None and any(agency.mail for agency in self.agency):
            raise ValueError("an agency has mail addresses and there is no [mail] that says by which server")
        for provider in self.identity_provider:
            named = {provider.agency} if provider.agency is not None else set(provider.agencies.values())
            if provider.id == "local":
                raise ValueError("an identity provider is not called 'local': that is for local accounts")
            if unknown := named - agencies:
                raise ValueError(
                    f"identity provider {provider.id!r} names the unknown agency {min(unknown)!r}"
                )
        for network in self.network:
            if network.agency not in agencies:
                raise ValueError(f"network {network.id!r} names the unknown agency {network.agency!r}")
        self.check_agreements(self.agreement)
        return self

    def check_agreements(self, agreements: Sequence[AgreementSettings]) -> None:
        """Passes where each fits the agencies, networks and purposes here; ValueError says which does not."""
        _check_unique("agreement", [agreement.id for agreement in agreements])
        agencies = {agency.id for agency in self.agency}
        networks = {network.id: network.agency for network in self.network}
        for agreement in agreements:
            self._check_agreement(agreement, agencies, networks)

    def _check_agreement(
        self, agreement: AgreementSettings, agencies: set[str], networks: dict[str, str]
    ) -> None:
        unknown = {agreement.owner, *agreement.partners} - agencies
        if unknown:
            raise ValueError(f"agreement {agreement.id!r} names the unknown agency {sorted(unknown)[0]!r}")
        for network in agreement.networks or ():
            if networks.get(network) != agreement.owner:
                raise ValueError(f"agreement {agreement.id!r}: {network!r} is no network of its owner")
        purposes = set(agreement.purposes) - set(self.broker.purposes)
        if purposes:
            raise ValueError(f"agreement {agreement.id!r}: purpose {sorted(purposes)[0]!r} is not configured")


def _check_unique(what: str, ids: Sequence[str]) -> None:
    repeated = {name for name in ids if ids.count(name) > 1}
    if repeated:
        raise ValueError(f"{what} {sorted(repeated)[0]!r} is defined twice")


SECTIONS: Final = frozenset(
    {"broker", "agency", "network", "agreement", "session", "limits", "identity_provider", "webhook", "mail"}
)


def _described(error: ValidationError) -> str:
    """Every wrong key with what is wrong, without the values: one may be a secret in the wrong place."""
    wrong = [
        (".".join(str(part) for part in one["loc"]) or "configuration", one["msg"])
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return "; ".join(f"{where}: {what}" for where, what in wrong)


def load_settings(file: Path | None, data: Path | None = None) -> Settings:
    """The settings of a file, or of the defaults where there is none; `data` overrides the data folder.

    Without a file, `entrevue.toml` inside the data folder is used where it exists, which is how commands
    with `--data` find the broker's own configuration. `SetupProblem` names the keys that are wrong.
    """
    if file is None and data is not None and (data / "entrevue.toml").is_file():
        file = data / "entrevue.toml"
    raw: dict[str, Any] = {}
    if file is not None:
        try:
            raw = tomllib.loads(file.read_text())
        except OSError as error:
            raise SetupProblem(f"the configuration {file} cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SetupProblem(f"the configuration {file} is not TOML: {error}") from error
        unknown = ", ".join(repr(key) for key in sorted(set(raw) - SECTIONS))
        if unknown:
            raise SetupProblem(f"the configuration {file} has the unknown key {unknown}")
    base_dir = file.resolve().parent if file is not None else Path.cwd()
    try:
        settings = Settings(**raw, base_dir=base_dir)
    except ValidationError as error:
        raise SetupProblem(f"{file or 'the environment'}: {_described(error)}") from None
    except SettingsError as error:
        raise SetupProblem(f"the environment: {error}") from None
    folder = data.resolve() if data is not None else (base_dir / settings.broker.data).resolve()
    return settings.model_copy(update={"broker": settings.broker.model_copy(update={"data": folder})})
