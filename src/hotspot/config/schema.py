"""The schema of the composed configuration; every key is documented in `conf/`."""

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    Tag,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from hotspot.covariates.catalogue import Kind, Role
from hotspot.errors import nearest_name

# Names become folders, so they hold no separator and no leading dot.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.,=+@-]*$")]
ContaminantId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]*$")]
FileToken = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+$")]
CovariateName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
PlanName = Literal["random", "block", "knndm", "group", "time", "buffered"]
ModelKind = Literal[
    "ensemble",
    "gaussian_process",
    "regression_kriging",
    "forest_kriging",
    "ordinary_kriging",
    "indicator_kriging",
    "quantile_forest",
    "neighbour_forest",
    "boosted_distribution",
    "lightgbm",
    "logistic",
    "prevalence",
]
Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


# Columns of the sample table that stand beside the covariates, and the name under which
# explanations credit the coordinates.
RESERVED_NAMES = (
    "contaminant",
    "easting",
    "is_censored",
    "laboratory",
    "limit_mg_kg",
    "location",
    "lower_mg_kg",
    "method",
    "northing",
    "sample_id",
    "sampled_on",
    "site_id",
    "source",
    "upper_mg_kg",
)


class Node(BaseModel):
    """A node of the configuration: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class DepthConfig(Node):
    """The layer of soil that is asked about; see `conf/data/table.yaml`."""

    top: Annotated[float, Field(ge=0)]
    bottom: Positive
    rule: Literal["overlap", "inside"] = "overlap"
    least_share: Annotated[float, Field(gt=0, le=1)] = 0.5


class DataConfig(Node):
    """How the laboratory's table is read; see `conf/data/table.yaml`."""

    path: str
    crs: str | None
    separator: str
    encoding: str
    layer: str | None
    header_row: Count
    decimal: Literal[".", ",", "auto"]
    columns: dict[str, str | None]
    wide: dict[ContaminantId, str]
    wide_qualifiers: dict[ContaminantId, str]
    wide_limits: dict[ContaminantId, str]
    unit: str | None
    units: dict[ContaminantId, str]
    moisture: Literal["wet_percent", "dry_percent", "dry_matter_percent"] | None
    nondetect_words: list[str]
    missing_words: list[str]
    negative: Literal["reject", "nondetect"]
    limits: dict[ContaminantId, Positive]
    substituted: dict[ContaminantId, dict[float, Positive]]
    qualifiers: dict[str, Literal["measured", "below", "above", "reject"]]
    exclude: dict[str, list[str]]
    duplicates: Literal["mean", "first", "max", "keep"]
    depth: DepthConfig | None
    dates: str
    coordinates: Literal["number", "dms"]
    region: tuple[float, float, float, float] | str | None
    radius_m: Annotated[float, Field(ge=0)] | Literal["decimals"] | None
    radius_rule: Literal["keep", "flag", "reject"]
    site_distance_m: Positive | None
    methods: dict[str, Name]
    convert_methods_to: Literal["total", "pseudo_total"] | None
    laboratory_effect: Literal["none", "report", "adjust"]
    plausible_factor: Annotated[float, Field(gt=1)] | None
    contaminant_names: dict[str, ContaminantId]
    source: str

    @field_validator("exclude", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        """Let ``exclude: {batch: demonstration}`` stand for a list of one."""
        if isinstance(value, dict):
            return {
                key: [str(item) for item in (given if isinstance(given, list) else [given])]
                for key, given in value.items()
            }
        return value


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
    of: list[int] | None = None
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
    use: list[CovariateName] | None = None
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


class CvConfig(Node):
    """Fold plans and the models scored on them; see `conf/cv/block.yaml`."""

    primary: PlanName
    plans: list[PlanName]
    n_splits: Annotated[int, Field(ge=2)]
    repeats: Count
    spacing_m: Positive | Literal["auto"]
    groups: str | None = None
    buffer_m: Positive | Literal["auto"] = "auto"
    target_weighted: bool
    rivals: list[ModelKind]
    budget: Share

    @model_validator(mode="after")
    def _primary_is_a_plan(self) -> "CvConfig":
        if self.primary not in self.plans:
            raise ValueError(
                f"the primary plan `{self.primary}` is not among the plans {self.plans}. "
                "Add it to `plans`"
            )
        if "group" in self.plans and self.groups is None:
            raise ValueError(
                "the plan `group` is asked and `groups: null` names no groups. Set cv.groups "
                "to laboratory, source, site_id, method, year or another column of the samples"
            )
        return self


class LightGBMConfig(Node):
    """Gradient boosted trees, one classifier per limit; see `conf/model/lightgbm.yaml`."""

    kind: Literal["lightgbm"]
    n_estimators: Count
    learning_rate: Positive
    num_leaves: Annotated[int, Field(ge=2)]
    max_depth: Annotated[int, Field(ge=1, le=16)]
    min_child_samples: Count
    subsample: Annotated[float, Field(gt=0, le=1)]
    colsample_bytree: Annotated[float, Field(gt=0, le=1)]
    reg_lambda: Annotated[float, Field(ge=0)]
    class_weight: Positive | Literal["balanced"] | None
    n_jobs: Count


class LogisticConfig(Node):
    """Penalised logistic regression; see `conf/model/logistic.yaml`."""

    kind: Literal["logistic"]
    C: Positive
    class_weight: Positive | Literal["balanced"] | None


class EnsembleConfig(Node):
    """A pool of concentration models; see `conf/model/ensemble.yaml`."""

    kind: Literal["ensemble"]
    members: list[ModelKind] | None
    n_splits: Annotated[int, Field(ge=2)]
    calibrated: bool


class GaussianProcessConfig(Node):
    """The additive Gaussian process; see `conf/model/gaussian_process.yaml`."""

    kind: Literal["gaussian_process"]
    max_rbf: Annotated[int, Field(ge=0)]
    tail: Literal["auto", "normal", "t"]
    max_exact: Count
    n_neighbours: Count


class RegressionKrigingConfig(Node):
    """Ridge trend and kriged residuals; see `conf/model/regression_kriging.yaml`."""

    kind: Literal["regression_kriging"]
    model: Literal["sph", "exp"]


class ForestKrigingConfig(Node):
    """Forest and kriged residuals; see `conf/model/forest_kriging.yaml`."""

    kind: Literal["forest_kriging"]
    model: Literal["sph", "exp"]
    n_trees: Count
    n_jobs: Count


class OrdinaryKrigingConfig(Node):
    """Kriging of the logarithm, without covariates."""

    kind: Literal["ordinary_kriging"]
    model: Literal["sph", "exp"]


class QuantileForestConfig(Node):
    """Quantile regression forest; see `conf/model/quantile_forest.yaml`."""

    kind: Literal["quantile_forest"]
    n_estimators: Count
    min_samples_leaf: Count
    max_features: Annotated[float, Field(gt=0, le=1)]
    use_coordinates: bool
    n_jobs: Count


class PrevalenceConfig(Node):
    """The share of exceeding samples, everywhere; see `conf/model/prevalence.yaml`."""

    kind: Literal["prevalence"]


ModelConfig = Annotated[
    EnsembleConfig
    | GaussianProcessConfig
    | RegressionKrigingConfig
    | ForestKrigingConfig
    | OrdinaryKrigingConfig
    | QuantileForestConfig
    | LightGBMConfig
    | LogisticConfig
    | PrevalenceConfig,
    Field(discriminator="kind"),
]


def _kind_of(model: type[Node]) -> str:
    kind: str = get_args(model.model_fields["kind"].annotation)[0]
    return kind


class DecisionConfig(Node):
    """How a cell comes to its decision class; see `conf/predict/maps.yaml`."""

    rule: Literal["band", "cuts"] = "band"
    cost_ratio: Positive = 4.0
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    above: Share
    below: Share

    @model_validator(mode="after")
    def _ordered(self) -> "DecisionConfig":
        if self.below >= self.above:
            raise ValueError(
                f"`below: {self.below}` is not under `above: {self.above}`. "
                "Leave room between them for `cannot say`"
            )
        return self


class HotspotsConfig(Node):
    """What counts as a hotspot polygon."""

    definition: Literal["legal", "top_share", "cluster"] = "legal"
    probability: Share
    share: Share = 0.05
    false_discovery_rate: Share = 0.05
    radius_m: Positive = 1000.0
    minimum_area_m2: Annotated[float, Field(ge=0)]


class ComputeConfig(Node):
    """How much of the machine a map may use; the map is the same."""

    threads: Count | Literal["auto"] = "auto"


class PredictConfig(Node):
    """The map layers; see `conf/predict/maps.yaml`."""

    layers: list[str]
    window_size: Annotated[int, Field(ge=16)]
    compute: ComputeConfig = ComputeConfig()
    encoding: Literal["full", "compact"] = "full"
    decision: DecisionConfig
    hotspots: HotspotsConfig


class ExplainConfig(Node):
    """Explanations; see `conf/explain/shap.yaml`."""

    role_layers: bool
    dependence: Count
    hotspots: Annotated[int, Field(ge=0)] = 10
    removals: Annotated[int, Field(ge=0)] = 2


class ParameterConfig(Node):
    """The values that a parameter of a model may take in a search; see `conf/tune`."""

    kind: Literal["int", "float", "categorical"]
    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    choices: list[Any] | None = None

    @model_validator(mode="after")
    def _range_or_choices(self) -> "ParameterConfig":
        if self.kind == "categorical":
            if self.low is not None or self.high is not None or self.log:
                raise ValueError(
                    "a categorical parameter has `choices`, and neither `low`, `high` nor `log`"
                )
            choices = self.choices or []
            if len(choices) < 2 or any(each in choices[:n] for n, each in enumerate(choices)):
                raise ValueError(f"`choices: {choices}`: give two or more that differ")
            return self
        if self.choices is not None or self.low is None or self.high is None:
            raise ValueError(f"a parameter of the kind {self.kind} has `low` and `high`, alone")
        if not self.low < self.high:
            raise ValueError(
                f"`low: {self.low}` is not below `high: {self.high}`. Exchange them"
            )
        if self.log and self.low <= 0:
            raise ValueError(
                f"`low: {self.low}` has no logarithm. Give a `low` above 0, or `log: false`"
            )
        if self.kind == "int" and not all(isinstance(n, int) for n in (self.low, self.high)):
            raise ValueError(
                f"`low: {self.low}` and `high: {self.high}` of an int are not whole numbers. "
                "Round them, or give kind float"
            )
        return self

    def samples(self) -> list[Any]:
        """Return values that stand for all: every choice, or the ends and one between."""
        if self.low is None or self.high is None:
            return list(self.choices or [])
        # Between whole numbers, so that a parameter that counts refuses a range of floats.
        inner = [] if self.kind == "int" else [self.low + (self.high - self.low) / 7.3]
        return [self.low, *inner, self.high]


class TuneConfig(Node):
    """The search for settings and covariates; see `conf/tune/search.yaml`."""

    trials: Count = 30
    score: Literal["log_loss", "brier", "crps"] = "log_loss"
    nested: bool = True
    inner_trials: Count = 12
    inner_splits: Annotated[int, Field(ge=2)] = 4
    select: Literal["covariates", "roles"] = "covariates"
    spaces: dict[ModelKind, dict[str, ParameterConfig]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _parameters_of_the_model(self) -> "TuneConfig":
        models = {_kind_of(each): each for each in get_args(get_args(ModelConfig)[0])}
        for kind, space in self.spaces.items():
            if kind not in models:
                raise ValueError(
                    f"`spaces.{kind}`: there is no option model={kind} to tune. "
                    f"Choose one of {', '.join(models)}"
                )
            known = {name: f for name, f in models[kind].model_fields.items() if name != "kind"}
            for name, parameter in space.items():
                if name not in known:
                    raise ValueError(
                        f"`spaces.{kind}.{name}`: the model {kind} has no such parameter."
                        f"{nearest_name(name, list(known))} "
                        f"It has {', '.join(known) or 'none'}"
                    )
                adapter = TypeAdapter(known[name].rebuild_annotation())
                for value in parameter.samples():
                    try:
                        adapter.validate_python(value)
                    except ValidationError as error:
                        raise ValueError(
                            f"`spaces.{kind}.{name}`: the model cannot take {value!r}: "
                            f"{error.errors()[0]['msg']}. Narrow the space"
                        ) from error
        return self


class TrackingConfig(Node):
    """Where runs are remembered; see `conf/tracking/local.yaml`."""

    store: Literal["mlflow", "none"]
    uri: str
    register_models: bool
    alias: Name


class ServeConfig(Node):
    """Where the viewer can be reached; see `conf/serve/local.yaml`."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]+$")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1024, le=65535)] = 8765


class BundleContactConfig(Node):
    """Who answers for a bundle; see `conf/bundle/gsp.yaml`."""

    organisation: str = ""
    email: str = ""


class BundleConfig(Node):
    """A submission for a receiver of maps; see `conf/bundle/gsp.yaml`."""

    profile: Literal["gsp", "inspire", "stac"] = "gsp"
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    depth: tuple[Annotated[float, Field(ge=0)], Positive] | None = None
    resolution: Positive | None = None
    tokens: dict[ContaminantId, FileToken] = Field(default_factory=dict)
    licence: str = ""
    contact: BundleContactConfig = BundleContactConfig()
    published_on: Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    keywords: list[str] = Field(default_factory=list)


class GivenConfig(Node):
    """What is known of the soil: a number, a word, or the name of a covariate.

    The quantities are those of `hotspot.observations.conditions`; see `docs/thresholds.md`.
    """

    ph: float | str | None = None
    ph_cacl2: float | str | None = None
    ph_kcl: float | str | None = None
    ph_water: float | str | None = None
    clay: float | str | None = None
    organic_matter: float | str | None = None
    toc: float | str | None = None
    particles_lt_10um: float | str | None = None
    particles_lt_20um: float | str | None = None
    depth_top_cm: float | str | None = None
    depth_bottom_cm: float | str | None = None
    background: float | str | None = None
    extractable: float | str | None = None
    land_use: str | None = None
    texture: str | None = None
    crop: str | None = None
    site: str | None = None
    range: str | None = None
    origin: str | None = None
    scenario: str | None = None
    classes: dict[int, str] | dict[str, dict[int, str]] = Field(default_factory=dict)

    @model_serializer(mode="wrap")
    def _without_empty(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        kept = serialise(self).items()
        return {name: value for name, value in kept if value not in (None, {}, [])}

    def given(self) -> dict[str, float | str]:
        """Return what is given, by quantity."""
        names = (name for name in GivenConfig.model_fields if name != "classes")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}


class LimitConfig(GivenConfig):
    """The limit of a contaminant as a rule; see `conf/threshold/given.yaml`."""

    rule: Name | None = None
    registry: Name | None = None
    kind: str | None = None
    fraction: str | None = None
    date: str | None = None
    background_rule: Literal["higher", "replaces", "addition"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "LimitConfig":
        if (self.rule is None) == (self.registry is None):
            raise ValueError(
                f"`rule: {self.rule}` and `registry: {self.registry}` do not fit. Give the "
                "name of a regime with `rule`, or a jurisdiction or the beginning of ids with "
                "`registry`"
            )
        useless = [n for n in ("kind", "fraction", "date", "background_rule") if self[n]]
        if self.rule is not None and useless:
            raise ValueError(
                f"`rule: {self.rule}` settles {', '.join(useless)} itself. Leave that out, or "
                "use `registry`"
            )
        return self

    def __getitem__(self, name: str) -> Any:
        """Return the value of a key."""
        return getattr(self, name)


def _kind_of_limit(value: Any) -> str:
    """Return the tag of a limit, one that messages leave out of a key's path."""
    if isinstance(value, dict | LimitConfig):
        return "function-limit"
    is_text = isinstance(value, str) and re.fullmatch(r"[-+0-9.eE]+", value) is None
    return "str" if is_text else "float"


LimitValue = Annotated[
    Annotated[Positive, Tag("float")]
    | Annotated[str, Tag("str")]
    | Annotated[LimitConfig, Tag("function-limit")],
    Discriminator(_kind_of_limit),
]


class ThresholdConfig(Node):
    """The limits: a regime for all contaminants, and each one's own before it."""

    # Every further key is a contaminant.
    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())
    __pydantic_extra__: dict[ContaminantId, LimitValue]

    regime: Name | None = None
    regimes: list[Name] = Field(default_factory=list)
    registry: str | None = None
    given: GivenConfig = GivenConfig()

    @model_serializer(mode="wrap")
    def _without_empty(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        kept = serialise(self).items()
        return {name: value for name, value in kept if value not in (None, {}, [])}

    def __getitem__(self, contaminant: str) -> float | str | LimitConfig:
        """Return the limit of a contaminant, its own or by the regime."""
        own: dict[str, float | str | LimitConfig] = self.__pydantic_extra__ or {}
        if contaminant in own:
            return own[contaminant]
        if self.regime is None:
            raise KeyError(contaminant)
        return LimitConfig(rule=self.regime)

    def __contains__(self, contaminant: str) -> bool:
        """Whether a contaminant has a limit."""
        return self.regime is not None or contaminant in (self.__pydantic_extra__ or {})


class Config(Node):
    """One experiment, complete."""

    name: Name
    title: str
    description: str
    seed: Annotated[int, Field(ge=0)]
    workers: Count | Literal["auto"]
    contaminants: Annotated[list[ContaminantId], Field(min_length=1)]
    data: DataConfig
    covariates: CovariatesConfig
    threshold: ThresholdConfig
    cv: CvConfig
    model: ModelConfig
    predict: PredictConfig
    explain: ExplainConfig
    # A file composed before there was a search can still be read.
    tune: TuneConfig = TuneConfig()
    tracking: TrackingConfig
    # A file composed before there was a viewer can still be served.
    serve: ServeConfig = ServeConfig()
    # A file composed before there were bundles can still be bundled.
    bundle: BundleConfig = BundleConfig()

    @model_validator(mode="after")
    def _every_contaminant_has_a_limit(self) -> "Config":
        without = [c for c in self.contaminants if c not in self.threshold]
        if without:
            raise ValueError(
                f"contaminants without a limit: {', '.join(without)}. Give each one a number "
                f"in mg/kg or a registry id, such as threshold.{without[0]}=500, or all of "
                f"them a regime, such as threshold.regime=nl_soil_quality; "
                f"`hotspot thresholds contaminant={without[0]}` lists the cited ones"
            )
        return self
