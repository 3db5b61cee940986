"""A fitted model with everything needed to apply it and to say what it is."""

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import ModelError
from hotspot.estimators.additive import AdditiveModel, SharedOnce
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.varying_limit import exceedance_at
from hotspot.grid import Coordinates, Grid
from hotspot.observations.limits.rules import Limit, LimitRule, limits_at

if TYPE_CHECKING:
    from hotspot.estimators.applicability.area import AreaOfApplicability
    from hotspot.estimators.applicability.error_profile import ErrorProfile
    from hotspot.estimators.calibration_band import CalibrationBand


# Rows of a map asked about at once. Whole distributions of a pool of models take some 10 kB a
# row; other answers take little, and trees are the quicker the more rows there are.
_WITH_DISTRIBUTIONS, _OTHERWISE = 16_384, 1 << 20


@dataclass(frozen=True)
class LeftOutEvidence:
    """What left-out samples tell of a model's answers; each part may be missing.

    Parameters
    ----------
    band : CalibrationBand, optional
        How far a probability can be taken at its word.
    profile : ErrorProfile, optional
        The error to expect, by dissimilarity from the samples.
    """

    band: "CalibrationBand | None" = None
    profile: "ErrorProfile | None" = None


@dataclass(frozen=True)
class FittedModel:
    """One contaminant's model, with its covariates, grid, limit and origin.

    Parameters
    ----------
    estimator : ExceedanceModel
        Fitted.
    catalogue : Catalogue
        The covariates it was fitted on, in order.
    grid : Grid
        The grid these covariates stand on.
    contaminant : str
        Id such as ``zn``.
    threshold : dict
        Plain values of the registry's entry; ``value_mg_kg`` is needed, ``id`` and
        ``citation`` are wanted. With a ``rule`` the limit depends on the place, and the value
        is the median of the samples' limits.
    applicability : AreaOfApplicability, optional
        Fitted on the same samples.
    facts : dict
        Plain values on the origin: ``model_id``, ``data_hash``, ``seed``, ``n_samples``,
        ``prevalence``, ``version`` and what else a reader should know.
    evidence : LeftOutEvidence
        Of the same settings, on samples left out.

    Raises
    ------
    ModelError
        The threshold has no positive ``value_mg_kg``.
    """

    estimator: ExceedanceModel
    catalogue: Catalogue
    grid: Grid
    contaminant: str
    threshold: dict[str, Any]
    applicability: "AreaOfApplicability | None" = None
    facts: dict[str, Any] = field(default_factory=dict)
    evidence: LeftOutEvidence = field(default_factory=LeftOutEvidence)

    def __post_init__(self) -> None:
        value = self.threshold.get("value_mg_kg")
        if not isinstance(value, (int, float)) or not 0 < value < math.inf:
            raise ModelError(
                f"The threshold of the model of {self.contaminant!r} has the value {value!r}. "
                "Give value_mg_kg as a number above 0."
            )

    @property
    def threshold_mg_kg(self) -> float:
        """The limit in mg/kg dry mass; of a rule the median of the samples' limits."""
        return float(self.threshold["value_mg_kg"])

    @property
    def rule(self) -> LimitRule | None:
        """The rule of the limit of every place; None where the limit is one number."""
        told = self.threshold.get("rule")
        return None if told is None else LimitRule.from_dict(told)

    @property
    def limit(self) -> Limit:
        """The limit as it is asked about: a number of mg/kg, or its rule."""
        return self.rule or self.threshold_mg_kg

    def limits(self, X: pd.DataFrame) -> float | NDArray[np.float64]:
        """Return the limit in mg/kg: one number, or that of each row, NaN where not known."""
        return limits_at(self.limit, X)

    @property
    def calibration_band(self) -> "CalibrationBand | None":
        """How far a probability can be taken at its word; None where it was not tested."""
        return self.evidence.band

    @property
    def error_profile(self) -> "ErrorProfile | None":
        """The error to expect, by dissimilarity; None where it was not tested."""
        return self.evidence.profile

    def with_confidence(self, confidence: float) -> "FittedModel":
        """Return the model with its band of another confidence, if it has a band."""
        if self.evidence.band is None:
            return self
        band = self.evidence.band.at(confidence)
        return replace(self, evidence=replace(self.evidence, band=band))

    @property
    def rows_at_once(self) -> int:
        """Rows to ask about at once, so that memory stays bounded."""
        from hotspot.estimators.answers import AnswersFromDistribution

        holds = isinstance(self.estimator, AnswersFromDistribution)
        return _WITH_DISTRIBUTIONS if holds else _OTHERWISE

    def asked_once(self) -> "FittedModel":
        """Return the model for one window of a map: the rows asked last are known again.

        Probability, median and interval of the same rows then cost one distribution, and the
        contributions of all roles one table.
        """
        # Not imported by who only names the package: scikit-learn takes a second.
        from hotspot.estimators.answers import AnswersFromDistribution, AskedOnce

        once: Any = self.estimator
        if isinstance(once, AnswersFromDistribution):
            once = AskedOnce(once)
        elif isinstance(once, AdditiveModel):
            once = SharedOnce(once)
        return replace(self, estimator=once)

    def exceedance(
        self, X: pd.DataFrame, coordinates: Coordinates | None = None
    ) -> NDArray[np.float64]:
        """Return P(concentration > limit), shape (n,); NaN where it cannot be known.

        Where the limit depends on the place, each row is asked about its own.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            Covariates in the order of the catalogue; a missing one gives NaN.
        coordinates : array, shape (n, 2), optional
            Easting, northing, for models that use them.

        Raises
        ------
        CovariateError
            The columns are not those of the catalogue, in its order.
        """
        self.catalogue.check_names([str(name) for name in X.columns])
        return exceedance_at(self.estimator, X, self.limits(X), coordinates=coordinates)
