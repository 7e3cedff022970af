"""Why nothing could be cut.

CutError
├── NoFootage          readable files, yet no frame of theirs lies in the asked interval
└── UnreadableSource   no frame came out, and at least one file was damaged: ask the owner for it again
"""

from broker.evidence.cut.models import Problem


class CutError(Exception):
    """Base of both; `problems` says what was met on the way, file by file."""

    def __init__(self, message: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(message)
        self.message = message
        self.problems = problems


class NoFootage(CutError):
    """No frame with start ≤ instant < end, and nothing suggests that one was lost."""


class UnreadableSource(CutError):
    """Every file that might have held the interval is damaged or cannot be decoded."""
