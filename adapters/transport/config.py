"""Options that every network reached over HTTP has. Adapters extend `HttpOptions` with their own."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from adapters.transport.credentials import Credentials, SecretOption

Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("this is no address: write it as https://host:port/path") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError("this is no address: write it as https://host:port/path")
    if "@" in parts.netloc:
        raise ValueError("an address carries no user and password: use the options username and password")
    if parts.query or parts.fragment:
        raise ValueError("an address ends with its path: leave out what follows ? or #")
    return url.rstrip("/")


class HttpOptions(BaseModel):
    """Where the recorder answers, as whom, and how long is waited. Durations in seconds.

    `auth`: `digest` and `basic` say what may be sent; `auto` takes what the recorder asks for, and `basic` only
    over TLS, because it shows the password to everybody on the way.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_address)]
    username: Annotated[str, Field(min_length=1)] | None = None
    password: SecretOption | None = None
    auth: Literal["auto", "digest", "basic"] = "auto"
    ca_file: Path | None = None
    connect_timeout_s: Seconds = 5
    read_timeout_s: Seconds = 15
    call_timeout_s: Seconds = 60
    download_timeout_s: Seconds = 3600
    max_concurrent_calls: Annotated[int, Field(ge=1, le=64)] = 8

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.username is not None and any(character in self.username for character in '\\"\r\n\0'):
            raise ValueError("username holds a character that HTTP cannot carry in it")
        if self.auth == "basic" and ":" in (self.username or ""):
            raise ValueError("username holds a colon, which basic authentication cannot carry")
        return self

    def credentials(self, base_dir: Path) -> Credentials | None:
        """Whom to sign in as, None where nobody is stated; `Misconfigured` where the secret is not there."""
        if self.username is None or self.password is None:
            return None
        return Credentials(self.username, self.password.read(base_dir))
