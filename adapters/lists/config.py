"""Options of a camera list. Owns their shape and what can be refused without opening a file; reads no file.

Every option is optional here, so that an adapter whose recorder already names its cameras can extend
`ListOptions` and use a list only for what the recorder does not know: where the cameras stand.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

CSV_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
GEOJSON_SUFFIXES = frozenset({".geojson", ".json"})

CameraField = Literal[
    "id",
    "name",
    "lat",
    "lon",
    "lat_lon",
    "elevation_m",
    "position_accuracy_m",
    "place",
    "level",
    "kind",
    "heading_deg",
    "fov_deg",
    "range_m",
    "status",
    "retention_days",
    "tags",
]
"""What a camera list can say. `lat_lon` is one column that holds both, latitude first."""

ColumnName = Annotated[str, Field(min_length=1)]
Metres = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _readable_suffix(file: Path) -> Path:
    if file.suffix.lower() not in CSV_SUFFIXES | GEOJSON_SUFFIXES:
        known = ", ".join(sorted(CSV_SUFFIXES | GEOJSON_SUFFIXES))
        raise ValueError(f"{file.name!r} must end in one of {known}")
    return file


def _as_table(given: Any) -> Any:
    return {"file": given} if isinstance(given, str | Path) else given


def as_tables(given: Any) -> Any:
    """One file or several, each a path or a table with the key `file`, as tables."""
    if isinstance(given, str | Path | Mapping | BaseModel):
        given = [given]
    return [_as_table(entry) for entry in given] if isinstance(given, list | tuple) else given


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CameraColumns(_Options):
    """The file's own column names; a field that is left out is looked for under its own name."""

    id: ColumnName | None = None
    name: ColumnName | None = None
    lat: ColumnName | None = None
    lon: ColumnName | None = None
    lat_lon: ColumnName | None = None
    elevation_m: ColumnName | None = None
    position_accuracy_m: ColumnName | None = None
    place: ColumnName | None = None
    level: ColumnName | None = None
    kind: ColumnName | None = None
    heading_deg: ColumnName | None = None
    fov_deg: ColumnName | None = None
    range_m: ColumnName | None = None
    status: ColumnName | None = None
    retention_days: ColumnName | None = None
    tags: ColumnName | None = None


class PlaceColumns(_Options):
    """As `CameraColumns`, for a list of places."""

    id: ColumnName | None = None
    name: ColumnName | None = None
    lat: ColumnName | None = None
    lon: ColumnName | None = None
    lat_lon: ColumnName | None = None
    elevation_m: ColumnName | None = None
    position_accuracy_m: ColumnName | None = None


class CrossingColumns(_Options):
    """As `CameraColumns`, for a list of points where two named streets meet."""

    name1: ColumnName | None = None
    name2: ColumnName | None = None
    lat: ColumnName | None = None
    lon: ColumnName | None = None
    lat_lon: ColumnName | None = None


class ListFile(_Options):
    """One file. `delimiter` and `encoding` (a Python codec's name) are detected when left out."""

    file: Annotated[Path, AfterValidator(_readable_suffix)]
    delimiter: Literal[";", ",", "\t", "|"] | None = None
    encoding: ColumnName | None = None

    @property
    def is_geojson(self) -> bool:
        return self.file.suffix.lower() in GEOJSON_SUFFIXES

    @model_validator(mode="after")
    def _codec_exists(self) -> Self:
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
            except LookupError as error:
                raise ValueError(f"encoding {self.encoding!r} is not known to Python") from error
        return self


class CameraFile(ListFile):
    """A camera list. `columns` adds to the network's; `streets` and `position_accuracy_m` replace them."""

    columns: CameraColumns = CameraColumns()
    streets: tuple[ColumnName, ...] | None = None
    position_accuracy_m: Metres | None = None


class PlaceFile(ListFile):
    columns: PlaceColumns = PlaceColumns()


class GazetteerFile(PlaceFile):
    """A list of places of its own. `accuracy_m` is the error of stated coordinates where a row does not say;
    rows of one id that lie more than `max_spread_m` from their centre are not one place."""

    accuracy_m: Metres | None = None
    max_spread_m: Metres = 500.0
    max_geojson_mb: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 256.0


class CrossingFile(ListFile):
    """`accuracy_m` is how far from the published point of a crossing a camera there may stand; crossings of
    one pair that lie more than `max_spread_m` from their centre do not locate anything."""

    columns: CrossingColumns = CrossingColumns()
    accuracy_m: Metres
    max_spread_m: Metres = 200.0


class Area(_Options):
    """A box in degrees, WGS 84; written `[min_lon, min_lat, max_lon, max_lat]`."""

    min_lon: Annotated[float, Field(ge=-180, le=180)]
    min_lat: Annotated[float, Field(ge=-90, le=90)]
    max_lon: Annotated[float, Field(ge=-180, le=180)]
    max_lat: Annotated[float, Field(ge=-90, le=90)]

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, given: Any) -> Any:
        if isinstance(given, list | tuple):
            if len(given) != 4:
                raise ValueError("must be [min_lon, min_lat, max_lon, max_lat]")
            return dict(zip(("min_lon", "min_lat", "max_lon", "max_lat"), given, strict=True))
        return given

    @model_validator(mode="after")
    def _is_a_box(self) -> Self:
        if self.min_lon >= self.max_lon or self.min_lat >= self.max_lat:
            raise ValueError("must be [min_lon, min_lat, max_lon, max_lat], each minimum below its maximum")
        return self

    def contains(self, lat: float, lon: float) -> bool:
        return self.min_lat <= lat <= self.max_lat and self.min_lon <= lon <= self.max_lon


class ListOptions(_Options):
    """Everything a network can say about its lists; adapters/camera_list/README.md explains each option."""

    cameras: Annotated[tuple[CameraFile, ...], BeforeValidator(as_tables)] = ()
    columns: CameraColumns = CameraColumns()
    values: Mapping[CameraField, Mapping[str, str]] = Field(default_factory=dict)
    streets: tuple[ColumnName, ...] = ()
    position_accuracy_m: Metres | None = None
    id_strip_leading_zeros: bool = False
    area: Area | None = None
    places: Annotated[PlaceFile | None, BeforeValidator(_as_table)] = None
    crossings: CrossingFile | None = None
    max_geojson_mb: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 256.0

    @model_validator(mode="after")
    def _streets_and_crossings_go_together(self) -> Self:
        names_streets = bool(self.streets) or any(file.streets for file in self.cameras)
        if names_streets and self.crossings is None:
            raise ValueError("streets need crossings = { file = …, accuracy_m = … } to be looked up in")
        if self.crossings is not None and not names_streets:
            raise ValueError("crossings need streets = [ … ], the columns that name a camera's streets")
        return self
