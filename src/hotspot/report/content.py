"""What a report is made of: values, tables and arrays, gathered by the caller."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from hotspot.errors import GridError, OutputError, few
from hotspot.grid import Coordinates, Grid
from hotspot.maps.decision import inside_applicability
from hotspot.maps.statistics import MapStatistics

Score = Mapping[str, float | str | None]
"""``{"mean": …, "se": …}``, with a ``"reason"`` where it is undefined."""

Scores = Mapping[str, Mapping[str, Mapping[str, Score]]]
"""``{model: {plan: {score: Score}}}``, as in ``metrics.json``."""

RELIABILITY_COLUMNS = ("predicted", "observed", "lower", "upper", "n")
HOTSPOT_COLUMNS = (
    "rank",
    "area_m2",
    "mean_probability",
    "max_probability",
    "confidence",
    "n_cells",
)
IMPORTANCE_COLUMNS = ("covariate", "role", "mean_abs")
ROLE_COLUMNS = ("role", "mean_abs")
DEPENDENCE_COLUMNS = ("low", "high", "mean", "sd", "n")
PROFILE_COLUMNS = ("dissimilarity", "largest", "n", "brier", "brier_lower", "brier_upper")
STABILITY_COLUMNS = ("covariate", "sign_agreement", "above_placebo")


def _need(table: pd.DataFrame | None, columns: Sequence[str], what: str) -> None:
    missing = [] if table is None else [name for name in columns if name not in table.columns]
    if missing:
        raise OutputError(
            f"The {what} table of the report has no column {few(missing)}; it has "
            f"{few(map(str, () if table is None else table.columns), 10)}. "
            "Give the missing columns, or None for the whole table."
        )


@dataclass(frozen=True)
class Provenance:
    """Where the numbers of a report come from.

    Parameters
    ----------
    config_hash, data_hash : str
        Digests of the composed configuration and of the observations.
    software_version : str
        Version of `hotspot`.
    seed : int
        The one seed from which every random step takes its own.
    model_ids : mapping of str to str
        Model or run id by contaminant id.
    facts : tuple of (str, str)
        Further label and value pairs, shown as they are.
    """

    config_hash: str
    data_hash: str
    software_version: str
    seed: int
    model_ids: Mapping[str, str]
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LedgerStep:
    """One step through which the data went: rows in, rows out, and why rows left."""

    step: str
    rows_in: int
    rows_out: int
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Context:
    """A vector layer that helps the reader to find the place, such as a river."""

    label: str
    geometry: BaseGeometry


@dataclass(frozen=True)
class Limit:
    """The limit whose exceedance is mapped, as the threshold registry gives it.

    Parameters
    ----------
    threshold_id : str
        Id in the registry.
    value_mg_kg : float
        mg/kg dry weight.
    citation : str
        The law or guidance, in words.
    status : str
        ``in_force``, ``superseded`` or ``unknown``.
    condition : str
        What the limit presumes, such as ``soil pH 6-7``; empty if nothing.
    note : str
        What else a reader should know; empty if nothing.
    """

    threshold_id: str
    value_mg_kg: float
    citation: str
    status: str = "unknown"
    condition: str = ""
    note: str = ""


@dataclass(frozen=True)
class SamplePoints:
    """Where samples were taken and whether they exceed the limit.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Easting, northing in the CRS of the map.
    label : array, shape (n,)
        1 exceeds, 0 does not, NaN unknown.
    value : tuple of str
        The concentration as text, such as ``< 0.2 mg/kg``; empty if not to be shown.
    """

    coordinates: Coordinates
    label: NDArray[np.float64]
    value: tuple[str, ...] = ()


@dataclass(frozen=True)
class Folds:
    """The fold of each sample under one plan, and how far the plan is from the map's task.

    Parameters
    ----------
    plan : str
        Name, such as ``knndm``.
    fold : array of int, shape (n,)
        In the order of the sample points.
    separation_m : float or None
        Wasserstein distance W between the distances from test to training samples and
        those from map cells to samples.
    """

    plan: str
    fold: NDArray[np.int64]
    separation_m: float | None = None


@dataclass(frozen=True)
class Sampling:
    """The samples of one contaminant in numbers, on the map, and in folds.

    Parameters
    ----------
    n : int
        Samples, those of unknown exceedance included.
    n_unknown : int
        Samples whose interval holds the limit.
    prevalence : float or None
        Share of exceeding samples among those known.
    points : SamplePoints or None
        Where they lie.
    plans : tuple of Folds
        One per fold plan.
    """

    n: int
    n_unknown: int
    prevalence: float | None
    points: SamplePoints | None = None
    plans: tuple[Folds, ...] = ()

    def __post_init__(self) -> None:
        for folds in self.plans:
            if self.points is not None and len(folds.fold) != len(self.points.label):
                raise OutputError(
                    f"The fold plan {folds.plan!r} has {len(folds.fold)} labels for "
                    f"{len(self.points.label)} sample points. Give one label per point."
                )


@dataclass(frozen=True)
class Areas:
    """How much land falls in each class, from the map at full resolution.

    Parameters
    ----------
    above_ha, below_ha, cannot_say_ha : float
        Hectares by decision class.
    by_class_ha : tuple of float
        Hectares in the order of the classes of `hotspot.maps.styles.probability_style`;
        empty if not counted.
    rule : str
        The decision rule in one sentence; empty if not given.
    expected_above_ha : float or None
        Sum of probability times area, inside the area of applicability where known.
    """

    above_ha: float
    below_ha: float
    cannot_say_ha: float
    by_class_ha: tuple[float, ...] = ()
    rule: str = ""
    expected_above_ha: float | None = None

    @classmethod
    def from_statistics(cls, statistics: MapStatistics, rule: str = "") -> "Areas | None":
        """Return the areas of a map's statistics; None where the map has no decision."""
        decision = [entry.area_ha for entry in statistics.of("decision")]
        if len(decision) != 3:
            return None
        return cls(
            below_ha=decision[0],
            above_ha=decision[1],
            cannot_say_ha=decision[2],
            by_class_ha=tuple(entry.area_ha for entry in statistics.of("probability")),
            rule=rule,
            expected_above_ha=statistics.expected_above_ha,
        )

    @property
    def total_ha(self) -> float:
        """Hectares that were mapped."""
        return self.above_ha + self.below_ha + self.cannot_say_ha


