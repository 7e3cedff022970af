"""The README's example is a valid configuration, and its table names every option."""

import re
import tomllib
from pathlib import Path

import adapters.camera_list
from adapters.camera_list.config import CameraListOptions
from adapters.contract.options import parse_options

README = (Path(adapters.camera_list.__file__).parent / "README.md").read_text(encoding="utf-8")


def test_the_example_is_valid() -> None:
    (example,) = re.findall("```toml\n(.*?)```", README, re.DOTALL)
    (network,) = tomllib.loads(example)["network"]
    assert len(parse_options(CameraListOptions, network["options"]).cameras) == 3


def test_every_option_is_explained_and_no_other() -> None:
    explained = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)
    assert sorted(explained) == sorted(CameraListOptions.model_fields)
