"""What a command says when it does not succeed: one line on standard error, and an exit status.

0 done · 1 refused, not found, or a check failed · 2 usage · 3 the server could not be reached
"""

from typing import Final

from broker.cli.texts import printable

REFUSED: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3


class Failure(Exception):
    """Ends the command with this status and line."""

    def __init__(self, message: str, status: int = REFUSED) -> None:
        super().__init__(message)
        self.message = " ".join(printable(message).split())
        self.status = status


class Stopped(Exception):
    """A signal ended the command; what it had opened is closed. Shells expect 128 + the signal."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.status = 128 + signal_number
