"""Contributions by role: what land use, industry, geology and others add together."""

import numpy as np
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue, Role
from hotspot.explanations.contributions import ShapValues
from hotspot.explanations.shapley import LOCATION


def role_contributions(
    values: ShapValues, catalogue: Catalogue
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the roles and the contribution of each, summed over its covariates.

    A sum over a role is steadier than its parts: correlated covariates share what they
    explain at random, and their role holds the sum. What a model credits to the coordinates
    themselves, ``location``, belongs to the role of that name.

    Parameters
    ----------
    values : ShapValues
        Of n rows.
    catalogue : Catalogue
        Of the same covariates, in the same order.

    Returns
    -------
    roles : tuple of str
        In order of appearance in the catalogue; ``location`` last if only the coordinates
        have it.
    contributions : array, shape (n, n_roles)
        In the unit of `values`; NaN rows stay NaN.

    Raises
    ------
    CovariateError
        The covariates are not those of the catalogue.
    """
    names = values.names
    located = names[-1:] == (LOCATION,) and LOCATION not in catalogue.names
    catalogue.check_names(names[:-1] if located else names)
    groups = catalogue.by_role()
    if located:
        groups.setdefault(role_of(LOCATION, catalogue), []).append(LOCATION)
    columns = [
        values.values[:, [names.index(name) for name in held]].sum(axis=1)
        for held in groups.values()
    ]
    return tuple(groups), np.column_stack(columns)


def role_of(name: str, catalogue: Catalogue) -> str:
    """Return the role of a covariate, or of ``location``, the coordinates themselves."""
    if name == LOCATION and LOCATION not in catalogue.names:
        return str(Role.LOCATION)
    return str(catalogue[name].role)


def dominant_role(contributions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the position of the role with the largest absolute contribution.

    Parameters
    ----------
    contributions : array, shape (n, n_roles)
        As of `role_contributions`.

    Returns
    -------
    array, shape (n,)
        Whole numbers; NaN where contributions are missing or all are 0. Among equals the
        first role wins, in the order of the catalogue.

    Examples
    --------
    >>> dominant_role(np.array([[0.1, -0.8], [0.3, 0.3], [0.0, 0.0], [np.nan, 1.0]]))
    array([ 1.,  0., nan, nan])
    """
    size = np.abs(contributions)
    missing = np.isnan(size).any(axis=1)
    first = np.argmax(np.where(np.isnan(size), -1.0, size), axis=1)
    return np.where(missing | ~(size > 0).any(axis=1), np.nan, first.astype(np.float64))
