"""The maps and what is decided from them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from hotspot.config.schema.node import Count, Names, Node, Positive, Share
from hotspot.covariates.catalogue import Role
from hotspot.errors import few, nearest_name

# Those of `hotspot.maps.layers`, which stands above this package; a test holds them equal.
_PLAIN_LAYERS = (
    "probability",
    "lower",
    "median",
    "upper",
    "dissimilarity",
    "decision",
    "probability_lower",
    "probability_upper",
    "expected_brier",
    "point_density",
    "limit",
    "roles",
)
LAYER_NAMES = (*_PLAIN_LAYERS, *(f"role_{role}" for role in Role))


def _known_layer(name: str) -> str:
    if name not in LAYER_NAMES:
        raise ValueError(
            f"there is no such map layer.{nearest_name(name, LAYER_NAMES)} "
            f"Choose among {', '.join(_PLAIN_LAYERS)} and role_<role>"
        )
    return name


LayerName = Annotated[str, AfterValidator(_known_layer)]


class DecisionConfig(Node):
    """How a cell comes to its decision class; see `conf/predict/maps.yaml`."""

    rule: Literal["band", "cuts"]
    cost_ratio: Positive
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
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

    definition: Literal["legal", "top_share", "cluster"]
    probability: Share
    share: Share
    false_discovery_rate: Share
    radius_m: Positive
    minimum_area_m2: Annotated[float, Field(ge=0)]


class ComputeConfig(Node):
    """Who computes the windows of a map; the map is the same."""

    kind: Literal["local", "threads", "dask"]
    threads: Count | Literal["auto"]
    workers: Count | Literal["auto"]
    scheduler: str | None
    covariates: str | None

    @model_validator(mode="after")
    def _asks_dask(self) -> "ComputeConfig":
        given = {"scheduler": self.scheduler, "covariates": self.covariates}
        unused = [name for name, value in given.items() if value is not None]
        if unused and self.kind != "dask":
            raise ValueError(
                f"`{unused[0]}: {given[unused[0]]}` is for `kind: dask`, and it is "
                f"`kind: {self.kind}`. Set `kind: dask`, or leave it null"
            )
        return self


class PredictConfig(Node):
    """The map layers; see `conf/predict/maps.yaml`."""

    layers: Names[LayerName]
    window_size: Annotated[int, Field(ge=16)]
    compute: ComputeConfig
    encoding: Literal["full", "compact"]
    decision: DecisionConfig
    hotspots: HotspotsConfig

    @field_validator("layers")
    @classmethod
    def _some_and_roles_once(cls, value: list[str]) -> list[str]:
        if not value:
            raise ValueError("no map layer is named. Name at least one, such as probability")
        single = [name for name in value if name.startswith("role_")]
        if "roles" in value and single:
            raise ValueError(
                f"`roles` stands for the layers of all roles, and {few(single)} is named "
                "beside it. Name `roles`, or single ones"
            )
        return value
