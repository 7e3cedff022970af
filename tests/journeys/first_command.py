"""Runs README's first command from an installation, and then the very lines that it prints.

    python tests/journeys/first_command.py /path/to/bin/entrevue FOLDER

Needs nothing but the standard library: it stands outside the installation that it tries. Exit status 0 when a
clip was searched, requested, approved, fetched and verified, and nothing was left running.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

READY_WITHIN_S = 60.0
STOPPED_WITHIN_S = 15.0
TRIED_WITHIN_S = 60.0
POLL_S = 0.1


class Wrong(Exception):
    """Says what does not hold."""


def within(seconds: float, what: str, holds: Callable[[], bool]) -> float:
    """Seconds until it held."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > seconds:
            raise Wrong(f"not within {seconds:.0f} s: {what}")
        time.sleep(POLL_S)
    return time.monotonic() - begun


def living(mark: Path) -> Iterator[str]:
    """Command lines of processes that carry the mark as their TMPDIR or name it."""
    wanted = str(mark).encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            if wanted in command or b"TMPDIR=" + wanted in (entry / "environ").read_bytes().split(b"\0"):
                yield command.replace(b"\0", b" ").decode(errors="replace")


def try_it(entrevue: Path, folder: Path) -> None:
    temporary = folder / "tmp"
    temporary.mkdir(parents=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ENTREVUE_", "PYTHON"))}
    environment = kept | {"PATH": f"{entrevue.parent}:{os.environ['PATH']}", "TMPDIR": str(temporary)}
    ready = folder / "entrevue-demo" / "demo.json"
    output = folder / "demo.out"
    with output.open("wb") as printed:
        demo = subprocess.Popen(
            ["env", "--default-signal=INT", str(entrevue), "demo", "--port", "0"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
        )
    try:

        def is_ready() -> bool:
            if demo.poll() is not None:
                raise Wrong(f"the demo ended with {demo.returncode}")
            return ready.exists() and "Ctrl-C" in output.read_text()

        say(f"the demo is usable after {within(READY_WITHIN_S, 'the demo is ready', is_ready):.1f} s")
        url = json.loads(ready.read_text())["url"]
        lines = [line.strip() for line in output.read_text().splitlines() if line.startswith("  ")]
        begun = time.monotonic()
        tried = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TRIED_WITHIN_S,
            check=False,
        )
        if tried.returncode != 0 or tried.stderr:
            raise Wrong(f"the printed lines fail with {tried.returncode}: {tried.stderr}{tried.stdout}")
        if not list((folder / "evidence" / "clips").glob("*.mp4")) or "FAILED" in tried.stdout:
            raise Wrong(f"no verified clip came back: {tried.stdout}")
        say(
            f"searched, requested, approved, fetched and verified at {url} in {time.monotonic() - begun:.1f} s"
        )
        demo.send_signal(signal.SIGINT)
        stopped_s = within(STOPPED_WITHIN_S, "Ctrl-C stops the demo", lambda: demo.poll() is not None)
        say(f"stopped in {stopped_s:.1f} s with status {demo.returncode}")
        if demo.returncode != 0:
            raise Wrong(f"a stopped demo ends with {demo.returncode}")
        within(STOPPED_WITHIN_S, "every process has ended", lambda: not list(living(temporary)))
    finally:
        if demo.poll() is None:
            demo.kill()
            demo.wait()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    entrevue, folder = (Path(argument).resolve() for argument in sys.argv[1:3])
    try:
        try_it(entrevue, folder)
    except (Wrong, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"README's first command: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
