"""The process's own log: one JSON object a line on standard error, warnings and above unless told otherwise.

It never carries secrets, tokens, pictures or case texts: modules log ids and codes, and a failure is logged without
the local variables of its frames.
"""

import logging
import sys

import structlog
from structlog.tracebacks import ExceptionDictTransformer


def configure_logs(level: int = logging.WARNING) -> None:
    """Called once, in the command line's entry."""
    logging.getLogger("httpcore").setLevel(logging.INFO)  # below, it writes out headers: cookies and tokens
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
