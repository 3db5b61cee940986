"""One experiment, complete."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotspot.config.schema.covariates import CovariatesConfig
from hotspot.config.schema.data import DataConfig
from hotspot.config.schema.limits import ThresholdConfig
from hotspot.config.schema.maps import PredictConfig
from hotspot.config.schema.models import ModelConfig
from hotspot.config.schema.node import ContaminantId, Count, Name, Names, Node
from hotspot.config.schema.products import (
    BundleConfig,
    ExplainConfig,
    ServeConfig,
    TrackingConfig,
)
from hotspot.config.schema.tuning import TuneConfig
from hotspot.config.schema.validation import CvConfig
from hotspot.errors import few


class Config(Node):
    """One experiment, complete."""

    name: Name
    title: str
    description: str
    seed: Annotated[int, Field(ge=0)]
    workers: Count | Literal["auto"]
    contaminants: Annotated[Names[ContaminantId], Field(min_length=1)]
    data: DataConfig
    covariates: CovariatesConfig
    threshold: ThresholdConfig
    cv: CvConfig
    model: ModelConfig
    preference: Literal["auto", "none"]
    weights: Literal["none", "declustered", "target"]
    predict: PredictConfig
    explain: ExplainConfig
    tune: TuneConfig
    tracking: TrackingConfig
    serve: ServeConfig
    bundle: BundleConfig

    @model_validator(mode="after")
    def _a_regime_has_an_effect(self) -> "Config":
        own = [c for c in self.contaminants if self.threshold.has_own(c)]
        if self.threshold.regime is not None and len(own) == len(self.contaminants):
            raise ValueError(
                f"threshold.regime={self.threshold.regime} changes nothing: {', '.join(own)} "
                "have limits of their own, which go before a regime. Leave these out with "
                "threshold=given, or leave the regime out"
            )
        return self

    def _limits_of_others(self) -> str:
        """Return which others have limits, whose ids may be those that were meant."""
        own = self.threshold.__pydantic_extra__ or {}
        others = [name for name in own if name not in self.contaminants]
        return f" (threshold has {few(others)}; these are ids, not names)" if others else ""

    @model_validator(mode="after")
    def _every_contaminant_has_a_limit(self) -> "Config":
        without = [c for c in self.contaminants if c not in self.threshold]
        if without:
            raise ValueError(
                f"contaminants without a limit: {', '.join(without)}"
                f"{self._limits_of_others()}. Give each one a number "
                f"in mg/kg or a registry id, such as threshold.{without[0]}=500, or all of "
                f"them a regime, such as threshold.regime=nl_soil_quality; "
                f"`hotspot thresholds contaminant={without[0]}` lists the cited ones"
            )
        return self
