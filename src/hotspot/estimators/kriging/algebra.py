"""Linear algebra of kriging: one large system, or many small ones side by side."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor
from scipy.linalg.lapack import dpotri

from hotspot.errors import ModelError

Values = NDArray[np.float64]

# Of the largest eigenvalue: smaller ones mean columns that depend on each other.
DEPENDENT = 1e-10
# Of the square of a column: no more of it than this is rounding.
_ROUNDED = 1e-13
# Share by which a solution may miss its equations.
_UNSOLVED = 1e-6


def inverse(matrix: Values) -> Values:
    """Return the inverse of a positive definite matrix.

    Raises
    ------
    ModelError
        It is none: columns of a drift depend on each other.
    """
    try:
        lower = cho_factor(matrix, lower=True)[0]
    except np.linalg.LinAlgError as error:
        raise ModelError(dependence(len(matrix))) from error
    # What rounding leaves of a dependent column may be more than nothing.
    if (np.diag(lower) ** 2 <= _ROUNDED * np.diag(matrix)).any():
        raise ModelError(dependence(len(matrix)))
    return from_factor(lower)


def from_factor(lower: Values) -> Values:
    """Return the inverse of the matrix that a lower Cholesky factor belongs to."""
    half = np.tril(dpotri(lower, lower=True)[0])
    return np.asarray(half + np.tril(half, -1).T)


def length(offset: Values) -> Values:
    """Return the lengths of offsets in the plane, shape (...) of (..., 2)."""
    # Half the time of `numpy.hypot`; distances of metres cannot overflow.
    return np.asarray(np.sqrt(offset[..., 0] ** 2 + offset[..., 1] ** 2))


def dependence(n: int) -> str:
    """Return what is wrong where so many equations do not tell the drift."""
    return (
        f"The drift cannot be told from {n} equations: its columns depend on each other, or "
        "all samples that differ were left out. Remove a covariate, penalise the drift, or "
        "take smaller folds."
    )


def solve_each(system: Values, right: Values) -> Values:
    """Return the solution of each system; NaN where neighbours cannot tell it.

    A drift that is constant among the neighbours cannot be told from the mean. That does no
    harm where the target has the same value; elsewhere there is no unbiased prediction.
    """
    allowed = _UNSOLVED * np.maximum(np.abs(right), 1.0)
    try:
        solution = np.linalg.solve(system, right[..., None])[..., 0]
        missed = np.abs(np.matmul(system, solution[..., None])[..., 0] - right)
        wrong = ~(missed <= allowed).all(axis=1)
    except np.linalg.LinAlgError:
        solution, wrong = np.empty_like(right), np.ones(len(right), dtype=bool)
    if wrong.any():
        inverse = np.linalg.pinv(system[wrong], rcond=DEPENDENT, hermitian=True)
        least = np.einsum("mij,mj->mi", inverse, right[wrong])
        missed = np.abs(np.einsum("mij,mj->mi", system[wrong], least) - right[wrong])
        least[(missed > allowed[wrong]).any(axis=1)] = np.nan
        solution[wrong] = least
    return np.asarray(solution)
