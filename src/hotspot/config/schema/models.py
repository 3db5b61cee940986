"""The kinds of models and their parameters."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from hotspot.config.schema.node import Count, MemberKind, Names, Node, Positive


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
    members: Names[MemberKind] | None
    n_splits: Annotated[int, Field(ge=2)]
    calibrated: bool


class GaussianProcessConfig(Node):
    """The additive Gaussian process; see `conf/model/gaussian_process.yaml`."""

    kind: Literal["gaussian_process"]
    max_rbf: Annotated[int, Field(ge=0)]
    tail: Literal["auto", "normal", "t"]
    skew: Literal["auto", "none"]
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


class IndicatorKrigingConfig(Node):
    """Kriging of above and below one limit, without covariates."""

    kind: Literal["indicator_kriging"]
    model: Literal["sph", "exp", "mat"]


class QuantileForestConfig(Node):
    """Quantile regression forest; see `conf/model/quantile_forest.yaml`."""

    kind: Literal["quantile_forest"]
    n_estimators: Count
    min_samples_leaf: Count
    max_features: Annotated[float, Field(gt=0, le=1)]
    use_coordinates: bool
    n_axes: Annotated[int, Field(ge=2, le=36)]
    n_jobs: Count


class NeighbourForestConfig(Node):
    """A quantile forest that sees neighbours; see `conf/model/neighbour_forest.yaml`."""

    kind: Literal["neighbour_forest"]
    n_neighbours: Annotated[int, Field(ge=1, le=100)]
    n_estimators: Count
    min_samples_leaf: Count
    max_features: Annotated[float, Field(gt=0, le=1)]
    use_coordinates: bool
    n_axes: Annotated[int, Field(ge=2, le=36)]
    n_jobs: Count


class BoostedDistributionConfig(Node):
    """Boosted trees of the distribution; see `conf/model/boosted_distribution.yaml`."""

    kind: Literal["boosted_distribution"]
    max_rounds: Count
    num_leaves: Annotated[int, Field(ge=2)]
    max_depth: Annotated[int, Field(ge=1, le=16)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    min_child_samples: Count
    subsample: Annotated[float, Field(gt=0, le=1)]
    colsample_bytree: Annotated[float, Field(gt=0, le=1)]
    reg_lambda: Annotated[float, Field(ge=0)]
    use_coordinates: bool
    n_axes: Annotated[int, Field(ge=2, le=36)]
    n_jobs: Count


class ClimatologyConfig(Node):
    """The distribution of all samples, everywhere; see `conf/model/climatology.yaml`."""

    kind: Literal["climatology"]


class PrevalenceConfig(Node):
    """The share of exceeding samples, everywhere; see `conf/model/prevalence.yaml`."""

    kind: Literal["prevalence"]


ModelConfig = Annotated[
    EnsembleConfig
    | GaussianProcessConfig
    | RegressionKrigingConfig
    | ForestKrigingConfig
    | OrdinaryKrigingConfig
    | IndicatorKrigingConfig
    | QuantileForestConfig
    | NeighbourForestConfig
    | BoostedDistributionConfig
    | ClimatologyConfig
    | LightGBMConfig
    | LogisticConfig
    | PrevalenceConfig,
    Field(discriminator="kind"),
]


def _kind_of(model: type[Node]) -> str:
    kind: str = get_args(model.model_fields["kind"].annotation)[0]
    return kind
