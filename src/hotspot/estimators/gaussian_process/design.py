"""From covariates, coordinates and concentrations to the standardised units of the surface."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.gaussian_process.kernel import Inputs
from hotspot.estimators.intervals import LogIntervals
from hotspot.estimators.table import Matrix
from hotspot.grid import Coordinates

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """How rows enter the surface.

    Parameters
    ----------
    place_centre : tuple of 2 float
        Mean easting and northing of the samples.
    place_unit : float
        One factor for both: the root mean square of the coordinates about their centre.
    numeric : tuple of (column, mean, rate)
        Numeric covariates: ``(value - mean) * rate`` has standard deviation 1. A constant
        covariate has rate 0.
    classes : tuple of (column, codes, shares, rate)
        Categorical covariates: one indicator per code, less its share of the samples, times
        one rate that gives the indicators of a covariate a variance of 1 together. So a
        covariate counts once in the drift, whether it holds numbers or classes.
    bending : tuple of int
        Positions in `numeric` of the covariates that may bend the response.
    """

    place_centre: tuple[float, float]
    place_unit: float
    numeric: tuple[tuple[int, float, float], ...]
    classes: tuple[tuple[int, tuple[float, ...], tuple[float, ...], float], ...]
    bending: tuple[int, ...] = ()

    @classmethod
    def of(cls, matrix: Matrix, coordinates: Coordinates, categorical: Sequence[int]) -> Self:
        """Return the design of training samples; `categorical` are columns."""
        centre = coordinates.mean(axis=0)
        unit = float(np.sqrt(np.mean((coordinates - centre) ** 2)))
        numeric, classes = [], []
        for column, values in enumerate(matrix.T):
            if column in categorical:
                codes, counts = np.unique(values, return_counts=True)
                shares = counts / len(values)
                spread = float(np.sqrt(shares @ (1.0 - shares)))
                rate = 1.0 / spread if len(codes) > 1 else 0.0
                classes.append((column, tuple(codes.tolist()), tuple(shares.tolist()), rate))
            else:
                mean, sd = float(values.mean()), float(values.std())
                constant = sd <= 1e-12 * max(abs(mean), 1e-300)
                numeric.append((column, mean, 0.0 if constant else 1.0 / sd))
        return cls(
            (float(centre[0]), float(centre[1])), unit or 1.0, tuple(numeric), tuple(classes)
        )

    def inputs(self, matrix: Matrix, coordinates: Coordinates) -> Inputs:
        """Return rows in standardised units; a class without an indicator gets none."""
        place = (coordinates - np.array(self.place_centre)) / self.place_unit
        straight = [(matrix[:, c] - mean) * rate for c, mean, rate in self.numeric]
        # With one class only, its indicator is the constant.
        indicators = [
            ((matrix[:, column] == code) - share) * rate
            for column, codes, shares, rate in self.classes
            for code, share in zip(codes, shares, strict=True)
            if len(codes) > 1
        ]
        empty = np.empty((len(matrix), 0))
        columns = [*straight, *indicators]
        drift = np.column_stack(columns) if columns else empty
        bend = np.column_stack([straight[i] for i in self.bending]) if self.bending else empty
        return Inputs(
            np.ascontiguousarray(place),
            np.ascontiguousarray(drift),
            np.ascontiguousarray(bend),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the design as JSON values."""
        return {
            "place_centre": list(self.place_centre),
            "place_unit": self.place_unit,
            "numeric": [list(part) for part in self.numeric],
            "classes": [[c, list(codes), list(s), rate] for c, codes, s, rate in self.classes],
            "bending": list(self.bending),
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Self:
        """Return the design that `to_dict` described."""
        return cls(
            tuple(value["place_centre"]),
            float(value["place_unit"]),
            tuple((int(c), float(mean), float(rate)) for c, mean, rate in value["numeric"]),
            tuple(
                (int(c), tuple(codes), tuple(shares), float(rate))
                for c, codes, shares, rate in value["classes"]
            ),
            tuple(value["bending"]),
        )


def choose_bending(rows: Values, bounds: LogIntervals, most: int) -> tuple[int, ...]:
    """Return which numeric covariates may bend the response, at most `most`.

    One after the other, the covariate whose cubic helps most to explain what those before
    it left over. Censored samples stand at the nearest known end of their interval; that
    decides the choice of covariates only, never an answer.

    Parameters
    ----------
    rows : array, shape (n, n_numeric)
        Standardised numeric covariates.
    bounds : LogIntervals
        Standardised intervals.
    most : int
        From 0.
    """
    varying = varying_columns(rows)
    if len(varying) <= most:
        return tuple(varying)
    response = np.where(np.isfinite(bounds.low), bounds.low, bounds.high)
    response = np.where(np.isfinite(response), response, 0.0)
    left = response - response.mean()
    basis = np.empty((len(rows), 0))
    chosen: list[int] = []
    while len(chosen) < most:
        gains = {}
        for j in varying:
            if j not in chosen:
                gains[j] = _explained(_residual(_cubic(rows[:, j]), basis), left)
        best = max(gains, key=lambda j: (gains[j], -j))
        chosen.append(best)
        basis = np.linalg.qr(np.column_stack([basis, _cubic(rows[:, best])]))[0]
        left = _residual(left[:, None], basis)[:, 0]
    return tuple(sorted(chosen))


def varying_columns(rows: Values) -> list[int]:
    """Return the columns that are not constant."""
    return [int(j) for j in np.flatnonzero(rows.std(axis=0) > 0)]


def _cubic(z: Values) -> Values:
    clipped = np.clip(z, -3.0, 3.0)
    terms = np.column_stack([clipped, clipped**2, clipped**3])
    return np.asarray(terms - terms.mean(axis=0))


def _residual(columns: Values, basis: Values) -> Values:
    return columns - basis @ (basis.T @ columns)


def _explained(columns: Values, left: Values) -> float:
    fit = columns @ np.linalg.lstsq(columns, left, rcond=1e-8)[0]
    return float(fit @ fit)
