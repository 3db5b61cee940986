"""What lies near a hotspot, on the ground and among covariates, and how the model did there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import ModelError
from hotspot.estimators.table import standard_deviation
from hotspot.grid import Coordinates
from hotspot.samples.sampleset import Samples

Values = NDArray[np.float64]

# Samples shown beside a hotspot, nearest and most similar.
N_SAMPLES = 3
# Fewer left-out samples around a hotspot than this say little of the model there.
FEW_SAMPLES = 5
# The cell whose outline is nearest is among so many cells with the nearest centres, or another
# one nearer by less than a quarter of a cell.
_NEAR_CELLS = 16
# As for every log loss of this program.
_CLIP = 1e-6


@dataclass(frozen=True)
class Neighbour:
    """A sample beside a hotspot, or like it.

    Parameters
    ----------
    sample_id : str
        Its name.
    lower_mg_kg, upper_mg_kg : float
        What was measured; equal unless it is an interval.
    distance_m : float
        From the outline of the nearest cell of the hotspot, in the units of the CRS; 0 inside
        a cell.
    dissimilarity : float or None
        Index of the area of applicability between the sample and the nearest cell in the
        space of covariates.
    """

    sample_id: str
    lower_mg_kg: float
    upper_mg_kg: float
    distance_m: float
    dissimilarity: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the sample as plain values for JSON; no upper end where it is open."""
        return {
            "sample_id": self.sample_id,
            "lower_mg_kg": float(self.lower_mg_kg),
            "upper_mg_kg": float(self.upper_mg_kg) if np.isfinite(self.upper_mg_kg) else None,
            "distance_m": round(float(self.distance_m), 1),
            "dissimilarity": (
                None if self.dissimilarity is None else round(float(self.dissimilarity), 4)
            ),
        }


