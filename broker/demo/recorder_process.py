"""Runs the live recorder as a child process, so that encoding never holds up the broker's own threads.

The two talk over the child's standard input alone: the order is its first line, and its end, which also
comes when the parent dies by any signal, tells the child to complete its files and leave.
"""

import select
import signal
import subprocess
import sys
from datetime import UTC, datetime
from types import FrameType, TracebackType
from typing import Self

from broker.demo.recorder import LiveRecorder, RecordingOrder, run

STOP_TIMEOUT_S = 10.0
MODULE = "broker.demo.recorder_process"


class RecorderProcess:
    """The parent's side: starts the child at once; `stop` or leaving the `with` block ends it."""

    def __init__(self, order: RecordingOrder) -> None:
        self._child = subprocess.Popen([sys.executable, "-m", MODULE], stdin=subprocess.PIPE, text=True)
        if self._child.stdin is None:
            raise RuntimeError("the recorder was started without a pipe to tell it when to stop")
        self._input = self._child.stdin
        self._input.write(order.model_dump_json() + "\n")
        self._input.flush()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def exit_status(self) -> int | None:
        """None while it records; otherwise 0 when it was stopped, 1 when it failed and said why on stderr."""
        return self._child.poll()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Lets the child complete its files and returns its exit status; kills it after `timeout_s`.

        Even a killed recorder leaves files that can be read up to their last fragment.
        """
        self._input.close()
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def main() -> int:
    """The child's side."""
    # Ctrl-C reaches the whole terminal group; the parent decides what it means and closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    order = RecordingOrder.model_validate_json(sys.stdin.buffer.readline())
    try:
        run(LiveRecorder(order), lambda: datetime.now(UTC), _input_ends_within)
    except OSError as error:
        sys.stderr.write(f"the demo's recorder stopped: {error}\n")
        return 1
    return 0


def _input_ends_within(seconds: float) -> bool:
    readable, _, _ = select.select([sys.stdin.buffer], [], [], seconds)
    return bool(readable)


def _leave(signal_number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
