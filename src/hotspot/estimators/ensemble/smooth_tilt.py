"""Distributions on [0, 1] near the uniform one, learnt from shares and intervals of them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Values = NDArray[np.float64]

# Steps of the integrals; the densities are smooth.
_STEPS = 2000
# An interval narrower than this is a share.
_EXACT = 1e-6


@dataclass(frozen=True)
class SmoothTilt:
    """The density proportional to exp(sum of t_j L_j(u)), one of Neyman's smooth alternatives.

    ``L_j`` is the Legendre polynomial of degree j on [0, 1], of mean square 1. The first term
    moves the middle, the second the spread, the third and fourth tell one end from the other
    and the ends from the shoulders.

    Parameters
    ----------
    terms : tuple of float
        The t_j, from degree 1; none, or zeros, for the uniform distribution.

    References
    ----------
    Neyman, J. (1937). "Smooth test" for goodness of fit. Skandinavisk Aktuarietidskrift 20,
    149-199. https://doi.org/10.1080/03461238.1937.10404821

    Examples
    --------
    >>> SmoothTilt((0.0, 0.0)).cdf(np.array([0.0, 0.3, 1.0]))
    array([0. , 0.3, 1. ])
    """

    terms: tuple[float, ...]

    @classmethod
    def fit(
        cls,
        low: Values,
        high: Values,
        *,
        weight: Values,
        prior_samples: Values,
    ) -> Self:
        """Return the density of the greatest likelihood, drawn towards the uniform one.

        Parameters
        ----------
        low, high : array, shape (n,)
            Intervals of shares within [0, 1]; equal where the share is known.
        weight : array, shape (n,)
            How many samples each counts for.
        prior_samples : array, shape (n_terms,)
            Samples' worth of belief that a term is 0.
        """
        exact = high - low < _EXACT
        told = weight[exact] @ _legendre((low[exact] + high[exact]) / 2, len(prior_samples))
        a, b, own = low[~exact], high[~exact], weight[~exact]
        n = float(weight.sum())

        def cost(terms: Values) -> tuple[float, Values]:
            grid = _Integrals(terms)
            mean = grid.moments[:, -1] / grid.mass[-1]
            total = float(told @ terms) - n * float(np.log(grid.mass[-1]))
            slope = told - n * mean
            if len(own):
                inside = grid.between(grid.mass, a, b)
                total += float(own @ np.log(inside))
                slope += [own @ (grid.between(each, a, b) / inside) for each in grid.moments]
            total -= 0.5 * float(prior_samples @ terms**2)
            return -total, prior_samples * terms - slope

        found = minimize(cost, np.zeros(len(prior_samples)), jac=True, method="L-BFGS-B")
        return cls(tuple(float(term) for term in found.x))

    @staticmethod
    def evidence(low: Values, high: Values, n_terms: int) -> Values:
        """Return how each sample pulls at each term of the uniform distribution.

        Parameters
        ----------
        low, high : array, shape (n,)
            As in `fit`.
        n_terms : int
            From 1.

        Returns
        -------
        array, shape (n, n_terms)
            Slope of the log likelihood: the polynomial at a share, its mean over an interval.
            Of uniform shares each has mean 0, and of known ones mean square 1.
        """
        exact = high - low < _EXACT
        grid = _Integrals(np.zeros(n_terms))
        pull = np.empty((len(low), n_terms))
        pull[exact] = _legendre((low[exact] + high[exact]) / 2, n_terms)
        a, b = low[~exact], high[~exact]
        for term, each in enumerate(grid.moments):
            pull[~exact, term] = grid.between(each, a, b) / (b - a)
        return pull

    def cdf(self, share: Values) -> Values:
        """Return the probability of a smaller share, shape as given."""
        grid = _Integrals(np.array(self.terms))
        return np.asarray(np.interp(share, grid.share, grid.mass / grid.mass[-1]))


class _Integrals:
    """Integrals of the density, and of it times each polynomial, from 0 to shares of a grid."""

    def __init__(self, terms: Values) -> None:
        self.share = np.linspace(0.0, 1.0, _STEPS + 1)
        polynomials = _legendre(self.share, len(terms))
        density = np.exp(polynomials @ terms)
        self.mass = _cumulated(density)
        self.moments = np.array([_cumulated(density * each) for each in polynomials.T])

    def between(self, integral: Values, low: Values, high: Values) -> Values:
        return np.asarray(
            np.interp(high, self.share, integral) - np.interp(low, self.share, integral)
        )


def _cumulated(values: Values) -> Values:
    whole = np.zeros(len(values))
    np.cumsum((values[1:] + values[:-1]) / (2 * _STEPS), out=whole[1:])
    return whole


def _legendre(share: Values, n_terms: int) -> Values:
    """Return the polynomials of degree 1 and on, of mean square 1, shape (n, n_terms)."""
    degrees = np.arange(1, n_terms + 1)
    polynomials = np.polynomial.legendre.legvander(2.0 * share - 1.0, n_terms)[:, 1:]
    return np.asarray(polynomials * np.sqrt(2.0 * degrees + 1.0))
