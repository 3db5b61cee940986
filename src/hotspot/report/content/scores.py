"""How well models predict what they have not seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from hotspot.report.content.checks import need_columns

Score = Mapping[str, float | str | None]
"""``{"mean": …, "se": …}``, with a ``"reason"`` where it is undefined."""

Scores = Mapping[str, Mapping[str, Mapping[str, Score]]]
"""``{model: {plan: {score: Score}}}``, as in ``metrics.json``."""

RELIABILITY_COLUMNS = ("predicted", "observed", "lower", "upper", "n")
WORST_COLUMNS = ("sample_id", "easting", "northing", "measured", "probability", "log_loss")
PROFILE_COLUMNS = ("dissimilarity", "largest", "n", "brier", "brier_lower", "brier_upper")


@dataclass(frozen=True)
class Reach:
    """How the error depends on the distance in covariates from the samples.

    Parameters
    ----------
    applicability : mapping
        ``{plan: {"inside": {...}, "outside": {...}}}`` as in ``metrics.json``: the number of
        left-out predictions ``n`` and scores inside and outside the area of applicability.
    profile : DataFrame or None
        Columns `PROFILE_COLUMNS`: the expected Brier score with its band by dissimilarity.
    correlation : mapping
        Rank correlation of dissimilarity and squared error, with its standard error.
    strength : str
        ``none``, ``weak``, ``moderate``, ``strong``, ``opposite`` or ``unknown``.
    """

    applicability: Mapping[str, Mapping[str, Mapping[str, Score | int]]]
    profile: pd.DataFrame | None
    correlation: Score
    strength: str

    def __post_init__(self) -> None:
        need_columns(self.profile, PROFILE_COLUMNS, "error profile")


@dataclass(frozen=True)
class Evaluation:
    """How well the models predict samples that they have not seen.

    Parameters
    ----------
    scores : mapping
        `Scores` of every model, the baselines among them.
    model : str
        The model that made the maps.
    baseline : str
        The model that knows only the share of exceeding samples.
    gap : mapping of str to Score
        Score under random folds minus score under kNNDM folds, by score name.
    reliability : DataFrame or None
        Columns `RELIABILITY_COLUMNS`: mean predicted probability, observed share with its
        interval, and the number of samples, bin by bin.
    reliability_plan : str
        The fold plan of the reliability table.
    reach : Reach or None
        How the error depends on the dissimilarity from the samples.
    worst : DataFrame or None
        Columns `WORST_COLUMNS`: the left-out samples that the model of the map told worst,
        the worst first.
    """

    scores: Scores
    model: str
    baseline: str = "prevalence"
    gap: Mapping[str, Score] | None = None
    reliability: pd.DataFrame | None = None
    reliability_plan: str = ""
    reach: Reach | None = None
    worst: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        need_columns(self.reliability, RELIABILITY_COLUMNS, "reliability")
        need_columns(self.worst, WORST_COLUMNS, "worst places")
