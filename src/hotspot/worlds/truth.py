"""What is known of every cell of a world: components, probability and a realisation."""

from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from hotspot.covariates.catalogue import Role
from hotspot.errors import ConfigError, few, nearest_name
from hotspot.worlds.bounds import check_between

Map = NDArray[np.float64]
"""Array of shape (rows, cols)."""

# What adds to the concentration, mg/kg, beside what is there by nature.
ADDED = ("roads", "farming", "urban", "plumes")
# Who each mg/kg is due to.
ORIGINS = {
    "natural": ("natural",),
    "diffuse": ("roads", "farming", "urban"),
    "point": ("plumes",),
}
# Which role of covariates each part of the log concentration acts through.
ROLES = {
    "geology": Role.GEOLOGY,
    "clay": Role.SOIL,
    "clay_by_carbon": Role.SOIL,
    "wetness": Role.WATER,
    "roads": Role.ROADS,
    "farming": Role.AGRICULTURE,
    "urban": Role.LAND_USE,
    "plumes": Role.INDUSTRY,
}


@dataclass(frozen=True, eq=False)
class Components:
    """Named maps that add up.

    Examples
    --------
    >>> parts = Components(("a", "b"), np.array([[[1.0]], [[2.0]]]))
    >>> parts["b"], parts.total
    (array([[2.]]), array([[3.]]))
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]

    def __getitem__(self, name: str) -> Map:
        """Return one component, shape (rows, cols)."""
        if name not in self.names:
            raise ConfigError(
                f"There is no component {name!r}.{nearest_name(name, self.names)} "
                f"The components are {few(self.names, 12)}."
            )
        return np.asarray(self.values[self.names.index(name)])

    @property
    def total(self) -> Map:
        """The sum of all components."""
        return np.asarray(self.values.sum(axis=0))


@dataclass(frozen=True, eq=False)
class Truth:
    """The truth of every cell.

    Parameters
    ----------
    log : Components
        Parts of the logarithm (base e) of the field: ``background``, ``geology``, ``clay``,
        ``wetness``, ``clay_by_carbon``, `ADDED`, and ``residual``, which no covariate tells.
    mg_kg : Components
        Parts of the field in mg/kg: ``natural`` and `ADDED`.
    sill, nugget : float
        Variance of the residual, and of single soil samples about the field; natural logs.
    realised_mg_kg : array, shape (rows, cols), mg/kg
        One soil sample from each cell.
    """

    log: Components
    mg_kg: Components
    sill: float
    nugget: float
    realised_mg_kg: Map

    @property
    def log_field(self) -> Map:
        """Natural logarithm of the field: the median of soil samples from a cell."""
        return self.log.total

    @property
    def median_mg_kg(self) -> Map:
        """Median of the soil samples from a cell: the field."""
        return np.asarray(np.exp(self.log_field))

    def probability(self, limit_mg_kg: float) -> Map:
        """Return P(concentration of a soil sample from the cell > limit), given the field."""
        check_between("limit", limit_mg_kg, 1e-12)
        above = self.log_field - np.log(limit_mg_kg)
        if self.nugget == 0:
            return np.asarray(above > 0, dtype=np.float64)
        return np.asarray(ndtr(above / np.sqrt(self.nugget)))

    def covariate_probability(self, limit_mg_kg: float) -> Map:
        """Return P(concentration > limit) for one who knows all effects but not the residual.

        No model without neighbours can do better; `probability` is what remains to be won by
        knowing the place.
        """
        check_between("limit", limit_mg_kg, 1e-12)
        above = self.log_field - self.log["residual"] - np.log(limit_mg_kg)
        spread = np.sqrt(self.sill + self.nugget)
        if spread == 0:
            return np.asarray(above > 0, dtype=np.float64)
        return np.asarray(ndtr(above / spread))

    def limit_for(self, prevalence: float) -> float:
        """Return the limit that soil samples from a share of the region exceed, mg/kg."""
        check_between("prevalence", prevalence, 1e-6, 1 - 1e-6)
        low, high = self.log_field.min() - 10.0, self.log_field.max() + 10.0
        if self.nugget == 0:
            return float(np.exp(np.quantile(self.log_field, 1 - prevalence)))
        root = brentq(
            lambda log: float(self.probability(float(np.exp(log))).mean()) - prevalence,
            low,
            high,
            xtol=1e-12,
        )
        return float(np.exp(root))

    def shares(self) -> Components:
        """Return the shares of the field that are natural, diffuse and from point sources."""
        total = self.mg_kg.total
        parts = [sum(self.mg_kg[name] for name in names) / total for names in ORIGINS.values()]
        return Components(tuple(ORIGINS), np.stack(parts))

    def by_role(self) -> Components:
        """Return the parts of the log concentration summed by the role they act through.

        Background and residual belong to no role and are left out.
        """
        roles = tuple(dict.fromkeys(str(role) for role in ROLES.values()))
        parts = [
            sum(self.log[name] for name, role in ROLES.items() if str(role) == wanted)
            for wanted in roles
        ]
        return Components(roles, np.stack([np.asarray(part) for part in parts]))


def log_contributions(natural: Map, added: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each addition adds to the logarithm of a sum, fairly shared.

    log(natural + a + b) is no sum of parts. Each addition gets its Shapley value: the mean of
    what it adds over all orders in which the additions may come.

    Parameters
    ----------
    natural : array, shape (...), mg/kg
        Above 0; always there.
    added : array, shape (k, ...), mg/kg
        0 or above.

    Returns
    -------
    array, shape (k, ...)
        Sums to log(natural + all added) - log(natural).

    References
    ----------
    Shapley, L. S. (1953), 10.1515/9781400881970-018.

    Examples
    --------
    >>> log_contributions(np.array([1.0]), np.array([[1.0], [1.0]])).ravel().round(3)
    array([0.549, 0.549])
    """
    k = len(added)
    value = {
        group: np.log(natural + sum((added[i] for i in group), np.zeros_like(natural)))
        for size in range(k + 1)
        for group in combinations(range(k), size)
    }
    parts = np.zeros_like(added)
    for i in range(k):
        for group, log in value.items():
            if i in group:
                continue
            weight = factorial(len(group)) * factorial(k - len(group) - 1) / factorial(k)
            parts[i] += weight * (value[tuple(sorted((*group, i)))] - log)
    return parts
