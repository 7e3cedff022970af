"""The process's log keeps what must not be written out of it."""

import logging

from broker.logs import configure_logs


def test_headers_of_calls_are_never_written_however_much_is() -> None:
    before = logging.getLogger("httpcore").level
    try:
        configure_logs(logging.DEBUG)
        assert not logging.getLogger("httpcore.http11").isEnabledFor(logging.DEBUG)
    finally:
        logging.getLogger("httpcore").setLevel(before)
        configure_logs(logging.WARNING)
