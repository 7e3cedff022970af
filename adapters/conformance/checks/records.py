"""What is said of a camera is what the recorder says, no more and no less."""

import difflib
from typing import Final

from adapters.conformance.bench import Bench
from adapters.conformance.gathering import everything, instants_in
from adapters.conformance.reading import all_of, cameras_of, rejections_of
from adapters.conformance.verdicts import NotConformant, demand
from adapters.contract.models import CameraRecord

PLACEHOLDERS: Final = frozenset({"", "-", "?", "n/a", "nan", "nil", "none", "null", "unknown", "undefined"})
YEARS: Final = range(1990, 2200)


async def the_records_are_those_expected(bench: Bench) -> None:
    """Listing gives exactly what the harness's file expects."""
    if bench.expected is None:
        raise NotConformant("the harness names no file of expected records")
    async with bench.adapter() as adapter:
        items = await all_of(adapter.list_cameras())
    given = sorted(item.model_dump_json(exclude_defaults=True) for item in items)
    expected = sorted(bench.expected.read_text(encoding="utf-8").splitlines())
    demand(bool(expected), f"{bench.expected.name} expects nothing")
    wrong = [line for line in difflib.unified_diff(expected, given, lineterm="", n=0) if line[0] in "+-"][2:]
    demand(not wrong, f"{len(wrong)} lines differ (- expected, + given), first {wrong[:2]}")


async def unknown_is_none(bench: Bench) -> None:
    """No stand-in for what is not known: no empty text, no `unknown`, no point at 0, 0, no year 1970."""
    for model in await everything(bench):
        if isinstance(model, CameraRecord):
            for text in (model.native_id, model.name, model.place, model.level, *model.tags):
                stands_in = text is not None and text.strip().casefold() in PLACEHOLDERS
                demand(not stands_in, f"camera {model.native_id!r} says {text!r}")
            at = model.position
            demand(at is None or (at.lat, at.lon) != (0, 0), f"camera {model.native_id!r} stands at 0, 0")
        for instant in instants_in(model):
            demand(
                instant.year in YEARS, f"{type(model).__name__} says {instant} for a time it does not know"
            )


async def every_model_survives_serialisation(bench: Bench) -> None:
    """Whatever the adapter gives is the same after a journey as JSON."""
    for model in await everything(bench):
        try:
            again = type(model).model_validate_json(model.model_dump_json())
        except ValueError as error:
            name = type(model).__name__
            raise NotConformant(f"{name} does not survive: {str(error).splitlines()[0]}") from error
        demand(again == model, f"{type(model).__name__} is another one after its journey")


async def one_bad_record_is_skipped_and_counted(bench: Bench) -> None:
    """A camera that cannot be understood costs itself, and is told as a rejection."""
    async with bench.adapter() as adapter:
        listed = {camera.native_id for camera in await cameras_of(adapter)}
        rejected = await rejections_of(adapter)
    missing = bench.site.truth.native_ids - listed
    demand(not missing, f"{len(missing)} good cameras are missing beside the bad one")
    demand(listed == bench.site.truth.native_ids, "the bad camera is listed as if it were good")
    demand(bool(rejected), "the bad camera is dropped without a word")
