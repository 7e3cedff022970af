"""Where a vault is: a folder, or a bucket of an object store that speaks S3.

`s3://BUCKET/PREFIX?endpoint=https://HOST:PORT&region=R&access_key_id=K&secret_access_key=S`; a value's own `&` and
`%` are percent-encoded. Without keys those of the machine are used (`AWS_ACCESS_KEY_ID` and its like).
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote, urlsplit

from obstore.store import S3Store

from broker.errors import SetupProblem

if TYPE_CHECKING:
    from obstore.store import S3Config

KEYS: Final = ("access_key_id", "secret_access_key")
KNOWN: Final = frozenset({"endpoint", "region", *KEYS})
HOW: Final = "write s3://BUCKET/PREFIX?endpoint=https://HOST:PORT&region=REGION, or file:///FOLDER"
ANSWER_S: Final = 30
RETRIES: Final = 3


@dataclass(frozen=True)
class Bucket:
    """A place in an object store. Its keys are in it: they are shown to nobody."""

    name: str
    prefix: str
    endpoint: str | None
    region: str
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        at = f" at {self.endpoint}" if self.endpoint else ""
        return f"s3://{self.name}/{self.prefix}{at}"

    def open(self) -> S3Store:
        """A client of it; nothing is asked yet. A server that restarts is bridged for some seconds."""
        config: S3Config = {"region": self.region}
        if self.endpoint is not None:
            config["endpoint"] = self.endpoint
            config["virtual_hosted_style_request"] = False
        if self.access_key_id is not None and self.secret_access_key is not None:
            config["access_key_id"] = self.access_key_id
            config["secret_access_key"] = self.secret_access_key
        plain = self.endpoint is not None and self.endpoint.startswith("http://")
        return S3Store(
            self.name,
            prefix=self.prefix or None,
            config=config,
            client_options={"allow_http": plain, "timeout": timedelta(seconds=ANSWER_S)},
            retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=ANSWER_S)},
        )


def holds_keys(address: str) -> bool:
    """Whether the address names who signs in."""
    try:
        parts = urlsplit(address)
        return "@" in parts.netloc or any(name in parse_qs(parts.query) for name in KEYS)
    except ValueError:
        return False


def parsed(address: str) -> Path | Bucket:
    """`SetupProblem` for what is no address of a vault; the problem does not repeat it."""
    try:
        parts = urlsplit(address)
        asked = {
            name: values[-1]
            for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()
        }
    except ValueError:
        raise SetupProblem(f"the address of a vault cannot be read: {HOW}") from None
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/") and not parts.query:
        return Path(unquote(parts.path))
    if parts.scheme != "s3" or not parts.netloc or set("@:") & set(parts.netloc) or parts.fragment:
        raise SetupProblem(f"the address of a vault cannot be read: {HOW}")
    if unknown := sorted(asked.keys() - KNOWN):
        raise SetupProblem(f"the address of a vault has an unknown {unknown[0]}: {HOW}")
    endpoint = asked.get("endpoint")
    if endpoint is not None and not endpoint.startswith(("http://", "https://")):
        raise SetupProblem("the endpoint of a vault begins with https:// or http://")
    if len([name for name in KEYS if name in asked]) == 1:
        raise SetupProblem(f"the address of a vault has one of {' and '.join(KEYS)}: write both or none")
    return Bucket(
        name=parts.netloc,
        prefix=parts.path.strip("/"),
        endpoint=endpoint,
        region=asked.get("region", "us-east-1"),
        access_key_id=asked.get("access_key_id"),
        secret_access_key=asked.get("secret_access_key"),
    )
