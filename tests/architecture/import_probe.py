"""Imports the modules that are named on the command line and prints what they do besides: one line an act.

Run as a script in a process of its own. Reading files is what an import is; writing, listening, connecting,
starting threads or processes is not.
"""

import importlib
import os
import sys
import threading

ACTS = frozenset(
    {"socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.mkdir", "os.remove", "os.rename"}
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in ACTS:
        sys.stdout.write(f"{importing[-1]}: {event} {arguments[0]!r}\n")
    elif event == "sqlite3.connect":
        sys.stdout.write(f"{importing[-1]}: opens a database\n")
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
        sys.stdout.write(f"{importing[-1]}: writes {arguments[0]!r}\n")


importing = ["nothing"]
if __name__ == "__main__":
    sys.addaudithook(watch)
    for name in sys.argv[1:]:
        importing.append(name)
        before = threading.enumerate()
        importlib.import_module(name)
        for thread in set(threading.enumerate()) - set(before):
            sys.stdout.write(f"{name}: starts the thread {thread.name}\n")
