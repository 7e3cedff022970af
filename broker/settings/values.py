"""What the values of the configuration are: numbers with limits, names, secrets."""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from broker.errors import SetupProblem

Seconds = Annotated[float, Field(gt=0, le=10**9, allow_inf_nan=False)]
Days = Annotated[float, Field(gt=0, le=36_525, allow_inf_nan=False)]
HoursLong = Annotated[float, Field(gt=0, le=24 * 366, allow_inf_nan=False)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Degrees = Annotated[float, Field(allow_inf_nan=False)]
Box = tuple[Degrees, Degrees, Degrees, Degrees]
ActionName = Literal["locate", "view_snapshot", "view_live", "hold", "request_clip"]
RoleName = Literal["operator", "investigator", "custodian", "auditor", "dpo", "administrator"]
KindName = Literal["fixed", "ptz", "dome", "mobile"]


def is_loopback(host: str | None) -> bool:
    """Whether the host of an address is this machine, whatever any name server says."""
    if host is None:
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Secret(Section):
    """Where a secret is: `{ file = "…" }` or `{ env = "…" }`. It is read when it is used, never shown."""

    file: Path | None = None
    env: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.file is None) == (self.env is None):
            raise ValueError("a secret is either { file = … } or { env = … }")
        return self

    def read(self) -> str:
        """The secret; `SetupProblem` when the file or variable is not there."""
        if self.file is not None:
            try:
                return self.file.read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SetupProblem(
                    f"the secret's file {self.file} cannot be read: {error.strerror}"
                ) from error
            except UnicodeDecodeError:
                raise SetupProblem(f"the secret's file {self.file} is not UTF-8 text") from None
        value = os.environ.get(str(self.env))
        if value is None:
            raise SetupProblem(f"the secret's variable {self.env} is not set")
        return value


def text_of(value: str | Secret) -> str:
    """What is written there, or in the secret that it names."""
    return value if isinstance(value, str) else value.read()
