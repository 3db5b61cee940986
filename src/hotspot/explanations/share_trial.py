"""How far shares of origins can be taken at their word: surveys simulated and shared again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import ModelError, few
from hotspot.estimators.gaussian_process.model import AdditiveGaussianProcess
from hotspot.explanations.background import choose_background, spread_rows
from hotspot.explanations.scales import scale_worths
from hotspot.explanations.shapley import LOCATION
from hotspot.samples.sampleset import Samples
from hotspot.seeds import child_seed

Values = NDArray[np.float64]

# Samples from which a trial learns, and of which it shares the credit, at most; it repeats the
# whole of it again and again.
_MOST_SAMPLES = 400
_MOST_EXPLAINED = 80
_BACKGROUND = 12
N_DRAWS = 20
# A tolerance is so many root mean squares of the errors: more than the 1.6 that nine normal
# errors of ten need, since a trial knows of no surface but its own kind.
_ROOT_MEAN_SQUARES = 2.0
# What no origin holds, such as land use.
_REST = "rest"


@dataclass(frozen=True)
class ShareTrial:
    """Shares of a judge, and by how much it misses shares that are known.

    Parameters
    ----------
    names : tuple of str
        Of the origins.
    shares : array, shape (n_origins,)
        What the judge credits to each in the survey itself; sum 1.
    errors : array, shape (n_draws, n_origins)
        Shares found less shares planted, in simulated surveys.
    """

    names: tuple[str, ...]
    shares: Values
    errors: Values

    def share(self, name: str) -> float:
        """Return the share that the judge credits to an origin."""
        return float(self.shares[self.names.index(name)])

    def tolerance(self, name: str) -> float:
        """Return how far a share may be off: two root mean squares of the errors.

        Examples
        --------
        >>> trial = ShareTrial(("point",), np.array([0.4]), np.array([[0.03], [-0.04]]))
        >>> round(trial.tolerance("point"), 3)
        0.071
        """
        errors = self.errors[:, self.names.index(name)]
        return float(_ROOT_MEAN_SQUARES * np.sqrt(np.mean(errors**2)))


def try_shares(
    samples: Samples,
    catalogue: Catalogue,
    origins: Mapping[str, Sequence[str]],
    *,
    seed: int,
    n_draws: int = N_DRAWS,
) -> ShareTrial:
    """Return by how much shares of origins are missed in surveys like this one.

    A judge, an additive Gaussian process, shares the logarithm of the concentration between
    the covariates of each origin and a surface that no covariate tells. Then surveys are
    simulated at the same places: what it credited to the covariates is the truth, the surface
    is drawn anew, as rough and as strong as it was found, and so is the noise. The judge learns
    each and shares the credit again. What the covariates take of the surface by luck, and the
    surface of them, is in its errors: a parametric bootstrap.

    Parameters
    ----------
    samples : Samples
        Of one contaminant; of more than 400, those spread over the survey.
    catalogue : Catalogue
        Of their covariates.
    origins : mapping of str to sequence of str
        Covariates of each origin, two origins or more.
    seed : int
        Of the simulated surveys.
    n_draws : int
        Their number.

    Raises
    ------
    ModelError
        There is one origin only, or covariates are unknown.

    References
    ----------
    Efron, B., & Tibshirani, R. J. (1993). An Introduction to the Bootstrap. Chapman & Hall,
    section 6.5. Paciorek, C. J. (2010). The importance of scale for spatial-confounding bias
    and precision of spatial regression estimators. Statistical Science 25, 107-125,
    10.1214/10-STS326.
    """
    held = [name for names in origins.values() for name in names]
    unknown = [name for name in held if name not in catalogue.names]
    if len(origins) < 2 or unknown:
        raise ModelError(
            f"Shares of {len(origins)} origins ({few(origins)}) cannot be tried; unknown "
            f"covariates: {few(unknown) or 'none'}. Give two origins or more, of covariates "
            f"among {few(catalogue.names, 10)}."
        )
    chosen = samples.take(spread_rows(samples.coordinates, _MOST_SAMPLES, seed=seed))
    judge = _Judge(chosen, catalogue, origins, seed)
    model = judge.fit(chosen)
    credit = judge.credit(model, np.arange(len(chosen)))
    explained = spread_rows(chosen.coordinates, _MOST_EXPLAINED, seed=seed)
    planted = _shares(credit[explained][:, : len(origins)])
    told = credit.sum(axis=1)
    centre = model.response_.centre - told.mean()
    spread = model.response_.spread
    kernel = model.hyperparameters_
    apart = cdist(chosen.coordinates, chosen.coordinates)
    covariance = spread**2 * kernel.spatial_variance * np.exp(-3 * apart / model.range_)
    # A little on the diagonal keeps the root real where two samples lie at one place.
    root = np.linalg.cholesky(covariance + 1e-9 * spread**2 * np.eye(len(chosen)))
    noise = spread * np.sqrt(kernel.noise_variance)
    errors = []
    for number in range(n_draws):
        generator = np.random.default_rng(child_seed(seed, "share trial", number))
        surface = root @ generator.standard_normal(len(chosen))
        log = centre + told + surface + noise * generator.standard_normal(len(chosen))
        value = np.exp(log)
        again = judge.fit(replace(chosen, lower=value, upper=value))
        found = judge.credit(again, explained)[:, : len(origins)]
        errors.append(_shares(found) - planted)
    return ShareTrial(tuple(origins), planted, np.array(errors))


class _Judge:
    """Learns samples and shares the credit between origins, what is left, and the place."""

    def __init__(
        self,
        samples: Samples,
        catalogue: Catalogue,
        origins: Mapping[str, Sequence[str]],
        seed: int,
    ) -> None:
        held = {name for names in origins.values() for name in names}
        rest = tuple(name for name in catalogue.names if name not in held)
        self._players = {name: tuple(names) for name, names in origins.items()}
        if rest:
            self._players[_REST] = rest
        self._samples, self._categorical = samples, catalogue.categorical
        self._background = choose_background(samples, _BACKGROUND, seed=seed)

    def fit(self, samples: Samples) -> AdditiveGaussianProcess:
        """Return the process learnt from samples."""
        return AdditiveGaussianProcess(self._categorical, skew="none").fit(
            samples.X, samples.lower, samples.upper, coordinates=samples.coordinates
        )

    def credit(self, model: AdditiveGaussianProcess, rows: NDArray[np.int64]) -> Values:
        """Return what origins, and the rest, add to the log median; shape (n, n_players)."""
        asked = self._samples.take(rows)
        found = scale_worths(
            model,
            asked.X,
            coordinates=asked.coordinates,
            background=self._background,
            players={**self._players, LOCATION: (LOCATION,)},
            scales=("median",),
        ).values("median")
        return found.values[:, : len(self._players)]


def _shares(credit: Values) -> Values:
    """Return the share of each column in the mean absolute credit."""
    size = np.abs(credit).mean(axis=0)
    return np.asarray(size / max(float(size.sum()), 1e-12))
