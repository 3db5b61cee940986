"""Kriging from neighbours as a loop over cells, compiled by numba at its first use."""

from typing import Any

import numpy as np


def krige(
    place: Any,
    noise: Any,
    columns: Any,
    variance: Any,
    reach: Any,
    cells: Any,
    near: Any,
    extra: Any,
    away: Any,
    left: Any,
) -> None:
    """Take from each cell what its neighbours tell of it.

    Weights of neighbours solve the kriging system of an exponential covariance, by its
    Cholesky factor. Floating-point operations keep the order in which they are written, so
    that a cell does not depend on those beside it.

    Parameters
    ----------
    place : array, shape (n, 2)
        Of the samples.
    noise : array, shape (n,)
        Variance that each has for itself.
    columns : array, shape (n, q)
        What is known of each.
    variance, reach : float
        Of the covariance.
    cells : array, shape (m, 2)
        Places of the cells.
    near : array of int, shape (m, k)
        Rows of the neighbours of each.
    extra : array, shape (m, k) or (0, 0)
        Noise that a neighbour has for this cell only.
    away : array, shape (m, q)
        The columns of the cells; those of the neighbours, weighted, are subtracted.
    left : array, shape (m,)
        Gets the variance of each cell that its neighbours leave.
    """
    k = near.shape[1]
    has_extra = len(extra) > 0
    # The last row is the cell's: with it the factor solves half of the system.
    system = np.empty((k + 1, k))
    own, column = np.empty(k), np.empty(k + 1)
    for i in range(len(cells)):
        for a in range(k + 1):
            east = place[near[i, a], 0] if a < k else cells[i, 0]
            north = place[near[i, a], 1] if a < k else cells[i, 1]
            for b in range(min(a, k)):
                x, y = east - place[near[i, b], 0], north - place[near[i, b], 1]
                system[a, b] = variance * np.exp(-np.sqrt(x * x + y * y) / reach)
        for a in range(k):
            own[a] = noise[near[i, a]] + (extra[i, a] if has_extra else 0.0)
            system[a, a] = variance + own[a]
        for b in range(k):
            # Others tell nothing of a sample's own noise; only rounding says less.
            pivot = np.sqrt(max(system[b, b], own[b]))
            system[b, b] = pivot
            for a in range(b + 1, k + 1):
                system[a, b] /= pivot
                column[a] = system[a, b]
            for a in range(b + 1, k + 1):
                row, times = system[a], column[a]
                for c in range(b + 1, min(a + 1, k)):
                    row[c] -= times * column[c]
        unknown = variance
        share = system[k]
        for a in range(k):
            unknown -= share[a] * share[a]
        left[i] = max(unknown, 0.0)
        for a in range(k - 1, -1, -1):
            row, told, rest = system[a], columns[near[i, a]], away[i]
            share[a] /= row[a]
            times = share[a]
            for c in range(a):
                share[c] -= times * row[c]
            for j in range(len(told)):
                rest[j] -= times * told[j]
