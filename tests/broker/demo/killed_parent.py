"""Starts a Python program that starts others, kills it, and sees whether the others end too."""

import os
import select
import signal
import subprocess
import sys

import pytest

needs_pidfd = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="the end of a grandchild is seen by a pidfd: run this on Linux"
)


def all_end_with_their_parent(program: str, argument: str, within_s: float) -> bool:
    """`program` prints the ids of the processes it started, on one line, and is killed upon that."""
    command = [sys.executable, "-c", program, argument]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        if parent.stdout is None:
            raise RuntimeError("the program was started without a pipe")
        started = [os.pidfd_open(int(pid)) for pid in parent.stdout.readline().split()]
        parent.send_signal(signal.SIGKILL)
    try:
        return bool(started) and all(select.select([each], [], [], within_s)[0] for each in started)
    finally:
        for each in started:
            os.close(each)
