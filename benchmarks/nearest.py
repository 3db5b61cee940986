"""The nearest sample, and how many are near: SciPy's tree against what maps use.

Run from the root of the project::

    nice python benchmarks/nearest.py

Cells and samples are those of the synthetic stack (`make_stack.py`), in the space of the area
of applicability: twelve numbers, and with them 32 indicators of classes. CPU time, in turn.
"""

import statistics
import time

import numpy as np
import pandas as pd
from make_stack import N_CLASSES, N_NUMBERS, bands
from scipy.spatial import cKDTree

from hotspot.estimators.applicability.area import AreaOfApplicability
from hotspot.estimators.applicability.nearest_boxes import BoxTree
from hotspot.estimators.applicability.nearest_products import ProductSearch
from hotspot.grid import Window

N_SAMPLES, ROWS, REPEATS = 5000, 6, 5
NAMES = [f"number_{n}" for n in range(N_NUMBERS)] + [f"class_{n}" for n in range(N_CLASSES)]


def table(window: Window) -> pd.DataFrame:
    """Return the covariates of a window, cell by cell."""
    return pd.DataFrame(
        {n: b.ravel() for n, b in zip(NAMES, bands(window, 0, -9), strict=True)}
    )


def main() -> None:
    """Print Markdown."""
    draw = np.random.default_rng(1)
    corners = draw.integers(0, 8000, (N_SAMPLES // 10, 2))
    X = pd.concat([table(Window(int(a), int(b), 2, 5)) for a, b in corners], ignore_index=True)
    cells = table(Window(2048, 2048, ROWS, 512))
    print("| columns | asked | way | CPU us a cell | ratio to SciPy (range) |")
    print("| --- | --- | --- | --- | --- |")
    for names in (NAMES[:N_NUMBERS], NAMES):
        classes = tuple(name for name in names if name.startswith("class"))
        area = AreaOfApplicability(classes).fit(X[names])
        samples, (points, kind) = area._samples, area._place(cells[names].to_numpy(np.float64))
        radius = area.threshold_ * area.mean_distance_
        plain, boxes, products = (
            cKDTree(samples),
            BoxTree.of(samples, area._nearest.classes),
            ProductSearch.of(samples),
        )
        asked = {
            "nearest": (
                lambda p=points, t=plain: t.query(p)[0],
                lambda p=points, t=boxes, k=kind: t.distance(p, k),
                lambda p=points, t=products: t.distance(p),
            ),
            "within the threshold": (
                lambda p=points, t=plain, r=radius: t.query_ball_point(
                    p, r, return_length=True
                ),
                lambda p=points, t=boxes, r=radius, k=kind: t.count(p, r, k),
                lambda p=points, t=products, r=radius: t.count(p, r),
            ),
        }
        for what, ways in asked.items():
            took: list[list[float]] = [[], [], []]
            for repeat in range(REPEATS + 1):
                answers = []
                for way, spent in zip(ways, took, strict=True):
                    start = time.process_time()
                    answers.append(way())
                    if repeat:
                        spent.append((time.process_time() - start) / len(points) * 1e6)
                for answer in answers[1:]:
                    np.testing.assert_array_equal(answer, answers[0])
            for name, spent in zip(("SciPy", "boxes", "products"), took, strict=True):
                ratios = sorted(a / b for a, b in zip(took[0], spent, strict=True))
                middle = statistics.median(ratios)
                print(
                    f"| {samples.shape[1]} | {what} | {name} | {statistics.median(spent):.1f} "
                    f"| {middle:.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f}) |",
                    flush=True,
                )
    print(f"\n{N_SAMPLES:,} samples, {len(points):,} cells in map order, {REPEATS} turns.")
    print("All three give the same bits.")


if __name__ == "__main__":
    main()
