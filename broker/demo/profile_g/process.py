"""Runs a simulated recorder as a child process, so that its reading and sending never hold up the broker.

The order is the first line of the child's standard input; the end of it, which also comes when the parent dies by any
signal, switches the recorder off. The first line of its standard output tells where it answers.
"""

import asyncio
import signal
import subprocess
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from adapters.contract.models import Model
from broker.demo.profile_g.device import SimulatedRecorder
from broker.demo.profile_g.models import DeviceOrder

STOP_TIMEOUT_S = 10.0
MODULE = "broker.demo.profile_g.process"


class DeviceAddress(Model):
    """Where a recorder answers: its device service, and the port of its streams."""

    url: str
    rtsp_port: int


class DeviceProcess:
    """The parent's side: returns once the recorder answers; `stop` or leaving the `with` block ends it."""

    def __init__(self, order: DeviceOrder) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self._child.stdin is None or self._child.stdout is None:
            raise RuntimeError("the recorder was started without pipes to talk to it")
        self._input = self._child.stdin
        self._input.write(order.model_dump_json() + "\n")
        self._input.flush()
        told = self._child.stdout.readline()
        if not told:
            self.stop()
            raise OSError("a simulated recorder did not start: what it wrote above says why")
        self.address = DeviceAddress.model_validate_json(told)

    @property
    def pid(self) -> int:
        return self._child.pid

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Switches the recorder off and returns its exit status; kills it after `timeout_s`."""
        self._input.close()
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()
        finally:
            if self._child.stdout is not None:
                self._child.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


async def _serve(order: DeviceOrder) -> None:
    device = SimulatedRecorder(order, lambda: datetime.now(UTC))
    await device.start()
    try:
        told = DeviceAddress(url=device.url, rtsp_port=device.rtsp_port)
        sys.stdout.write(told.model_dump_json() + "\n")
        sys.stdout.flush()
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), ended.set)
        await ended.wait()
    finally:
        await device.stop()


def main() -> int:
    """The child's side."""
    # Ctrl-C reaches the whole terminal group; the parent decides what it means and closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order = DeviceOrder.model_validate_json(sys.stdin.buffer.readline())
    try:
        asyncio.run(_serve(order))
    except OSError as error:
        sys.stderr.write(f"a simulated recorder stopped: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
