"""What every model of `hotspot` can do, and how it is taken apart for saving."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.grid import Coordinates


@dataclass(frozen=True)
class ModelState:
    """A fitted estimator as inert data: nothing in it can run.

    Parameters
    ----------
    kind : str
        Name in the registry of estimator classes.
    values : dict
        Parameters and fitted numbers, JSON only.
    files : dict of bytes
        Larger parts by file name, such as LightGBM's text model.
    """

    kind: str
    values: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)


def params_as_json(params: Mapping[str, Any], omitted: Collection[str] = ()) -> dict[str, Any]:
    """Return the parameters of an estimator as JSON values, less some."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in params.items()
        if name not in omitted
    }


def params_from_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that `params_as_json` described; a list was a tuple."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
    }


@runtime_checkable
class ExceedanceModel(Protocol):
    """A model of P(concentration > threshold).

    A direct classifier knows one threshold, given when it is made; a distribution model
    answers for any. Both are asked in the same words, so that everything behind them
    (evaluation, maps, explanations) need not know which it has.
    """

    def fit(
        self,
        X: pd.DataFrame,
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
        *,
        coordinates: Coordinates | None = None,
    ) -> Self:
        """Learn from intervals of concentration (mg/kg); ``lower == upper`` if measured."""
        ...

    def exceedance(
        self,
        X: pd.DataFrame,
        threshold: float,
        *,
        coordinates: Coordinates | None = None,
    ) -> NDArray[np.float64]:
        """Return P(concentration > threshold), shape (n,), for a threshold in mg/kg."""
        ...

    def to_state(self) -> ModelState:
        """Return the fitted model as inert data."""
        ...

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Return the fitted model that `to_state` described."""
        ...
