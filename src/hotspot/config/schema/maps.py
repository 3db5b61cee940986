"""The maps and what is decided from them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotspot.config.schema.node import Count, Node, Positive, Share


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
    """Who computes the windows of a map; the map is the same."""

    kind: Literal["local", "threads", "dask"] = "threads"
    threads: Count | Literal["auto"] = "auto"
    workers: Count | Literal["auto"] = "auto"
    scheduler: str | None = None
    covariates: str | None = None

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

    layers: list[str]
    window_size: Annotated[int, Field(ge=16)]
    compute: ComputeConfig = ComputeConfig()
    encoding: Literal["full", "compact"] = "full"
    decision: DecisionConfig
    hotspots: HotspotsConfig
