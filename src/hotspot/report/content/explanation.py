"""What a model leans on, and what the tests of it came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import OutputError
from hotspot.grid import Grid
from hotspot.report.content.checks import need_columns, need_shape

IMPORTANCE_COLUMNS = ("covariate", "role", "mean_abs")
ROLE_COLUMNS = ("role", "mean_abs")
DEPENDENCE_COLUMNS = ("low", "high", "mean", "sd", "n")
INTERACTION_COLUMNS = ("first", "second", "mean_abs")
STABILITY_COLUMNS = ("covariate", "sign_agreement", "above_placebo")


@dataclass(frozen=True)
class SampleContributions:
    """Contribution of each covariate to the prediction of each sample.

    Parameters
    ----------
    X : DataFrame, shape (n, n_covariates)
        Covariate values.
    contributions : array, shape (n, n_covariates)
        SHAP values, in the columns of `X`.
    """

    X: pd.DataFrame
    contributions: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.X.shape != self.contributions.shape:
            raise OutputError(
                f"The covariates have shape {self.X.shape} and their contributions "
                f"{self.contributions.shape}. Give one contribution per value."
            )


@dataclass(frozen=True)
class Dependence:
    """How the contribution of one covariate changes along its values.

    Parameters
    ----------
    name, unit : str
        The covariate.
    curve : DataFrame
        Columns `DEPENDENCE_COLUMNS`: mean contribution and its standard deviation in bins of
        the value, or by class where every bin has ``low == high``.
    rug : array, shape (n,)
        The covariate's value at each sample.
    shape : DataFrame or None
        ``value``, ``ale`` and ``partial``: accumulated local effects and partial dependence
        of the log-odds, NaN where nothing can be told.
    classes : mapping of float to str
        Meaning of each code, for a covariate of classes; empty for numbers.
    """

    name: str
    unit: str
    curve: pd.DataFrame
    rug: NDArray[np.float64]
    shape: pd.DataFrame | None = None
    classes: Mapping[float, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        need_columns(self.curve, DEPENDENCE_COLUMNS, "dependence")


@dataclass(frozen=True)
class RoleLayers:
    """Contribution maps by role, and the role with the largest contribution in each cell.

    Parameters
    ----------
    grid : Grid
        Grid of every array; may be coarser than that of the probability map.
    contribution : mapping of str to array
        Sum of the contributions of a role's covariates; NaN where there is no data.
    driver : array of uint8 or None
        Code of the dominant role; a code that `roles` does not know is no data.
    roles : mapping of int to str
        Role by code, as in the raster: ``dict(enumerate(roles))``.
    outside : bool array or None
        Cells outside the area of applicability; None where it was not computed.
    """

    grid: Grid
    contribution: Mapping[str, NDArray[np.float64]]
    driver: NDArray[np.uint8] | None = None
    roles: Mapping[int, str] = field(default_factory=dict)
    outside: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        for role, layer in self.contribution.items():
            need_shape(self.grid, f"{role} contribution", layer)
        need_shape(self.grid, "dominant role", self.driver)
        need_shape(self.grid, "applicability", self.outside)


@dataclass(frozen=True)
class Claims:
    """What the tests of an explanation came to, as plain values of its files.

    Parameters
    ----------
    statements : sequence of mapping
        As in ``statements.json``: text, verdict, kind, evidence and cautions.
    cautions : sequence of str
        On all statements.
    cards : sequence of mapping
        As in ``hotspots.json``.
    origins : mapping or None
        As in ``origins.json``.
    """

    statements: Sequence[Mapping[str, Any]]
    cautions: Sequence[str] = ()
    cards: Sequence[Mapping[str, Any]] = ()
    origins: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ScaleImportance:
    """What roles add to one answer of the model, on average over samples.

    Parameters
    ----------
    scale : str
        ``log-odds``, ``probability``, ``median`` or ``width``.
    unit : str
        Of the numbers.
    mean_abs : mapping of str to float
        Mean absolute contribution by role.
    n_background : int
        Samples that make up what is compared with.
    """

    scale: str
    unit: str
    mean_abs: Mapping[str, float]
    n_background: int = 0


@dataclass(frozen=True)
class Explanation:
    """What the model of one contaminant leans on.

    Parameters
    ----------
    scale : str
        Unit of every contribution: ``log-odds`` or ``log concentration``, both natural.
    importance : DataFrame
        Columns `IMPORTANCE_COLUMNS`, by importance; ``unit``, ``sd``, ``above_placebo`` and
        ``interventional``, the same against a background of samples, if known.
    by_role : DataFrame or None
        Columns `ROLE_COLUMNS`, and ``sd`` if known.
    placebo : float or None
        Upper end of the importance that covariates without any information reach.
    samples : SampleContributions or None
        For the chart of all samples.
    dependence : tuple of Dependence
        One per covariate to show.
    layers : RoleLayers or None
        Maps by role.
    stability : DataFrame or None
        Columns `STABILITY_COLUMNS`; every other column is shown as it is. A column
        ``verdict`` takes the place of the verdict that this package would give.
    claims : Claims or None
        Statements with verdicts, hotspot cards and origins.
    scales : tuple of ScaleImportance
        What roles add on each scale: log-odds, probability, concentration, uncertainty.
    interactions : DataFrame or None
        Columns `INTERACTION_COLUMNS`: what roles do alone and in pairs.
    association : DataFrame or None
        How much each pair of covariates says the same, from 0 to 1, square.
    n_background : int
        Samples that contributions are compared with; 0 where the model itself defines it.
    slow_reason : str
        Why contributions of trees took LightGBM's own way; empty where they did not.
    """

    scale: str
    importance: pd.DataFrame
    by_role: pd.DataFrame | None = None
    placebo: float | None = None
    samples: SampleContributions | None = None
    dependence: tuple[Dependence, ...] = ()
    layers: RoleLayers | None = None
    stability: pd.DataFrame | None = None
    claims: Claims | None = None
    scales: tuple[ScaleImportance, ...] = ()
    interactions: pd.DataFrame | None = None
    association: pd.DataFrame | None = None
    n_background: int = 0
    slow_reason: str = ""

    def __post_init__(self) -> None:
        need_columns(self.importance, IMPORTANCE_COLUMNS, "importance")
        need_columns(self.by_role, ROLE_COLUMNS, "role")
        need_columns(self.stability, STABILITY_COLUMNS, "stability")
        need_columns(self.interactions, INTERACTION_COLUMNS, "interaction")
