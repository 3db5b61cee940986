"""A saved model as MLflow serves it: covariates in, probability of exceedance out."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import load_model

# Columns of the input that are no covariates; no covariate can have these names.
PLACES = ("easting", "northing")


class ExceedanceProbability:
    """The model behind ``mlflow.pyfunc.load_model``."""

    def __init__(self, model: FittedModel) -> None:
        self.model = model

    def predict(
        self, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> NDArray[np.float64]:
        """Return P(concentration > limit), shape (n,).

        Parameters
        ----------
        model_input : DataFrame
            The covariates, and ``easting`` and ``northing`` of each row, which models of the
            concentration need and others leave aside.
        params : dict, optional
            MLflow's; none is used.
        """
        places = [name for name in PLACES if name in model_input.columns]
        covariates = model_input.drop(columns=places).astype(np.float64)
        self.model.catalogue.check_names([str(name) for name in covariates.columns])
        coordinates = None
        if len(places) == len(PLACES):
            coordinates = model_input[list(PLACES)].to_numpy(dtype=np.float64)
        return self.model.exceedance(covariates, coordinates)


def _load_pyfunc(data_path: str) -> ExceedanceProbability:
    """Return the model of a folder; MLflow calls this by name."""
    return ExceedanceProbability(load_model(Path(data_path)))