@dataclass(frozen=True)
class LocalScore:
    """How the model did on left-out samples around a hotspot.

    Parameters
    ----------
    radius_m : float
        From the nearest cell of the hotspot.
    n : int
        Left-out samples within it whose exceedance is known.
    log_loss : float or None
        Their mean; None without any.
    log_loss_everywhere : float
        The same of all left-out samples.
    share_above : float or None
        Of these samples, how many exceed the limit.
    """

    radius_m: float
    n: int
    log_loss: float | None
    log_loss_everywhere: float
    share_above: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the score as plain values for JSON."""
        return {
            "radius_m": round(self.radius_m, 1),
            "n": self.n,
            "log_loss": rounded(self.log_loss),
            "log_loss_everywhere": rounded(self.log_loss_everywhere),
            "share_above": rounded(self.share_above),
            "enough_samples": self.n >= FEW_SAMPLES,
        }


@dataclass(frozen=True)
class CovariateDistance:
    """Distances in the space of the area of applicability, sample by sample.

    The area itself tells how far the nearest sample is; this tells which one it is.

    Parameters
    ----------
    samples : DataFrame, shape (n, n_covariates)
        Covariates of the samples.
    weights : mapping of str to float
        Weight of each covariate, as in `AreaOfApplicability.weights_`.
    unit : float
        Mean distance between samples, `AreaOfApplicability.mean_distance_`.
    catalogue : Catalogue
        Of the covariates.
    """

    samples: pd.DataFrame
    weights: Mapping[str, float]
    unit: float
    catalogue: Catalogue

    def between(self, X: pd.DataFrame) -> Values:
        """Return the index between each sample and the nearest of some rows, shape (n,)."""
        mine, theirs = self._placed(self.samples), self._placed(X)
        return np.asarray(cKDTree(theirs).query(mine)[0] / self.unit)

    def _placed(self, X: pd.DataFrame) -> Values:
        parts = []
        for name in self.catalogue.names:
            weight = max(float(self.weights[name]), 0.0)
            own = self.samples[name].to_numpy(dtype=np.float64)
            column = X[name].to_numpy(dtype=np.float64)
            if self.catalogue[name].is_categorical:
                levels = np.unique(own)
                reference = (own[:, None] == levels).astype(np.float64)
                design = (column[:, None] == levels).astype(np.float64)
            else:
                reference, design = own[:, None], column[:, None]
            scale = standard_deviation(reference, ddof=1)
            used = scale > 0
            parts.append((design[:, used]) * (weight / scale[used]))
        return np.hstack(parts)


def nearest_samples(
    samples: Samples,
    cells: Coordinates,
    *,
    half_cell: tuple[float, float] = (0.0, 0.0),
    dissimilarity: Values | None = None,
    n: int = N_SAMPLES,
) -> tuple[Neighbour, ...]:
    """Return the samples nearest to some cells, the nearest first.

    Parameters
    ----------
    samples : Samples
        Of one contaminant.
    cells : array, shape (n_cells, 2)
        Centres.
    half_cell : tuple of float
        Half the width and height of a cell: distances are from its outline, and 0 inside.
    dissimilarity : array, shape (n_samples,), optional
        Written beside.
    n : int
        How many.
    """
    distance = _from_outline(samples.coordinates, cells, half_cell)
    order = np.argsort(distance, kind="stable")[:n]
    return _neighbours(samples, order, distance, dissimilarity)


def similar_samples(
    samples: Samples,
    cells: Coordinates,
    dissimilarity: Values,
    *,
    half_cell: tuple[float, float] = (0.0, 0.0),
    n: int = N_SAMPLES,
) -> tuple[Neighbour, ...]:
    """Return the samples most like some cells in their covariates, the most similar first.

    Among equally similar ones, as classes make them, the nearest come first. Distances are
    those of `nearest_samples`, where `half_cell` is the same.
    """
    distance = _from_outline(samples.coordinates, cells, half_cell)
    order = np.lexsort((distance, np.round(dissimilarity, 9)))[:n]
    return _neighbours(samples, order, distance, dissimilarity)


def local_score(
    label: Values,
    probability: Values,
    coordinates: Coordinates,
    cells: Coordinates,
    *,
    radius_m: float,
) -> LocalScore:
    """Return the log loss of left-out samples around some cells, beside that of all.

    Parameters
    ----------
    label, probability : array, shape (n,)
        What was found and what a model said that had not seen it; NaN is left out.
    coordinates : array, shape (n, 2)
        Of the samples.
    cells : array, shape (n_cells, 2)
        Centres.
    radius_m : float
        From the nearest cell.

    Raises
    ------
    ModelError
        No sample was left out and scored.
    """
    known = np.isfinite(label) & np.isfinite(probability)
    if not known.any():
        raise ModelError(
            f"None of {len(label)} samples was predicted by a model that had not seen it. "
            "Run `hotspot evaluate` first."
        )
    chance = np.clip(probability[known], _CLIP, 1 - _CLIP)
    found = label[known]
    loss = -np.where(found == 1, np.log(chance), np.log(1 - chance))
    near = _distances(coordinates[known], cells) <= radius_m
    return LocalScore(
        radius_m=radius_m,
        n=int(near.sum()),
        log_loss=float(loss[near].mean()) if near.any() else None,
        log_loss_everywhere=float(loss.mean()),
        share_above=float(found[near].mean()) if near.any() else None,
    )


def _distances(coordinates: Coordinates, cells: Coordinates) -> Values:
    return np.asarray(cKDTree(cells).query(coordinates)[0], dtype=np.float64)


def _from_outline(
    coordinates: Coordinates, cells: Coordinates, half_cell: tuple[float, float]
) -> Values:
    """Return the distance of each sample from the outline of the nearest cell, 0 inside."""
    count = min(_NEAR_CELLS, len(cells))
    _, near = cKDTree(cells).query(coordinates, k=count)
    away = np.abs(coordinates[:, None] - cells[near.reshape(len(coordinates), count)])
    beyond = np.maximum(away - np.asarray(half_cell), 0.0)
    return np.asarray(np.hypot(beyond[..., 0], beyond[..., 1]).min(axis=1), dtype=np.float64)


def _neighbours(
    samples: Samples,
    order: Sequence[int] | NDArray[np.int64],
    distance: Values,
    dissimilarity: Values | None,
) -> tuple[Neighbour, ...]:
    return tuple(
        Neighbour(
            sample_id=str(samples.sample_id[row]),
            lower_mg_kg=float(samples.lower[row]),
            upper_mg_kg=float(samples.upper[row]),
            distance_m=float(distance[row]),
            dissimilarity=None if dissimilarity is None else float(dissimilarity[row]),
        )
        for row in order
    )


def rounded(value: float | None) -> float | None:
    """Return a number as JSON can hold it, None for what is not finite."""
    return None if value is None or not np.isfinite(value) else round(float(value), 6)
