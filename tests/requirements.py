"""What a test needs from the machine. Missing things skip with a reason, or fail under ENTREVUE_REQUIRE_ALL=1."""

import importlib.util
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest


def _missing(reason: str) -> None:
    if os.environ.get("ENTREVUE_REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def sample_data() -> Path:
    """The folder of real lists and recordings that ENTREVUE_SAMPLE_DATA names."""
    named = os.environ.get("ENTREVUE_SAMPLE_DATA")
    if not named or not Path(named).is_dir():
        _missing("set ENTREVUE_SAMPLE_DATA to the folder of sample data")
    return Path(str(named))


def executable(name: str, package: str) -> Path:
    """The program's path; `package` is what to install where it is missing."""
    found = shutil.which(name)
    if found is None:
        _missing(f"{name} is not installed: apt-get install {package}")
    return Path(str(found))


def own_script(name: str, package: str) -> Path:
    """A program that the wheel `package` brings into this environment."""
    program = Path(sysconfig.get_path("scripts")) / name
    if not program.exists():
        _missing(f"{package} is not installed: pip install -e '.[test]'")
    return program


def distribution(module: str, name: str) -> Path:
    """The folder of an installed module, which is not imported; `name` is what to install where it is missing."""
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        _missing(f"{name} is not installed: pip install -e '.[test]'")
    return Path(str(found.origin)).parent  # type: ignore[union-attr]  # `_missing` has ended the test


def system_python_with(probe: str, packages: str) -> Path:
    """The system's own Python if it can run the statement, which imports what Debian's packages bring."""
    python = Path("/usr/bin/python3")
    if (
        not python.exists()
        or subprocess.run([python, "-c", probe], check=False, capture_output=True).returncode
    ):
        _missing(f"the system's Python lacks GStreamer: apt-get install {packages}")
    return python


def zoneminder() -> None:
    """A ZoneMinder that tests can start for themselves, and a live camera for it to record."""
    packages = {
        "zmpkg.pl": "zoneminder",
        "mariadbd": "mariadb-server",
        "apache2": "apache2",
        "runuser": "util-linux",
        "unshare": "util-linux",
    }
    for name, package in packages.items():
        executable(name, package)
    if not list(Path("/usr/lib/apache2/modules").glob("libphp*.so")):
        _missing("Apache has no PHP: apt-get install libapache2-mod-php php-mysql php-gd php-intl")
    system_python_with(
        "import gi; gi.require_version('GstRtspServer', '1.0')",
        "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-bad",
    )
    if os.geteuid() != 0:
        _missing("ZoneMinder is started in namespaces of its own: run the tests as root")


def node_packages(folder: Path, needed: Path) -> None:
    """Installs into `folder` what the `package.json` and its lock in `needed` name."""
    executable("node", "nodejs")
    npm = executable("npm", "npm")
    command = [npm, "ci", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder]
    for name in ("package.json", "package-lock.json"):
        shutil.copy(needed / name, folder)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        _missing(f"npm cannot install what {needed / 'package.json'} names: {done.stderr.strip()[-300:]}")
