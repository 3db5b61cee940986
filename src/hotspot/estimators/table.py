"""The covariate table at the door of a model: names, numbers and known classes."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError, few

Matrix = NDArray[np.float64]
"""Array of shape (n, n_covariates), columns in the order the model was fitted on."""
Levels = dict[str, NDArray[np.float64]]
"""Codes of classes that occur among the samples, by categorical covariate."""


# What the rows are that models are asked about, in the words of who asks; None where rows
# without an answer are answered otherwise, so that nobody need know.
_ASKED: ContextVar[str | None] = ContextVar("asked", default="rows")


class UnseenClassWarning(UserWarning):
    """Rows got no answer because the model was not fitted on a class of theirs."""


@contextmanager
def asked_about(rows: str | None) -> Iterator[None]:
    """Name the rows that models are asked about meanwhile, in the warning of `known_rows`.

    Parameters
    ----------
    rows : str or None
        Such as ``cells``; None for no warning, where these rows are answered otherwise.
    """
    before = _ASKED.set(rows)
    try:
        yield
    finally:
        _ASKED.reset(before)


def training_table(
    X: pd.DataFrame | Matrix, categorical: Sequence[str] = ()
) -> tuple[tuple[str, ...], Matrix]:
    """Return the names and the numbers of a complete covariate table.

    Parameters
    ----------
    X : DataFrame or array, shape (n, n_covariates)
        An array gets the names ``x0``, ``x1`` and so on.
    categorical : sequence of str
        Names of the columns that hold codes of classes: whole numbers from 0.

    Raises
    ------
    ModelError
        A column is not numeric, a value is missing or infinite, a categorical name is no
        column, or a code is not a whole number from 0.
    """
    names, matrix = _read(X)
    unknown = [name for name in categorical if name not in names]
    if unknown:
        raise ModelError(
            f"Categorical covariates that the table does not have: {few(unknown)}. "
            f"It has {few(names, 8)}; correct the list of categorical covariates."
        )
    gaps = ~np.isfinite(matrix)
    if gaps.any():
        holed = [names[column] for column in np.flatnonzero(gaps.any(axis=0))]
        raise ModelError(
            f"{int(gaps.any(axis=1).sum())} of {len(matrix)} samples have a missing or "
            f"infinite value in {few(holed)}. Drop these samples before fitting."
        )
    for name in categorical:
        codes = matrix[:, names.index(name)]
        odd = np.unique(codes[(codes < 0) | (codes != np.floor(codes)) | (codes >= 2**31)])
        if odd.size:
            raise ModelError(
                f"The classes of {name!r} must be whole numbers from 0, but "
                f"{few(odd.tolist())} stand there. Recode the raster, or "
                "declare the covariate continuous."
            )
    return names, matrix


def prediction_table(X: pd.DataFrame | Matrix, names: Sequence[str]) -> Matrix:
    """Return the numbers of a table whose columns are those of the fitted model.

    Raises
    ------
    ModelError
        Columns are missing, extra, or in another order; or one is not numeric.

    Examples
    --------
    >>> prediction_table(pd.DataFrame({"slope": [1.0]}), ["slope"])
    array([[1.]])
    """
    if isinstance(X, pd.DataFrame):
        given = tuple(map(str, X.columns))
        if given != tuple(names):
            raise ModelError(_difference(given, names))
    matrix = _read(X)[1]
    if matrix.shape[1] != len(names):
        raise ModelError(
            f"The array has {matrix.shape[1]} columns but the model was fitted on "
            f"{len(names)}: {few(names, 8)}. Give a table with these columns."
        )
    return matrix


def seen_levels(matrix: Matrix, names: Sequence[str], categorical: Iterable[str]) -> Levels:
    """Return the codes that occur in each categorical covariate."""
    return {name: np.unique(matrix[:, list(names).index(name)]) for name in categorical}


def levels_as_json(levels: Mapping[str, NDArray[np.float64]]) -> dict[str, list[float]]:
    """Return codes of classes as JSON values."""
    return {name: codes.tolist() for name, codes in levels.items()}


def levels_from_json(values: Mapping[str, list[float]]) -> Levels:
    """Return the codes that `levels_as_json` described."""
    return {name: np.array(codes, dtype=np.float64) for name, codes in values.items()}


def known_rows(
    matrix: Matrix, names: Sequence[str], levels: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.bool_]:
    """Return which rows a model may answer for: complete, and of classes it has seen.

    A warning names the covariate, the codes and the number of rows of classes that the model
    was not fitted on, in the words of `asked_about`. An answer for them would be a guess.
    """
    asked = _ASKED.get()
    known = np.asarray(np.isfinite(matrix).all(axis=1))
    complete = known.copy()
    for name, seen in levels.items():
        column = matrix[:, list(names).index(name)]
        unseen = complete & ~np.isin(column, seen)
        known &= ~unseen
        if unseen.any() and asked is not None:
            codes = [f"{code:g}" for code in np.unique(column[unseen])]
            warnings.warn(
                f"No answer for {int(unseen.sum())} of the {asked}: the model was not fitted "
                f"on classes of {name!r} that stand there (codes {few(codes)}). Sample these "
                "classes, or merge them with a similar class.",
                UnseenClassWarning,
                stacklevel=4,
            )
    return known


def _read(X: pd.DataFrame | Matrix) -> tuple[tuple[str, ...], Matrix]:
    if isinstance(X, pd.DataFrame):
        names = tuple(map(str, X.columns))
        try:
            matrix = X.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            text = [str(n) for n in X.columns if not pd.api.types.is_numeric_dtype(X[n])]
            raise ModelError(
                f"Covariates must be numbers, but {few(text)} hold other values. "
                "Give classes as codes."
            ) from error
    else:
        matrix = np.asarray(X, dtype=np.float64)
        if matrix.ndim != 2:
            raise ModelError(
                f"Covariates must form a table, but an array of shape {matrix.shape} was "
                "given. Give one row per sample and one column per covariate."
            )
        names = tuple(f"x{column}" for column in range(matrix.shape[1]))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise ModelError(
            f"Covariates must have names of their own, but {few(twice) or 'none is given'}. "
            "Give each column one name."
        )
    return names, np.ascontiguousarray(matrix)


def _difference(given: Sequence[str], names: Sequence[str]) -> str:
    missing = [name for name in names if name not in given]
    extra = [name for name in given if name not in names]
    if missing or extra:
        return (
            f"The covariates are not those of the model: missing {few(missing) or 'none'}; "
            f"not in the model {few(extra) or 'none'}. Give the covariates it was fitted on."
        )
    return (
        f"The covariates stand in another order: {few(given, 8)} where the model has "
        f"{few(names, 8)}. Reorder the columns."
    )


def standard_deviation(columns: Matrix, *, ddof: int = 0) -> NDArray[np.float64]:
    """Return the standard deviation of each column, 0 for a constant one to the last bit.

    Rounding of the mean gives most constants a spread of 1e-17, and a number divided by that
    has no meaning.

    Examples
    --------
    >>> standard_deviation(np.column_stack([np.full(4, 0.1), [1.0, 1.0, 3.0, 3.0]]))
    array([0., 1.])
    """
    is_constant = (columns == columns[:1]).all(axis=0)
    return np.where(is_constant, 0.0, columns.std(axis=0, ddof=ddof))


def takes_weights(model: Any) -> bool:
    """Return whether the samples of a model's ``fit`` may count differently.

    Kriging and Gaussian processes know by themselves that near samples say the same.
    """
    return "sample_weight" in signature(model.fit).parameters


def mean_one_weights(sample_weight: NDArray[np.float64] | None, n: int) -> NDArray[np.float64]:
    """Return how much each of n samples counts, of mean 1; 1 for each where none is given.

    Raises
    ------
    ModelError
        There is not one weight per sample, one is negative or missing, or all are 0.

    Examples
    --------
    >>> mean_one_weights(np.array([1.0, 3.0]), 2)
    array([0.5, 1.5])
    """
    if sample_weight is None:
        return np.ones(n)
    weight = np.asarray(sample_weight, dtype=np.float64)
    is_weight = weight.shape == (n,) and bool((weight >= 0).all()) and weight.sum() > 0
    if not is_weight or not np.isfinite(weight.sum()):
        raise ModelError(
            f"Weights of shape {weight.shape} from {np.min(weight, initial=np.inf):g} to "
            f"{np.max(weight, initial=-np.inf):g} were given for {n} samples. Give one of 0 or "
            "more per sample, not all of them 0."
        )
    return np.asarray(weight * (n / weight.sum()))
