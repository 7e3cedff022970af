"""No secret of the configuration is seen anywhere but on its way to the recorder."""

import base64
import contextlib
import io
import logging
import traceback
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from prometheus_client import generate_latest

from adapters.conformance.bench import Bench
from adapters.conformance.faults.models import Fault
from adapters.conformance.gathering import everything
from adapters.conformance.provoking import calls_of, raised_by
from adapters.conformance.verdicts import demand
from adapters.contract.errors import AdapterError, to_wire

FAULTS: Final = (
    Fault.NONE,
    Fault.OUTAGE,
    Fault.SILENCE,
    Fault.UNAUTHORIZED,
    Fault.FAILING,
    Fault.MALFORMED,
    Fault.REDIRECT_ELSEWHERE,
)
SHORT: Final = 6
Seen = tuple[str, str]


async def no_secret_is_shown(bench: Bench) -> None:
    """Not in a repr, a log at any level, an output, an error with its causes, a metric or an answer."""
    demand(bool(bench.site.secrets) or bench.live, "the harness names no secret to look for")
    with _overheard() as heard:
        seen = [*await _of_answers(bench), *await _of_failures(bench)]
    seen += [("a log", text) for text in heard] + [("a metric", generate_latest().decode())]
    for secret in bench.site.secrets:
        for form in filter(None, dict.fromkeys((secret, *_forms(secret)))):
            places = sorted({where for where, text in seen if form in text})
            demand(not places, f"a secret is shown in {', '.join(places)}")


async def _of_answers(bench: Bench) -> list[Seen]:
    seen = [
        ("an answer", f"{model!r} {model.model_dump(mode='python')!r}") for model in await everything(bench)
    ]
    async with bench.adapter() as adapter:
        seen.append(("a repr", f"{adapter!r} {adapter}"))
        seen += [("a repr", repr(value)) for value in getattr(adapter, "__dict__", {}).values()]
    return seen


async def _of_failures(bench: Bench) -> list[Seen]:
    seen: list[Seen] = []
    if not bench.site.addresses:
        return seen
    calls = await calls_of(bench)
    async with bench.faulty(impatient=True) as network:
        for fault in FAULTS:
            await network.use(fault)
            for name, call in calls.items():
                async with bench.adapter(network.options) as adapter:
                    error = await raised_by(call, adapter, name)
                if error is not None:
                    # locals are not shown: only what somebody printing the failure would see
                    seen.append(("an error", f"{error!r} {''.join(traceback.format_exception(error))}"))
                if isinstance(error, AdapterError):
                    seen.append(("an error", repr(to_wire(error))))
    return seen


def _forms(secret: str) -> Iterator[str]:
    """The secret quoted for an address, and in base64 as basic credentials carry it; not so short that it could be
    met by chance."""
    if len(secret) < SHORT:
        return
    yield quote(secret, safe="")
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    yield encoded[:-1]
    # behind `user:` base64 falls into one of three steps
    for ahead in (1, 2):
        shifted = base64.b64encode(b"\0" * ahead + secret.encode()).decode().rstrip("=")
        yield shifted[ahead + 1 : -1]


@contextlib.contextmanager
def _overheard() -> Iterator[list[str]]:
    """Everything logged at any level or printed meanwhile."""
    heard: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())
            if record.exc_info:
                heard.append("".join(traceback.format_exception(*record.exc_info)))

    root, listener = logging.getLogger(), Listener(logging.DEBUG)
    level = root.level
    printed = io.StringIO()
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            yield heard
    finally:
        root.removeHandler(listener)
        root.setLevel(level)
        heard.append(printed.getvalue())
