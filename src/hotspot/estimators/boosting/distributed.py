"""Boosted trees from more samples than one memory holds, on the workers of a Dask cluster."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ConfigError, ModelError
from hotspot.estimators.boosting.classifier import BoostedClassifier
from hotspot.estimators.classifier import positive_weight
from hotspot.estimators.table import Matrix, training_table
from hotspot.observations.limits.exceedance import exceedance_labels

Part = TypeVar("Part")
Samples = tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.float64]]
"""Covariates, and the lower and upper bounds of the concentration in mg/kg."""


def fit_spread(
    model: BoostedClassifier,
    parts: Sequence[Part],
    read: Callable[[Part], Samples],
    client: Any,
) -> BoostedClassifier:
    """Fit boosted trees to samples that are read in parts on the workers of a cluster.

    LightGBM's own Dask interface: each worker holds its parts and no other, and the workers
    add up their histograms over the network. The trees are not those of one machine, since
    each worker chooses the edges of its share of the bins from its own samples; they are as
    good, and the model that comes of it is saved, mapped and explained like any other.

    While they learn, workers open ports to each other without a password: let no stranger
    into that network.

    Parameters
    ----------
    model : BoostedClassifier
        Not fitted; it is fitted here and returned.
    parts : sequence
        Whatever tells `read` which samples to read, such as the paths of files; at least one
        for each worker.
    read : callable
        From a part to its samples; called on a worker, which must be able to import it.
    client : distributed.Client
        Of the cluster, such as `hotspot.maps.cluster.connected` gives.

    Raises
    ------
    ConfigError
        Dask's arrays are not installed.
    ModelError
        Parts are missing or have other covariates, or labels are all alike or unknown.
    """
    try:
        import dask
        import dask.array as da
    except ImportError as error:
        raise ConfigError(
            "Samples are to be spread over a Dask cluster, and Dask is not installed here. "
            "Install it with `pip install 'hotspot[dask]'`, or fit on one machine."
        ) from error
    import lightgbm

    model._check_parameters()
    if not parts:
        raise ModelError("No parts of samples were given. Give one or more for each worker.")
    prepared = [client.submit(_prepared, read, part, model) for part in parts]
    told = client.gather([client.submit(_summary, one) for one in prepared])
    names = told[0]["names"]
    other = next((number for number, one in enumerate(told) if one["names"] != names), None)
    if other is not None:
        raise ModelError(
            f"Part {other} has the covariates {told[other]['names']}, the first {names}. "
            "Give all parts the same covariates in the same order."
        )
    labels = np.repeat([0.0, 1.0], np.sum([one["labels"] for one in told], axis=0))
    model._check_labels(labels, n_unknown=sum(one["n_unknown"] for one in told))
    weight = positive_weight(model.class_weight, labels)
    shapes = [(int(sum(one["labels"])), len(names)) for one in told]
    used = [(one, shape) for one, shape in zip(prepared, shapes, strict=True) if shape[0]]
    X = da.concatenate(
        [da.from_delayed(dask.delayed(_matrix)(one), shape, float) for one, shape in used]
    )
    y = da.concatenate(
        [da.from_delayed(dask.delayed(_labels)(one), shape[:1], float) for one, shape in used]
    )
    learner = lightgbm.DaskLGBMClassifier(
        client=client,
        n_estimators=model.n_estimators,
        tree_learner="data",
        time_out=10,
        **model._lightgbm_parameters(),
    )
    learner.fit(
        X,
        y,
        sample_weight=da.where(y == 1, weight, 1.0),
        categorical_feature=[names.index(name) for name in model.categorical],
    )
    model.feature_names_in_ = np.array(names, dtype=object)
    model.n_features_in_ = len(names)
    model.classes_ = np.array([0, 1])
    model.levels_ = {
        name: np.unique(np.concatenate([one["levels"][name] for one in told]))
        for name in model.categorical
    }
    model.n_samples_ = len(labels)
    model.n_unknown_ = sum(one["n_unknown"] for one in told)
    model.prevalence_ = float(labels.mean())
    text = learner.booster_.model_to_string()
    # Addresses of this cluster, and threads: they are of no use to who opens the model.
    model._keep(
        re.sub(r"^\[(num_threads|machines|local_listen_port): .*\]\n", "", text, flags=re.M),
        weight,
    )
    return model


def _prepared(
    read: Callable[[Part], Samples], part: Part, model: BoostedClassifier
) -> dict[str, Any]:
    """Read a part on a worker: its matrix and the labels that are known."""
    X, lower, upper = read(part)
    names, matrix = training_table(X, tuple(model.categorical))
    labels = exceedance_labels(lower, upper, model.threshold)
    known = np.isfinite(labels)
    return {
        "names": list(names),
        "matrix": matrix[known],
        "labels": labels[known],
        "n_unknown": int((~known).sum()),
        "levels": {n: np.unique(matrix[known, names.index(n)]) for n in model.categorical},
    }


def _summary(prepared: dict[str, Any]) -> dict[str, Any]:
    """Return what little of a part must be known to all."""
    ones = int(prepared["labels"].sum())
    counts = [len(prepared["labels"]) - ones, ones]
    few = {name: prepared[name] for name in ("names", "n_unknown", "levels")}
    return {**few, "labels": counts}


def _matrix(prepared: dict[str, Any]) -> Matrix:
    matrix: Matrix = prepared["matrix"]
    return matrix


def _labels(prepared: dict[str, Any]) -> NDArray[np.float64]:
    labels: NDArray[np.float64] = prepared["labels"]
    return labels
