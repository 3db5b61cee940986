"""The surface of a survey: moments and draws at covariates and places."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.gaussian_process.design import Design
from hotspot.estimators.gaussian_process.draws import draw_surface
from hotspot.estimators.gaussian_process.exact import ExactPosterior
from hotspot.estimators.gaussian_process.kernel import Hyperparameters
from hotspot.estimators.gaussian_process.local import LocalPosterior
from hotspot.estimators.gaussian_process.posterior import (
    Posterior,
    posterior_arrays,
    posterior_values,
    read_posterior,
)
from hotspot.estimators.gaussian_process.samples import Samples
from hotspot.estimators.gaussian_process.tail import Tail
from hotspot.estimators.intervals import LogIntervals
from hotspot.estimators.sampled_range import SampledRange
from hotspot.estimators.table import Matrix
from hotspot.grid import Coordinates

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Surface:
    """A conditioned Gaussian process, level beyond the sampled values of its covariates.

    All its answers are in the standardised units of the response.

    Parameters
    ----------
    design : Design
        How covariates and places enter.
    sampled : SampledRange
        Beyond it the surface is level and its doubt grows.
    posterior : ExactPosterior or LocalPosterior
        Given the samples.
    order : array, shape (n_samples,)
        Where each sample of the posterior stood in the table that was learnt from.
    """

    design: Design
    sampled: SampledRange
    posterior: Posterior
    order: NDArray[np.intp]

    @classmethod
    def condition(
        cls,
        kernel: Hyperparameters,
        samples: Samples,
        bounds: LogIntervals,
        *,
        design: Design,
        sampled: SampledRange,
        max_exact: int,
        n_neighbours: int,
        random_state: int,
    ) -> Self:
        """Return the surface given samples, whose standardised intervals are `bounds`.

        Dense up to `max_exact` samples, beyond that local.
        """
        rows = design.inputs(samples.matrix, samples.places)
        posterior: Posterior
        if len(rows) <= max_exact:
            posterior = ExactPosterior.condition(kernel, rows, bounds)
        else:
            posterior = LocalPosterior.condition(
                kernel, rows, bounds, n_neighbours=n_neighbours, random_state=random_state
            )
        return cls(design, sampled, posterior, samples.order)

    def predict(self, matrix: Matrix, places: Coordinates) -> tuple[Values, Values]:
        """Return mean and variance at rows, without the noise of a measurement."""
        mean, spread = self.posterior.predict(self.design.inputs(matrix, places))
        beyond = self.sampled.beyond(matrix)
        if beyond.any():
            level = self.sampled.nearest(matrix[beyond])
            mean[beyond], least = self.posterior.predict(
                self.design.inputs(level, places[beyond])
            )
            spread[beyond] = np.maximum(spread[beyond], least)
        return mean, spread

    def leave_out(self, folds: NDArray[np.int64]) -> tuple[Values, Values]:
        """Return mean and variance at each sample without those of its fold, in table order."""
        there = np.argsort(self.order)
        mean, spread = self.posterior.leave_out(folds[self.order])
        return mean[there], spread[there]

    def draw(
        self,
        matrix: Matrix,
        places: Coordinates,
        *,
        tail: Tail,
        n_draws: int,
        random_state: int,
    ) -> Values:
        """Return joint draws of new measurements, with their noise, shape (n_draws, n)."""
        cells = self.design.inputs(matrix, places)
        field = draw_surface(self.posterior, cells, n_draws=n_draws, random_state=random_state)
        noise = np.sqrt(self.posterior.kernel.noise_variance)
        generator = np.random.default_rng([random_state, 1])
        field += noise * generator.standard_normal(field.shape)
        if tail != Tail() or self.sampled.beyond(matrix).any():
            drawn, spread = self.posterior.predict(cells)
            deviates = (field - drawn) / np.sqrt(spread + noise**2)
            mean, spread = self.predict(matrix, places)
            field = mean + np.sqrt(spread + noise**2) * tail.from_normal(deviates)
        return field

    def to_values(self) -> dict[str, Any]:
        """Return what JSON holds of the surface."""
        return {
            "design": self.design.to_dict(),
            "sampled": self.sampled.to_dict(),
            **posterior_values(self.posterior),
        }

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the rest of the surface."""
        return {"order": self.order, **posterior_arrays(self.posterior)}

    @classmethod
    def read(cls, values: Mapping[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        """Return the surface that `to_values` and `to_arrays` described."""
        design = Design.from_dict(values["design"])
        posterior = read_posterior(values, arrays, design.bending)
        sampled = SampledRange.from_dict(values["sampled"])
        return cls(design, sampled, posterior, arrays["order"])
