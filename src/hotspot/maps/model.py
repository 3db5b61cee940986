"""What a map asks of a fitted model."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.grid import Coordinates, Grid

Values = NDArray[np.float64]


class Applicability(Protocol):
    """The area of applicability of a model."""

    threshold_: float

    def dissimilarity(self, X: pd.DataFrame, /) -> Values:
        """Return the dissimilarity index of each row."""
        ...

    def local_point_density(self, X: pd.DataFrame, /) -> Values:
        """Return the number of samples that support each row."""
        ...


class MapModel(Protocol):
    """What a map asks of a fitted model.

    A model of the whole distribution also has ``quantile(X, q, coordinates=...)`` in
    mg/kg, itself or in its ``estimator``; a model that was tested has a ``calibration_band``
    and an ``error_profile``, and one whose limit depends on the place has a ``rule``. They
    are looked for by name, since not every model has them.
    """

    @property
    def contaminant(self) -> str:
        """Id of the contaminant."""
        ...

    @property
    def threshold(self) -> Mapping[str, Any]:
        """The limit: ``id``, ``value_mg_kg``, ``citation``."""
        ...

    @property
    def facts(self) -> Mapping[str, Any]:
        """Where the model comes from: ``model_id``, ``data_hash``, ``version``."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """The covariates the model was fitted on."""
        ...

    @property
    def grid(self) -> Grid:
        """The grid of those covariates."""
        ...

    @property
    def applicability(self) -> Applicability | None:
        """The area of applicability, if one was fitted."""
        ...

    def exceedance(self, X: pd.DataFrame, coordinates: Coordinates | None = None) -> Values:
        """Return P(concentration > limit) of each row."""
        ...
