"""The limit, the samples and the folds of a contaminant."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import OutputError
from hotspot.grid import Coordinates


@dataclass(frozen=True)
class Limit:
    """The limit whose exceedance is mapped, as the threshold registry gives it.

    Parameters
    ----------
    threshold_id : str
        Id in the registry.
    value_mg_kg : float
        mg/kg dry weight; of a limit that depends on the place that of the median sample.
    citation : str
        The law or guidance, in words.
    status : str
        ``in_force``, ``superseded`` or ``unknown``.
    condition : str
        What the limit presumes, such as ``soil pH 6-7``; empty if nothing.
    note : str
        What else a reader should know; empty if nothing.
    span_mg_kg : tuple of float, optional
        Lowest and highest limit at the samples, where it depends on the place.
    """

    threshold_id: str
    value_mg_kg: float
    citation: str
    status: str = "unknown"
    condition: str = ""
    note: str = ""
    span_mg_kg: tuple[float, float] | None = None


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
        Samples whose interval holds the limit, or whose limit is not known.
    prevalence : float or None
        Share of exceeding samples among those known.
    points : SamplePoints or None
        Where they lie.
    plans : tuple of Folds
        One per fold plan.
    n_without_limit : int
        Samples whose limit is not known.
    preference : float
        By which the natural logarithm of the density of samples rises with that of the
        concentration, as far as the map is corrected for it; 0 for not at all.
    """

    n: int
    n_unknown: int
    prevalence: float | None
    points: SamplePoints | None = None
    plans: tuple[Folds, ...] = ()
    n_without_limit: int = 0
    preference: float = 0.0

    def __post_init__(self) -> None:
        for folds in self.plans:
            if self.points is not None and len(folds.fold) != len(self.points.label):
                raise OutputError(
                    f"The fold plan {folds.plan!r} has {len(folds.fold)} labels for "
                    f"{len(self.points.label)} sample points. Give one label per point."
                )
