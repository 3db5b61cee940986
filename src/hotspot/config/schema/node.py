"""What every part of the schema is made of: names, numbers, and the node itself."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from hotspot.errors import few

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
# Those that know a distribution, so that a pool can hold them.
MemberKind = Literal[
    "gaussian_process",
    "regression_kriging",
    "forest_kriging",
    "ordinary_kriging",
    "quantile_forest",
    "neighbour_forest",
    "boosted_distribution",
    "climatology",
]
Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


def _each_once(values: list[Any]) -> list[Any]:
    """Raise `ValueError` if a name stands twice in a list."""
    twice = dict.fromkeys(value for value in values if values.count(value) > 1)
    if twice:
        raise ValueError(f"named more than once: {few(map(repr, twice))}. Name each once")
    return values


_T = TypeVar("_T")
# A list that names things: each stands in it once, or is computed, written and counted twice.
Names = Annotated[list[_T], AfterValidator(_each_once)]


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