@dataclass(frozen=True)
class Hotspots:
    """Hotspot polygons and their table, row by row.

    Parameters
    ----------
    table : DataFrame
        Columns `HOTSPOT_COLUMNS`, by rank, as `hotspot.maps.find_hotspots` returns them.
    polygons : tuple of geometry
        In the CRS of the map, in the order of the table.
    """

    table: pd.DataFrame
    polygons: tuple[BaseGeometry, ...]

    def __post_init__(self) -> None:
        _need(self.table, HOTSPOT_COLUMNS, "hotspot")
        if len(self.table) != len(self.polygons):
            raise OutputError(
                f"There are {len(self.table)} hotspots and {len(self.polygons)} polygons. "
                "Give one polygon per row of the table, in its order."
            )


@dataclass(frozen=True)
class MapLayers:
    """The maps of one contaminant, small enough to draw (about a million cells at most).

    Parameters
    ----------
    grid : Grid
        Grid of every array.
    probability : array, shape (rows, cols)
        P(concentration > limit); NaN where there is no data.
    decision : array of uint8 or None
        0 below, 1 above, 2 cannot say, 255 no data.
    dissimilarity : array or None
        Dissimilarity index; NaN where there is no data.
    dissimilarity_limit : float or None
        Cells above it lie outside the area of applicability.
    areas : Areas or None
        Land in each class.
    hotspots : Hotspots or None
        None where they were not looked for; an empty table where there are none.
    """

    grid: Grid
    probability: NDArray[np.float64]
    decision: NDArray[np.uint8] | None = None
    dissimilarity: NDArray[np.float64] | None = None
    dissimilarity_limit: float | None = None
    areas: Areas | None = None
    hotspots: Hotspots | None = None

    def __post_init__(self) -> None:
        _same_shape(self.grid, "probability", self.probability)
        _same_shape(self.grid, "decision", self.decision)
        _same_shape(self.grid, "dissimilarity", self.dissimilarity)

    @property
    def outside(self) -> NDArray[np.bool_] | None:
        """Cells outside the area of applicability; None where it was not computed."""
        if self.dissimilarity is None or self.dissimilarity_limit is None:
            return None
        inside = inside_applicability(self.dissimilarity, self.dissimilarity_limit)
        # A cell without data is outside nothing: it is left white, not hatched.
        return np.isfinite(self.dissimilarity) & ~inside


