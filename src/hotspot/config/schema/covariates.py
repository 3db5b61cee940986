"""The grid and the layers on it."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from hotspot.config.schema.node import (
    RESERVED_NAMES,
    Count,
    CovariateName,
    Names,
    Node,
    Positive,
)
from hotspot.covariates.catalogue import Kind, Role
from hotspot.errors import nearest_name


class GridConfig(Node):
    """The grid of every covariate and map: like a raster, or CRS + resolution + region."""

    like: str | None
    crs: str | None
    resolution: Positive | None
    region: tuple[float, float, float, float] | None

    @model_validator(mode="after")
    def _like_or_given(self) -> "GridConfig":
        given = (self.crs, self.resolution, self.region)
        if self.like is not None and any(part is not None for part in given):
            raise ValueError(
                "`like` and one of `crs`, `resolution`, `region` are both given. "
                "Give a raster to copy the grid from, or the three numbers, not both"
            )
        if self.like is None and any(part is None for part in given):
            raise ValueError(
                "neither `like` nor all of `crs`, `resolution`, `region` are given. "
                "Name a raster whose grid the maps shall have, or give all three"
            )
        return self


class FeaturesConfig(Node):
    """Points, lines or polygons of a vector file, or of a table with coordinates."""

    path: str
    layer: str | None = None
    where: dict[str, str | int | float | list[str | int | float]] = Field(default_factory=dict)
    crs: str | None = None
    easting: str | None = None
    northing: str | None = None

    @model_validator(mode="after")
    def _both_columns(self) -> "FeaturesConfig":
        if (self.easting is None) != (self.northing is None):
            raise ValueError(
                f"`easting: {self.easting}` and `northing: {self.northing}` do not fit. "
                "Name both columns of a table, or none for a vector file"
            )
        return self


# What each derivation needs, and what it may have beside. A key that says nothing to a
# derivation is refused rather than passed over.
_RASTER_KEYS: dict[str, tuple[set[str], set[str]]] = {
    "distance": ({"of"}, {"maximum_m"}),
    "share": ({"of", "radius_m"}, set()),
    **dict.fromkeys(("mean", "sum", "difference"), ({"radius_m"}, set())),
    **dict.fromkeys(
        ("slope", "northness", "eastness", "profile_curvature", "plan_curvature"),
        (set(), set()),
    ),
    **dict.fromkeys(("upslope_area", "wetness", "outlet_distance"), (set(), {"margin_m"})),
    **dict.fromkeys(
        ("downstream_distance", "upstream_distance"),
        ({"sources", "maximum_m"}, {"margin_m"}),
    ),
}
_VECTOR_KEYS: dict[str, tuple[set[str], set[str]]] = {
    "distance": (set(), set()),
    **dict.fromkeys(("density", "count", "length", "share"), ({"radius_m"}, set())),
    "kernel": ({"radius_m"}, {"weight", "missing_weight"}),
    "emission": ({"radius_m"}, {"weight", "missing_weight", "nearest_m", "power"}),
    "upwind": ({"radius_m", "wind"}, {"weight", "missing_weight", "nearest_m", "power"}),
}


def _check_keys(
    layer: Node, derive: str | None, table: dict[str, tuple[set[str], set[str]]]
) -> None:
    """Raise `ValueError` unless a layer has just the keys that its derivation needs."""
    needed, optional = table.get(derive or "", (set(), set()))
    every = {key for keys in table.values() for key in (*keys[0], *keys[1])}
    given = {key for key in every if getattr(layer, key) not in (None, [], {})}
    lacking, useless = sorted(needed - given), sorted(given - needed - optional)
    if lacking:
        raise ValueError(
            f"`derive: {derive}` lacks {', '.join(f'`{key}`' for key in lacking)}. "
            "Give the radius or distance in metres, the classes with `of`"
        )
    if useless:
        keys = ", ".join(f"`{key}: {getattr(layer, key)}`" for key in useless)
        said = f"`derive: {derive}`" if derive else "a layer that is not derived"
        raise ValueError(f"{keys} and {said} do not fit. Leave the key out, or derive another")


class RasterLayerConfig(Node):
    """A covariate read from a raster, or derived from one; see `docs/covariates.md`."""

    source: Literal["raster"] = "raster"
    path: str | None = None
    dated: dict[int, str] | None = None
    shown_year: int | None = None
    role: Role
    kind: Kind = Kind.CONTINUOUS
    unit: str | None = None
    description: str = ""
    classes: dict[int, str] = Field(default_factory=dict)
    band: Count = 1
    variable: str | None = None
    resampling: str | None = None
    crs: str | None = None
    nodata: float | Literal["none"] | None = None
    cover: Literal["whole", "part"] = "whole"
    derive: (
        Literal[
            "distance",
            "share",
            "mean",
            "sum",
            "difference",
            "slope",
            "northness",
            "eastness",
            "profile_curvature",
            "plan_curvature",
            "upslope_area",
            "wetness",
            "outlet_distance",
            "downstream_distance",
            "upstream_distance",
        ]
        | None
    ) = None
    of: Names[int] | None = None
    radius_m: Positive | None = None
    maximum_m: Positive | None = None
    margin_m: Positive | None = None
    sources: FeaturesConfig | None = None

    @field_validator("of", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        """Let ``of: 3`` stand for a list of one."""
        return [value] if isinstance(value, int) else value

    @model_validator(mode="after")
    def _fits(self) -> "RasterLayerConfig":
        _check_keys(self, self.derive, _RASTER_KEYS)
        if (self.path is None) == (not self.dated):
            raise ValueError(
                f"`path: {self.path}` and `dated: {self.dated}` do not fit. Give the path of "
                "one raster, or a path per year with `dated`"
            )
        if self.shown_year is not None and self.shown_year not in (self.dated or {}):
            raise ValueError(
                f"`shown_year: {self.shown_year}` is none of the years of `dated: "
                f"{self.dated}`. Name one of them, or leave it out for the latest"
            )
        if self.derive is not None and self.kind is not Kind.CONTINUOUS:
            raise ValueError(
                f"`derive: {self.derive}` gives numbers, and `kind` is {self.kind}. Leave "
                "`kind` out; the classes of the source are named with `of`"
            )
        return self

    def files(self) -> dict[str, str]:
        """Return the files that the layer is made from, by the key that names each."""
        files = {f"dated.{year}": path for year, path in sorted((self.dated or {}).items())}
        if self.path is not None:
            files["path"] = self.path
        if self.sources is not None:
            files["sources.path"] = self.sources.path
        return files


class VectorLayerConfig(FeaturesConfig):
    """A covariate derived from points, lines or polygons; see `docs/covariates.md`."""

    source: Literal["vector"]
    role: Role
    derive: Literal[
        "distance", "density", "count", "length", "share", "kernel", "emission", "upwind"
    ]
    description: str = ""
    radius_m: Positive | None = None
    weight: str | None = None
    missing_weight: Annotated[float, Field(ge=0)] | None = None
    nearest_m: Positive | None = None
    power: Positive | None = None
    wind: dict[str, Annotated[float, Field(ge=0)]] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "VectorLayerConfig":
        _check_keys(self, self.derive, _VECTOR_KEYS)
        if self.missing_weight is not None and self.weight is None:
            raise ValueError(
                f"`missing_weight: {self.missing_weight}` stands for a missing `weight`, and "
                "no weight is named. Name the attribute, or leave it out"
            )
        return self

    def files(self) -> dict[str, str]:
        """Return the files that the layer is made from, by the key that names each."""
        return {"path": self.path}


class CoordinateLayerConfig(Node):
    """Easting or northing as a covariate; explained as location, never as a source."""

    source: Literal["coordinate"]
    axis: Literal["easting", "northing"]
    description: str = ""

    def files(self) -> dict[str, str]:
        """Return the files that the layer is made from: none."""
        return {}


LayerConfig = RasterLayerConfig | VectorLayerConfig | CoordinateLayerConfig


class CovariatesConfig(Node):
    """The grid and the layers on it; see `conf/covariates/layers.yaml`."""

    grid: GridConfig
    use: Names[CovariateName] | None
    layers: dict[CovariateName, Annotated[LayerConfig, Field(discriminator="source")]]

    @model_validator(mode="before")
    @classmethod
    def _only_those_in_use(cls, values: Any) -> Any:
        """Leave out the layers that are not in use, so that nobody further on sees them."""
        use, layers = (
            (values.get("use"), values.get("layers")) if isinstance(values, dict) else (0, 0)
        )
        if not isinstance(use, list) or not isinstance(layers, dict):
            return values
        if not use:
            raise ValueError(
                "`use: []` leaves no covariate. Name at least one, or give null for all"
            )
        for name in use:
            if name not in layers:
                raise ValueError(
                    f"`use` names {name!r}, which is no layer."
                    f"{nearest_name(str(name), list(layers))} The layers are "
                    f"{', '.join(layers)}"
                )
        return {**values, "layers": {name: layers[name] for name in layers if name in use}}

    @field_validator("layers", mode="before")
    @classmethod
    def _raster_by_default(cls, value: Any) -> Any:
        """Let a layer without `source` be a raster, which most are."""
        if isinstance(value, dict):
            return {
                name: {"source": "raster", **layer} if isinstance(layer, dict) else layer
                for name, layer in value.items()
            }
        return value

    @field_validator("layers")
    @classmethod
    def _at_least_one(cls, value: dict[str, LayerConfig]) -> dict[str, LayerConfig]:
        if not value:
            raise ValueError("no layer is given. Name at least one raster or vector layer")
        taken = sorted(set(value) & set(RESERVED_NAMES))
        if taken:
            raise ValueError(
                f"{', '.join(taken)} is a name of its own and cannot name a layer. "
                f"Choose another name, such as map_{taken[0]}"
            )
        return value
