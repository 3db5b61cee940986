"""What a cell of a map of the default model costs, its distribution asked anew or once.

Run from the root of the project::

    nice python benchmarks/pool_maps.py

It fits the pool of models to a simulated survey of 150 samples, and asks for probability,
median and both ends of the interval of windows of cells: each layer by itself, as a program
would that knows only the model, and as a map does.
"""

import statistics
import time

import numpy as np
import pandas as pd
from affine import Affine

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.registry import make_estimator
from hotspot.grid import Grid
from hotspot.maps.decision import DecisionRule
from hotspot.maps.layers import LAYERS
from hotspot.maps.window import predict_window

LAYERS_ASKED = ("probability", "lower", "median", "upper")
SIDE = 128
REPEATS = 5


def main() -> None:
    """Print microseconds a cell, and their ratio."""
    draw = np.random.default_rng(0)
    grid = Grid("EPSG:32633", Affine(30, 0, 300_000, 0, -30, 6_000_000), (SIDE, SIDE))
    names = ("slope", "river", "roads")
    catalogue = Catalogue(
        tuple(Covariate(n, "m", Kind.CONTINUOUS, Role.TERRAIN) for n in names)
    )
    places = draw.uniform((300_000, 5_996_160), (303_840, 6_000_000), (150, 2))
    X = pd.DataFrame(draw.normal(0, 1, (150, 3)), columns=list(names))
    y = 100 * np.exp(0.6 * X["slope"] - 0.4 * X["river"] + draw.normal(0, 0.4, 150)).to_numpy()
    model = FittedModel(
        estimator=make_estimator("ensemble", {}, threshold=120.0, categorical=()).fit(
            X, y, y, coordinates=places
        ),
        catalogue=catalogue,
        grid=grid,
        contaminant="zn",
        threshold={"id": "benchmark", "value_mg_kg": 120.0},
    )
    n = SIDE * SIDE
    cells = pd.DataFrame(draw.normal(0, 1, (n, 3)), columns=list(names))
    positions = np.arange(n)
    centres = grid.centres(*np.divmod(positions, SIDE))

    def anew() -> dict[str, np.ndarray]:
        return {
            name: LAYERS[name].compute(model, cells, centres)  # type: ignore[misc]
            for name in LAYERS_ASKED
        }

    def once() -> dict[str, np.ndarray]:
        given = {"positions": positions, "grid": grid, "rule": DecisionRule()}
        return predict_window(model, cells, layers=LAYERS_ASKED, **given)

    def one() -> dict[str, np.ndarray]:
        given = {"positions": positions, "grid": grid, "rule": DecisionRule()}
        return predict_window(model, cells, layers=("probability",), **given)

    first, second = anew(), once()
    for name in LAYERS_ASKED:
        np.testing.assert_array_equal(
            first[name].astype(np.float32), second[name].ravel(), err_msg=name
        )
    took: dict[str, list[float]] = {"anew": [], "once": [], "probability": []}
    for _ in range(REPEATS):
        for name, work in (("anew", anew), ("once", once), ("probability", one)):
            start = time.process_time()
            work()
            took[name].append((time.process_time() - start) / n * 1e6)
    ratios = sorted(a / b for a, b in zip(took["anew"], took["once"], strict=True))
    print(f"{model.estimator.choice_}\n")  # type: ignore[attr-defined]
    print("| asked | CPU us a cell |\n| --- | --- |")
    print(f"| probability alone | {statistics.median(took['probability']):.1f} |")
    print(f"| four layers, each anew | {statistics.median(took['anew']):.1f} |")
    print(f"| four layers, the distribution once | {statistics.median(took['once']):.1f} |")
    print(
        f"\nRatio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), the "
        "same numbers."
    )


if __name__ == "__main__":
    main()
