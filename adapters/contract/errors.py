"""What goes wrong at a recorder, grouped by what the caller should do next.

AdapterError
├── TryLater            the same call may succeed later; `retry_after_s` when the recorder said when
│   ├── Unreachable     no connection
│   ├── TimedOut        no answer in time
│   └── Throttled       told to slow down
├── AskOwner            somebody has to change something at the owner's side or in the configuration
│   ├── Refused         the recorder refused our credentials
│   └── Misconfigured   the network's options do not fit what is there
└── GiveUp              trying again will not help
    ├── NotSupported    the adapter does not declare this capability
    ├── NotFound        no such camera, hold or footage
    ├── Malformed       the answer cannot be understood
    └── TooLarge        the answer exceeds a limit

Messages are shown to people: they say what happened, to what, and never carry a secret. Every error
survives serialisation by `to_wire` and `from_wire`.
"""

from typing import ClassVar


class AdapterError(Exception):
    """Base of all; raised only through its named subclasses."""

    code: ClassVar[str] = "adapter_error"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s


class TryLater(AdapterError):
    code = "try_later"


class Unreachable(TryLater):
    code = "unreachable"


class TimedOut(TryLater):
    code = "timed_out"


class Throttled(TryLater):
    code = "throttled"


class AskOwner(AdapterError):
    code = "ask_owner"


class Refused(AskOwner):
    code = "refused"


class Misconfigured(AskOwner):
    code = "misconfigured"


class GiveUp(AdapterError):
    code = "give_up"


class NotSupported(GiveUp):
    code = "not_supported"


class NotFound(GiveUp):
    code = "not_found"


class Malformed(GiveUp):
    code = "malformed"


class TooLarge(GiveUp):
    code = "too_large"


BY_CODE: dict[str, type[AdapterError]] = {
    kind.code: kind
    for kind in (
        TryLater,
        AskOwner,
        GiveUp,
        Unreachable,
        TimedOut,
        Throttled,
        Refused,
        Misconfigured,
        NotSupported,
        NotFound,
        Malformed,
        TooLarge,
    )
}


def to_wire(error: AdapterError) -> dict[str, str | float | None]:
    """`{code, message, retry_after_s}`, for an agent at the owner's site to send."""
    return {"code": error.code, "message": error.message, "retry_after_s": error.retry_after_s}


def from_wire(code: str, message: str, retry_after_s: float | None = None) -> AdapterError:
    """The error that `to_wire` described; KeyError for a code that this version does not know."""
    return BY_CODE[code](message, retry_after_s=retry_after_s)
