"""Reads the terms of an agreement from its configuration, the area from its file."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import mapping, shape

from adapters.contract.models import Interval
from broker.agencies.models import Approval, Terms
from broker.errors import SetupProblem
from broker.settings.sections import AgreementSettings


def terms_of(agreement: AgreementSettings, base_dir: Path) -> Terms:
    """An agreement as configured, its area read from its file. `SetupProblem` where that cannot be."""
    start, _, end = agreement.valid.partition("/")
    return Terms(
        owner=agreement.owner,
        partners=agreement.partners,
        networks=agreement.networks,
        area=None if agreement.area is None else read_area(base_dir / agreement.area),
        kinds=agreement.kinds,
        tags_any=agreement.tags_any,
        tags_none=agreement.tags_none,
        actions=agreement.actions,
        purposes=agreement.purposes,
        valid=Interval(start=datetime.fromisoformat(start), end=datetime.fromisoformat(end)),
        approval=Approval(agreement.approval),
        max_clip_s=agreement.max_clip_s,
        hold_max_days=agreement.hold_max_days,
        grace_days=agreement.grace_days,
        audio=agreement.audio,
        lead_in=agreement.lead_in,
        hours=agreement.hours,
        decide_within_h=agreement.decide_within_h,
        requires_document=agreement.requires_document,
    )


def read_area(file: Path) -> dict[str, object]:
    """The union of a GeoJSON file's polygons, as one GeoJSON geometry."""
    try:
        return area_of(json.loads(file.read_text()))
    except OSError as error:
        raise SetupProblem(f"the area {file} cannot be read: {error.strerror}") from error
    except NoArea as error:
        raise SetupProblem(f"the area {file} has no polygon") from error
    except ValueError as error:
        raise SetupProblem(f"the area {file} is not GeoJSON: {error}") from error


class NoArea(ValueError):
    """It is GeoJSON, of something else than polygons."""


def area_of(content: Any) -> dict[str, object]:
    """The union of the polygons of GeoJSON, as one geometry; ValueError where it is not that."""
    try:
        features = content["features"] if content["type"] == "FeatureCollection" else [content]
        area = shapely.union_all([shape(feature.get("geometry", feature)) for feature in features])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, shapely.GEOSException) as error:
        raise ValueError(str(error)) from error
    if area.geom_type not in ("Polygon", "MultiPolygon") or area.is_empty:
        raise NoArea("it has no polygon")
    geometry: dict[str, object] = json.loads(json.dumps(mapping(area)))
    return geometry
