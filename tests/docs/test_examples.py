"""Examples in the pages are true: configurations load, commands and calls exist with their options."""

import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from adapters.camera_list.config import CameraListOptions
from adapters.contract.options import parse_options
from adapters.folder.config import FolderOptions
from adapters.frigate.config import FrigateOptions
from adapters.mediamtx.config import MediaMtxOptions
from adapters.milestone.config import MilestoneOptions
from adapters.onvif.config import OnvifOptions
from adapters.rtsp.config import RtspOptions
from adapters.zoneminder.config import ZoneMinderOptions
from broker.cli.main import command_line
from broker.ingest.scenes import MasksFile
from broker.settings import load_settings
from docs.reference.generate import commands, create_api
from tests.docs.pages import Page, pages, shell_commands

GUIDES = tuple(one for one in pages() if one.name.startswith(("README", "docs/guide", "docs/design")))
OPTIONS: dict[str, type] = {
    "camera_list": CameraListOptions,
    "folder": FolderOptions,
    "frigate": FrigateOptions,
    "mediamtx": MediaMtxOptions,
    "milestone": MilestoneOptions,
    "onvif": OnvifOptions,
    "rtsp": RtspOptions,
    "zoneminder": ZoneMinderOptions,
}
MASKS_TABLE = "[cameras."
KNOWN = {path[1:]: command for path, command in commands(typer.main.get_command(command_line()))}
CALLS = {
    (method.upper(), re.sub(r"\{[^}]+\}", "X", path))
    for path, operations in create_api(None).openapi()["paths"].items()
    for method in operations
}


def configurations() -> list[Any]:
    return [
        pytest.param(block, id=f"{one.name} {n}")
        for one in GUIDES
        for n, block in enumerate(one.blocks("toml"), start=1)
        if MASKS_TABLE not in block
    ]


@pytest.mark.parametrize("configuration", configurations())
def test_a_configuration_loads_and_its_networks_options_are_known(tmp_path: Path, configuration: str) -> None:
    file = tmp_path / "entrevue.toml"
    file.write_text(configuration)
    settings = load_settings(file)
    for network in settings.network:
        parse_options(OPTIONS[network.adapter], network.options)


def test_masks_are_read_as_the_guide_writes_them() -> None:
    shown = [block for one in GUIDES for block in one.blocks("toml") if MASKS_TABLE in block]
    assert shown
    for block in shown:
        assert MasksFile.model_validate(tomllib.loads(block)).cameras


@pytest.mark.parametrize("one", [one for one in GUIDES if one.blocks("sh")], ids=lambda one: one.name)
def test_shell_blocks_have_the_form_of_shell(one: Page) -> None:
    for block in one.blocks("sh"):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stderr}\n{block}"


def misused(line: str) -> list[str]:
    """What is wrong with the uses of `entrevue` in a line of shell."""
    complaints = []
    for use in re.findall(r"(?:^|[;&|(]\s*|until )(?:\S+=\S+ )*entrevue ([^;&|>]*)", line):
        words = shlex.split(use)
        path = next((tuple(words[:n]) for n in (3, 2, 1) if tuple(words[:n]) in KNOWN), None)
        if path is None:
            complaints.append(f"no command entrevue {use}")
            continue
        options = {name for parameter in KNOWN[path].params for name in parameter.opts}
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        complaints += [f"{' '.join(path)} has no {name}" for name in sorted(given - options)]
        required = {
            max(p.opts, key=len) for p in KNOWN[path].params if p.required and p.opts[0].startswith("-")
        }
        complaints += [f"{' '.join(path)} needs {name}" for name in sorted(required - given)]
    return complaints


@pytest.mark.parametrize("one", [one for one in GUIDES if one.blocks("sh")], ids=lambda one: one.name)
def test_commands_exist_with_the_options_that_they_are_given(one: Page) -> None:
    lines = [line for block in one.blocks("sh") for line in shell_commands(block)]
    assert [complaint for line in lines for complaint in misused(line)] == []


def test_a_wrong_command_is_noticed() -> None:
    assert misused("entrevue serach --lat 1")
    assert misused("entrevue search --lat 1 --lon 2 --radius 3") == [
        "search has no --radius",
        "search needs --radius-m",
    ]
    assert not misused("pip install . && entrevue demo")
    assert misused("X=1 entrevue agreement revoke a; entrevue show")[0].startswith("no command")


@pytest.mark.parametrize("one", GUIDES, ids=lambda one: one.name)
def test_calls_that_the_prose_names_exist(one: Page) -> None:
    named = re.findall(r"`(GET|POST|PUT|DELETE) (/[^`?]*)", one.prose)
    stated = {(method, re.sub(r"\{[^}]+\}", "X", path)) for method, path in named}
    assert stated - CALLS == set()
