"""Checks a network in use: those of the suite that only read, and need to know nothing beforehand."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from adapters.conformance.bench import Bench
from adapters.conformance.running import LONGEST_CHECK_S
from adapters.conformance.table import CHECKS
from adapters.conformance.verdicts import NotConformant, Outcome, Result
from adapters.contract.errors import AdapterError
from adapters.transport.credentials import SecretOption

SET_UP: Final = "the_adapter_can_be_set_up"
SECRET_WORDS: Final = ("key", "passphrase", "password", "secret", "token")


def secrets_in(options: Mapping[str, Any], base_dir: Path) -> Iterator[str]:
    """What the options' secrets are: the values of `{ file = … }` and `{ env = … }` under names that say so."""
    for name, value in options.items():
        if isinstance(value, Mapping):
            if set(value) <= SecretOption.model_fields.keys() and any(word in name for word in SECRET_WORDS):
                yield SecretOption.model_validate(value).read(base_dir)
            else:
                yield from secrets_in(value, base_dir)


async def check_live(bench: Bench) -> AsyncIterator[Outcome]:
    """The checks that a network in use bears, one after the other. They read, and change nothing."""
    try:
        async with bench.adapter() as adapter:
            offered = adapter.capabilities
    except AdapterError as error:
        yield Outcome(SET_UP, Result.FAILED, f"{error.code}: {error.message}")
        return
    for check in CHECKS:
        if not check.live:
            continue
        missing = sorted(check.needs - offered)
        if missing:
            yield Outcome(check.name, Result.LEFT_OUT, f"does not offer {', '.join(missing)}")
            continue
        try:
            async with asyncio.timeout(LONGEST_CHECK_S):
                await check.claim(bench)
        except NotConformant as error:
            yield Outcome(check.name, Result.FAILED, str(error))
        except AdapterError as error:
            yield Outcome(check.name, Result.FAILED, f"{error.code}: {error.message}")
        except TimeoutError:
            yield Outcome(check.name, Result.FAILED, f"did not end within {LONGEST_CHECK_S:g} s")
        except Exception as error:
            yield Outcome(check.name, Result.FAILED, f"a bug of the adapter: {type(error).__name__}")
        else:
            yield Outcome(check.name, Result.PASSED, check.says)
