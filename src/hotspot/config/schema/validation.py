"""Fold plans."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotspot.config.schema.node import (
    Count,
    ModelKind,
    Names,
    Node,
    PlanName,
    Positive,
    Share,
)


class CvConfig(Node):
    """Fold plans and the models scored on them; see `conf/cv/block.yaml`."""

    primary: PlanName
    plans: Names[PlanName]
    n_splits: Annotated[int, Field(ge=2)]
    repeats: Count
    spacing_m: Positive | Literal["auto"]
    groups: str | None
    buffer_m: Positive | Literal["auto"]
    target_weighted: bool
    rivals: Names[ModelKind]
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
                "to laboratory, campaign, source, site_id, method, year or another column"
            )
        return self
