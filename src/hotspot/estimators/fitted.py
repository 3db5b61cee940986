"""A fitted model with everything needed to apply it and to say what it is."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import ModelError
from hotspot.estimators.base import ExceedanceModel
from hotspot.grid import Coordinates, Grid

if TYPE_CHECKING:
    from hotspot.estimators.applicability import AreaOfApplicability


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
        ``citation`` are wanted.
    applicability : AreaOfApplicability, optional
        Fitted on the same samples.
    facts : dict
        Plain values on the origin: ``model_id``, ``data_hash``, ``seed``, ``n_samples``,
        ``prevalence``, ``version`` and what else a reader should know.

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

    def __post_init__(self) -> None:
        value = self.threshold.get("value_mg_kg")
        if not isinstance(value, (int, float)) or not 0 < value < math.inf:
            raise ModelError(
                f"The threshold of the model of {self.contaminant!r} has the value {value!r}. "
                "Give value_mg_kg as a number above 0."
            )

    @property
    def threshold_mg_kg(self) -> float:
        """The limit in mg/kg dry mass."""
        return float(self.threshold["value_mg_kg"])

    def exceedance(
        self, X: pd.DataFrame, coordinates: Coordinates | None = None
    ) -> NDArray[np.float64]:
        """Return P(concentration > limit), shape (n,); NaN where it cannot be known.

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
        return self.estimator.exceedance(X, self.threshold_mg_kg, coordinates=coordinates)
