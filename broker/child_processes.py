"""Processes for what is all Python's work: owns how such a process begins, and ends with its parent."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import connection, get_context, parent_process
from multiprocessing.context import SpawnProcess
from typing import Any


def process_pool(processes: int) -> ProcessPoolExecutor:
    """Spawned, not forked: the caller may run threads, and neither OpenCV's nor their locks survive a fork."""
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_begin)


def process_of(work: Callable[..., None], name: str, *arguments: Any) -> SpawnProcess:
    """One process, not yet started, that carries out the work and ends."""
    return get_context("spawn").Process(target=_begin_and_work, name=name, args=(work, *arguments))


def _begin_and_work(work: Callable[..., None], *arguments: Any) -> None:
    _begin()
    work(*arguments)


def _begin() -> None:
    """Ctrl-C is the parent's to handle; a parent that was killed takes its processes along."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_exit_with, args=(parent.sentinel,), daemon=True).start()


def _exit_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
