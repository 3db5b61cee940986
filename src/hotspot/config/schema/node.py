"""What every part of the schema is made of: names, numbers, and the node itself."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

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
    "climatology",
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
    "campaign",
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
    "sample_weight",
    "sampled_on",
    "site_id",
    "source",
    "upper_mg_kg",
)


class Node(BaseModel):
    """A node of the configuration: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())