def _same_shape(
    grid: Grid, name: str, layer: NDArray[np.float64] | NDArray[np.uint8] | None
) -> None:
    if layer is not None and layer.shape != grid.shape:
        raise GridError(
            f"The {name} layer has shape {layer.shape} and its grid {grid.shape}. "
            "Give the grid of the array that is drawn, reduced as the array was."
        )


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
        _need(self.profile, PROFILE_COLUMNS, "error profile")


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
    """

    scores: Scores
    model: str
    baseline: str = "prevalence"
    gap: Mapping[str, Score] | None = None
    reliability: pd.DataFrame | None = None
    reliability_plan: str = ""
    reach: Reach | None = None

    def __post_init__(self) -> None:
        _need(self.reliability, RELIABILITY_COLUMNS, "reliability")


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
    """

    name: str
    unit: str
    curve: pd.DataFrame
    rug: NDArray[np.float64]
    shape: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        _need(self.curve, DEPENDENCE_COLUMNS, "dependence")


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
    """

    grid: Grid
    contribution: Mapping[str, NDArray[np.float64]]
    driver: NDArray[np.uint8] | None = None
    roles: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for role, layer in self.contribution.items():
            _same_shape(self.grid, f"{role} contribution", layer)
        _same_shape(self.grid, "dominant role", self.driver)


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
    width : sequence of (role, float)
        Mean absolute contribution to the width of the 90 % interval, natural logarithm, by
        importance; empty for a model that has none.
    """

    statements: Sequence[Mapping[str, Any]]
    cautions: Sequence[str] = ()
    cards: Sequence[Mapping[str, Any]] = ()
    origins: Mapping[str, Any] | None = None
    width: Sequence[tuple[str, float]] = ()


@dataclass(frozen=True)
class Explanation:
    """What the model of one contaminant leans on.

    Parameters
    ----------
    scale : str
        Unit of every contribution: ``log-odds`` or ``log concentration``, both natural.
    importance : DataFrame
        Columns `IMPORTANCE_COLUMNS`, by importance; ``unit``, ``sd`` and
        ``above_placebo`` if known.
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

    def __post_init__(self) -> None:
        _need(self.importance, IMPORTANCE_COLUMNS, "importance")
        _need(self.by_role, ROLE_COLUMNS, "role")
        _need(self.stability, STABILITY_COLUMNS, "stability")


@dataclass(frozen=True)
class ContaminantContent:
    """Everything a report says of one contaminant; each optional part may be missing."""

    contaminant: str
    name: str
    limit: Limit
    sampling: Sampling
    maps: MapLayers | None = None
    evaluation: Evaluation | None = None
    explanation: Explanation | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportContent:
    """Everything a report says.

    Parameters
    ----------
    title : str
        Title of the page.
    experiment : str
        Name of the experiment.
    contaminants : tuple of ContaminantContent
        In the order in which they are told.
    provenance : Provenance
        Where the numbers come from.
    ledger : tuple of LedgerStep
        From the raw table to the samples.
    context : tuple of Context
        Vector layers under the maps, in their CRS.
    """

    title: str
    experiment: str
    contaminants: tuple[ContaminantContent, ...]
    provenance: Provenance
    ledger: tuple[LedgerStep, ...] = ()
    context: tuple[Context, ...] = ()

    def __post_init__(self) -> None:
        if not self.contaminants:
            raise OutputError(
                "The report has 0 contaminants. Give at least one; where a part of it is "
                "missing, the page says so."
            )
