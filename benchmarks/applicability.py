"""Time and memory of kNNDM and the area of applicability on a large survey and map.

Run from the root of the project, on a machine with nothing else to do::

    python benchmarks/applicability.py > docs/benchmarks/applicability.md

Samples lie in clusters, as surveys do. The covariates are smooth fields that share causes, as
terrain and distances do, with noise of their own.
"""

import os
import resource
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from hotspot.estimators import AreaOfApplicability
from hotspot.folds import KNNDM

N_SAMPLES = 5_000
N_CELLS = 1_000_000
N_COVARIATES = 15
N_LARGE = 60_000
SEED = 5
SIDE = 100_000.0
# Cells on which the search is compared with all distances.
N_CHECKED = 2_000

HEAD = """\
# Area of applicability and kNNDM, large

Wall time on {cores} cores of a shared machine, one run; memory is the highest of the process so
far. Made by `python benchmarks/applicability.py > docs/benchmarks/applicability.md`.
"""


def fields(places: np.ndarray, seed: int) -> pd.DataFrame:
    """Return covariates of some places: sums of a few shared waves, and noise."""
    rng = np.random.default_rng(SEED)
    waves = rng.normal(scale=2 * np.pi / 30_000.0, size=(12, 2))
    phase = rng.uniform(0, 2 * np.pi, 12)
    mixing = rng.normal(size=(12, N_COVARIATES))
    shared = np.sin(places @ waves.T + phase) @ mixing
    noise = 0.3 * np.random.default_rng(seed).normal(size=shared.shape)
    names = [f"covariate_{number:02d}" for number in range(N_COVARIATES)]
    return pd.DataFrame(shared + noise, columns=names)


def clustered(n: int, seed: int) -> np.ndarray:
    """Return sampling places about 60 centres, a tenth of them anywhere."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, SIDE, (60, 2))
    places = centres[rng.integers(0, 60, n)] + rng.normal(scale=3_000.0, size=(n, 2))
    alone = rng.random(n) < 0.1
    places[alone] = rng.uniform(0, SIDE, (int(alone.sum()), 2))
    return places


def grid(n: int) -> np.ndarray:
    """Return the centres of about n cells of a square."""
    side = int(np.sqrt(n))
    centre = (np.arange(side) + 0.5) * SIDE / side
    easting, northing = np.meshgrid(centre, centre[::-1])
    return np.column_stack([easting.ravel(), northing.ravel()])


class Rows:
    """Rows of the table of times."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, float]] = []

    @contextmanager
    def timed(self, what: str) -> Any:
        """Measure what is done inside."""
        start = time.perf_counter()
        yield
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        self.rows.append((what, time.perf_counter() - start, peak))

    def of(self, what: Callable[[str], bool]) -> float:
        """Return the time of some rows together."""
        return sum(seconds for name, seconds, _ in self.rows if what(name))


def main() -> None:
    """Measure and print Markdown."""
    cores = len(os.sched_getaffinity(0))
    rows = Rows()
    places, cells = clustered(N_SAMPLES, 1), grid(N_CELLS)
    X, target = fields(places, 2), fields(cells, 3)
    weights = dict(zip(X.columns, np.random.default_rng(4).gamma(1.0, size=15), strict=True))
    with rows.timed(f"kNNDM: 5 folds of {N_SAMPLES:,} samples for {len(cells):,} cells"):
        fold = KNNDM(5, cells, random_state=0).labels(places)
    area = AreaOfApplicability(n_jobs=-1)
    with rows.timed("area of applicability: fit, with the mean of all pairs"):
        area.fit(X, weights=weights, folds=fold)
    with rows.timed(f"dissimilarity of {len(cells):,} cells, exact"):
        index = area.dissimilarity(target)
    whole = rows.of(lambda _: True)
    with rows.timed(f"point density of {len(cells):,} cells, exact"):
        area.local_point_density(target)

    checked = np.random.default_rng(6).choice(len(cells), N_CHECKED, replace=False)
    scale = np.array([weights[name] for name in X]) / X.std(ddof=1).to_numpy()
    every = cdist(target.iloc[checked] * scale, X * scale).min(axis=1)
    worst = float(np.abs(index[checked] - every / area.mean_distance_).max())

    large = fields(clustered(N_LARGE, 7), 8)
    with rows.timed(
        f"mean distance of all {N_LARGE:,} samples: {N_LARGE**2 / 2e9:.1f}e9 pairs"
    ):
        mean = AreaOfApplicability(n_jobs=-1).fit(large, folds=np.arange(N_LARGE) % 5)
    some = np.arange(0, N_LARGE, 997)
    unit = (large / large.std(ddof=1)).to_numpy()
    direct = cdist(unit[some], unit).sum(axis=1) / (N_LARGE - 1)
    lost = float(np.abs(mean.mean_distance_train_[some] / direct - 1).max())

    out = [HEAD.format(cores=cores), "| step | seconds | memory, GiB |", "| --- | --- | --- |"]
    out += [f"| {what} | {seconds:.1f} | {peak:.2f} |" for what, seconds, peak in rows.rows]
    out += [
        "",
        f"kNNDM, fit and dissimilarity together: {whole:.1f} s. Over {N_CHECKED:,} cells drawn "
        f"at random the dissimilarity differs from that of all distances by at most "
        f"{worst:.0e}. The mean distance, from blocked matrix products with near pairs "
        f"computed again, differs from that of direct differences by at most {lost:.0e} of "
        "itself.",
    ]
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
