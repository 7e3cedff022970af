"""Name → adapter, as a table one can read; loaded only when a network needs it. Also what reads a gazetteer.

Third parties join by the entry point group `entrevue.adapters`, whose value names a module with `create`,
beside a module `manifest`.
"""

from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from adapters.contract.errors import Misconfigured
from adapters.contract.protocol import AdapterFactory, GazetteerReader, Manifest
from adapters.lists.gazetteer import read_gazetteer

MODULES: dict[str, str] = {
    "camera_list": "adapters.camera_list.adapter",
    "folder": "adapters.folder.adapter",
    "frigate": "adapters.frigate.adapter",
    "mediamtx": "adapters.mediamtx.adapter",
    "milestone": "adapters.milestone.adapter",
    "onvif": "adapters.onvif.adapter",
    "rtsp": "adapters.rtsp.adapter",
    "zoneminder": "adapters.zoneminder.adapter",
}
ENTRY_POINT_GROUP = "entrevue.adapters"
read_places: GazetteerReader = read_gazetteer


def names() -> tuple[str, ...]:
    """Every adapter that can be named in a configuration, sorted."""
    return tuple(sorted({*MODULES, *(point.name for point in entry_points(group=ENTRY_POINT_GROUP))}))


def manifest(name: str) -> Manifest:
    """What the adapter says of itself, in the module `manifest` beside its own; `Misconfigured` as `load`."""
    return cast(Manifest, import_module(f"{_module(name).rpartition('.')[0]}.manifest").MANIFEST)


def load(name: str) -> AdapterFactory:
    """The factory of the adapter; `Misconfigured` for a name that nobody registered."""
    return cast(AdapterFactory, import_module(_module(name)).create)


def _module(name: str) -> str:
    if name in MODULES:
        return MODULES[name]
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        return point.module
    raise Misconfigured(f"no adapter is called {name!r}; known: {', '.join(names())}")
