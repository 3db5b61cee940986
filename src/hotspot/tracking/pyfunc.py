"""A saved model as MLflow serves it: covariates in, probability of exceedance out."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import load_model


class ExceedanceProbability:
    """The model behind ``mlflow.pyfunc.load_model``."""

    def __init__(self, model: FittedModel) -> None:
        self.model = model

    def predict(
        self, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> NDArray[np.float64]:
        """Return P(concentration > limit) for rows of covariates, shape (n,)."""
        names = list(self.model.catalogue.names)
        self.model.catalogue.check_names([str(name) for name in model_input.columns])
        return self.model.exceedance(model_input[names].astype(np.float64))


def _load_pyfunc(data_path: str) -> ExceedanceProbability:
    """Return the model of a folder; MLflow calls this by name."""
    return ExceedanceProbability(load_model(Path(data_path)))
