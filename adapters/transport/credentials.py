"""Where an adapter's secrets are, and what they are once read. Owns that they are never shown."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from adapters.contract.errors import Misconfigured


class SecretOption(BaseModel):
    """An option that is a secret: `{ file = "…" }` or `{ env = "…" }`, never the secret itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path | None = None
    env: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.file is None) == (self.env is None):
            raise ValueError("a secret is either { file = … } or { env = … }")
        return self

    def read(self, base_dir: Path) -> str:
        """The secret, its line end left off; `Misconfigured` where the file or variable is not there."""
        if self.file is None:
            value = os.environ.get(str(self.env))
            if value is None:
                raise Misconfigured(f"the secret's variable {self.env} is not set")
            return value
        file = base_dir / self.file
        try:
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise Misconfigured(f"the secret's file {file} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            raise Misconfigured(f"the secret's file {file} is not UTF-8 text") from None


@dataclass(frozen=True)
class Credentials:
    """A user and a password of any characters; the password is in no repr."""

    username: str
    password: str = field(repr=False)
