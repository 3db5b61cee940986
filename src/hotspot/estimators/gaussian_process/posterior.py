"""Either form of the process given its samples, as plain values and arrays, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.expectation_propagation import Sites
from hotspot.estimators.gaussian_process.exact import ExactPosterior
from hotspot.estimators.gaussian_process.kernel import Hyperparameters, Inputs
from hotspot.estimators.gaussian_process.local import LocalPosterior

Posterior = ExactPosterior | LocalPosterior


def posterior_values(posterior: Posterior) -> dict[str, Any]:
    """Return the hyper-parameters of a surface, and of its neighbourhoods, as JSON values."""
    kernel = asdict(posterior.kernel)
    kernel["smooth_range"] = list(posterior.kernel.smooth_range)
    local = None
    if isinstance(posterior, LocalPosterior):
        local = {
            "n_neighbours": posterior.n_neighbours,
            "random_state": posterior.random_state,
        }
    return {"hyperparameters": kernel, "local": local}


def posterior_arrays(posterior: Posterior) -> dict[str, NDArray[Any]]:
    """Return the arrays of a surface; the smooth covariates are columns of the drift."""
    return {
        "place": posterior.rows.place,
        "drift": posterior.rows.drift,
        "precision": posterior.sites.precision,
        "shift": posterior.sites.shift,
        **posterior.to_arrays(),
    }


def read_posterior(
    values: Mapping[str, Any], arrays: dict[str, NDArray[Any]], bending: Sequence[int]
) -> Posterior:
    """Return the surface that `posterior_values` and `posterior_arrays` described."""
    hyper = dict(values["hyperparameters"])
    kernel = Hyperparameters(**{**hyper, "smooth_range": tuple(hyper["smooth_range"])})
    smooth = np.ascontiguousarray(arrays["drift"][:, list(bending)])
    rows = Inputs(arrays["place"], arrays["drift"], smooth)
    sites = Sites(arrays["precision"], arrays["shift"])
    local = values["local"]
    if local is None:
        return ExactPosterior.from_arrays(kernel, rows, sites, arrays)
    return LocalPosterior.from_arrays(kernel, rows, sites, arrays, **local)
