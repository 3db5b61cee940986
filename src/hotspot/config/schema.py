"""The schema of the composed configuration; every key is documented in `conf/`."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from hotspot.covariates.catalogue import Kind, Role

# Names become folders, so they hold no separator and no leading dot.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.,=+@-]*$")]
ContaminantId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]*$")]
CovariateName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
PlanName = Literal["random", "block", "knndm"]
ModelKind = Literal[
    "ensemble",
    "gaussian_process",
    "regression_kriging",
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
    "upper_mg_kg",
)


class Node(BaseModel):
    """A node of the configuration: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class DataConfig(Node):
    """How the laboratory's table is read; see `conf/data/table.yaml`."""

    path: str
    crs: str | None
    separator: str
    encoding: str
    layer: str | None
    decimal: Literal[".", ","]
    columns: dict[str, str | None]
    wide: dict[ContaminantId, str]
    unit: str | None
    nondetect_words: list[str]
    missing_words: list[str]
    qualifiers: dict[str, Literal["measured", "below", "above", "reject"]]
    exclude: dict[str, list[str]]
    duplicates: Literal["mean", "first", "max", "keep"]
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


class RasterLayerConfig(Node):
    """A covariate read from a raster."""

    source: Literal["raster"] = "raster"
    path: str
    role: Role
    kind: Kind = Kind.CONTINUOUS
    unit: str = "1"
    description: str = ""
    classes: dict[int, str] = Field(default_factory=dict)
    band: Count = 1
    resampling: str | None = None
    crs: str | None = None
    nodata: float | None = None


class VectorLayerConfig(Node):
    """A covariate derived from points, lines or polygons."""

    source: Literal["vector"]
    path: str
    role: Role
    derive: Literal["distance", "density"]
    layer: str | None = None
    where: dict[str, str | int | float | list[str | int | float]] = Field(default_factory=dict)
    radius_m: Positive | None = None
    description: str = ""
    crs: str | None = None

    @model_validator(mode="after")
    def _density_has_radius(self) -> "VectorLayerConfig":
        if (self.derive == "density") != (self.radius_m is not None):
            raise ValueError(
                f"`derive: {self.derive}` and `radius_m: {self.radius_m}` do not fit. "
                "A density needs the radius in metres; a distance has none"
            )
        return self


class CoordinateLayerConfig(Node):
    """Easting or northing as a covariate; explained as location, never as a source."""

    source: Literal["coordinate"]
    axis: Literal["easting", "northing"]
    description: str = ""


LayerConfig = RasterLayerConfig | VectorLayerConfig | CoordinateLayerConfig


class CovariatesConfig(Node):
    """The grid and the layers on it; see `conf/covariates/layers.yaml`."""

    grid: GridConfig
    layers: dict[CovariateName, Annotated[LayerConfig, Field(discriminator="source")]]

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
    """Trend and kriged residuals; see `conf/model/regression_kriging.yaml`."""

    kind: Literal["regression_kriging"]
    trend: Literal["ridge", "forest"]
    model: Literal["sph", "exp"]


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
    | OrdinaryKrigingConfig
    | QuantileForestConfig
    | LightGBMConfig
    | LogisticConfig
    | PrevalenceConfig,
    Field(discriminator="kind"),
]


class DecisionConfig(Node):
    """Bounds of the decision classes, as probabilities."""

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

    probability: Share
    minimum_area_m2: Annotated[float, Field(ge=0)]


class PredictConfig(Node):
    """The map layers; see `conf/predict/maps.yaml`."""

    layers: list[str]
    window_size: Annotated[int, Field(ge=16)]
    decision: DecisionConfig
    hotspots: HotspotsConfig


class ExplainConfig(Node):
    """Explanations; see `conf/explain/shap.yaml`."""

    role_layers: bool
    dependence: Count


class TrackingConfig(Node):
    """Where runs are remembered; see `conf/tracking/local.yaml`."""

    store: Literal["mlflow", "none"]
    uri: str
    register_models: bool
    alias: Name


class Config(Node):
    """One experiment, complete."""

    name: Name
    title: str
    description: str
    seed: Annotated[int, Field(ge=0)]
    contaminants: Annotated[list[ContaminantId], Field(min_length=1)]
    data: DataConfig
    covariates: CovariatesConfig
    threshold: dict[ContaminantId, Positive | str]
    cv: CvConfig
    model: ModelConfig
    predict: PredictConfig
    explain: ExplainConfig
    tracking: TrackingConfig

    @model_validator(mode="after")
    def _every_contaminant_has_a_limit(self) -> "Config":
        without = [c for c in self.contaminants if c not in self.threshold]
        if without:
            raise ValueError(
                f"contaminants without a limit: {', '.join(without)}. Give each one a number "
                f"in mg/kg or a registry id, such as threshold.{without[0]}=500; "
                f"`hotspot thresholds contaminant={without[0]}` lists the cited ones"
            )
        return self
