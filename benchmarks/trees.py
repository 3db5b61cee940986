"""Trees over a map, and their SHAP values: how much sooner, and how exactly the same.

Run from the root of the project; it takes some minutes on one core::

    python benchmarks/trees.py > docs/benchmarks/trees.md

Everything is made in memory: 512 × 512 cells of 16 covariates with the smoothness of real
ones, and models trained on 5000 of the cells.
"""

import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from typing import Any
from unittest.mock import patch

import lightgbm
import numpy as np
import pandas as pd
from scipy.fft import fftfreq, ifft2
from scipy.ndimage import distance_transform_edt, uniform_filter, zoom

from hotspot.estimators.forests import nodes as forest_nodes
from hotspot.estimators.forests.quantile import QuantileForest
from hotspot.trees import Codes, LeafMasks, PatternTables
from hotspot.trees.lightgbm_text import read_trees
from hotspot.trees.patience import Patience

SIDE = 512
CELL_M = 30.0
REPEATS = 7
ROLES = np.array([0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 1, 2, 2, 4, 3])
MODELS = {"depth 6": {"max_depth": 6}, "any depth": {}, "shallow": {"max_depth": 4}}

HEAD = """\
# Trees over many rows

LightGBM classifiers of 400 trees of at most 31 leaves, 16 covariates, and a quantile forest of
300 trees, trained on 5000 cells of a synthetic landscape of 512 × 512 cells. *Smooth* rows are
cells of the map in its order; *noisy* rows are the same cells shuffled, so that no row is like
the one before. One thread each. All figures are CPU time; the two sides of each ratio were
measured in turn, {repeats} times, in one process: median of the ratios, smallest and largest in
brackets.

Made by `python benchmarks/trees.py > docs/benchmarks/trees.md` with Python {python}, LightGBM
{lightgbm}, numba {numba}, NumPy {numpy}, on {cores} cores.
{share}"""

Work = Callable[[], Any]


class Never(Patience):
    """Never prepares the compiled loops."""

    def is_over(self, plain: float, *, prepare: float = 0.0) -> bool:
        """Deny it."""
        return False


class AtOnce(Patience):
    """Prepares them for the first row."""

    def is_over(self, plain: float, *, prepare: float = 0.0) -> bool:
        """Say so."""
        return True


def pair_of_fields(rng: np.random.Generator, slope: float) -> list[np.ndarray]:
    """Return two independent random fields whose power falls with the frequency."""
    n = 2 * SIDE
    noise = rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))
    square = fftfreq(n)[:, None] ** 2 + fftfreq(n)[None, :] ** 2
    square[0, 0] = 1.0
    noise *= square ** (-slope / 4)
    noise[0, 0] = 0.0
    field = ifft2(noise)
    parts = (field.real[:SIDE, :SIDE], field.imag[:SIDE, :SIDE])
    return [(part - part.mean()) / part.std() for part in parts]


def distance(rng: np.random.Generator, n_lines: int) -> np.ndarray:
    """Return the distance to winding lines, such as roads, metres."""
    there = np.zeros((SIDE, SIDE), dtype=bool)
    for _ in range(n_lines):
        place, heading = rng.uniform(0, SIDE, 2), rng.uniform(0, 2 * np.pi)
        for _ in range(200):
            heading += rng.normal(0, 0.1)
            place = place + np.array([np.sin(heading), np.cos(heading)])
            row, col = place.astype(int)
            if 0 <= row < SIDE and 0 <= col < SIDE:
                there[row, col] = True
    return np.asarray(distance_transform_edt(~there)) * CELL_M


def coarse(field: np.ndarray, order: int) -> np.ndarray:
    """Return a field known on cells of one kilometre only."""
    few = field[::33, ::33]
    return np.asarray(zoom(few, 33, order=order, grid_mode=True, mode="nearest"))[:SIDE, :SIDE]


def landscape(rng: np.random.Generator) -> np.ndarray:
    """Return 16 covariates of all cells, row by row: terrain, climate, cover, distances."""
    height = 800 + 350 * pair_of_fields(rng, 3.2)[0]
    south, east = np.gradient(height, CELL_M)
    warm, wet = pair_of_fields(rng, 3.4)
    season, hot = pair_of_fields(rng, 3.0)
    green, change = pair_of_fields(rng, 2.2)
    fire, people = pair_of_fields(rng, 2.6)
    bands = [
        height,
        np.degrees(np.arctan(np.hypot(south, east))),
        height - uniform_filter(height, 33),
        8 + 3 * coarse(warm, 1) - 0.0065 * (coarse(height, 1) - 800),
        np.round(450 + 120 * coarse(wet, 0)),
        np.round(60 + 15 * coarse(season, 0), 1),
        np.round(np.clip(0.35 + 0.15 * green, -0.2, 0.95), 4),
        np.round(np.clip(0.3 + 0.1 * change, 0, 1), 4),
        *(distance(rng, n_lines) for n_lines in (60, 8, 25)),
        np.round(300 + 6 * coarse(hot, 0), 2),
        np.digitize(0.6 * green + 0.5 * season, np.linspace(-1.6, 1.6, 9)),
        np.clip(np.round(30 + 30 * (0.7 * green + 0.5 * wet)), 0, 100),
        np.clip(np.floor(np.maximum(0, fire - 0.8) * 8), 0, 20),
        np.clip(np.round(12 + 9 * people), 0, 50),
    ]
    table = np.stack([band.ravel() for band in bands], axis=1)
    # As read from single-precision rasters.
    return table.astype(np.float32).astype(np.float64)


def log_odds(table: np.ndarray) -> np.ndarray:
    """Return the planted truth."""
    z = (table - table.mean(axis=0)) / table.std(axis=0)
    odds = 1.2 * z[:, 3] - 0.8 * z[:, 4] - 0.9 * z[:, 8] + 0.7 * z[:, 6] * z[:, 13]
    odds += 0.8 * np.sin(2 * z[:, 0]) + 0.6 * z[:, 15] + 0.5 * z[:, 1]
    return np.asarray(odds + 0.9 * (table[:, 12] > 6) - 1)


def train(table: np.ndarray, label: np.ndarray, **options: Any) -> Any:
    """Return a classifier of 400 trees."""
    settings = {
        "objective": "binary",
        "num_leaves": 31,
        "learning_rate": 0.03,
        "min_data_in_leaf": 20,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "seed": 3,
        "num_threads": 1,
        "verbose": -1,
        **options,
    }
    trained = lightgbm.train(settings, lightgbm.Dataset(table, label=label), 400)
    return lightgbm.Booster(model_str=trained.model_to_string())


def cpu(work: Work) -> float:
    """Return the CPU seconds that some work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def compared(sides: Mapping[str, tuple[Work, int]]) -> dict[str, tuple[float, str]]:
    """Return microseconds per row and ratio to the first side, measured in turn."""
    for work, _ in sides.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(REPEATS):
        for name, (work, n_rows) in sides.items():
            taken[name].append(1e6 * cpu(work) / n_rows)
    first = next(iter(taken.values()))
    answer = {}
    for name, times in taken.items():
        ratios = sorted(slow / quick for slow, quick in zip(first, times, strict=True))
        middle = statistics.median(ratios)
        text = (
            f"{middle:.1f} [{ratios[0]:.1f}, {ratios[-1]:.1f}]" if times is not first else "1"
        )
        answer[name] = (statistics.median(times), text)
    return answer


def busy(n: int) -> None:
    """Keep one core busy."""
    total = 0
    for number in range(n):
        total += number * number


def share_of_cores() -> str:
    """Return a sentence on whether two busy loops get two cores here."""
    alone, together = [], []
    for _ in range(3):
        for n_loops, walls in ((1, alone), (2, together)):
            loops = [
                multiprocessing.Process(target=busy, args=(8_000_000,)) for _ in range(n_loops)
            ]
            start = time.perf_counter()
            for loop in loops:
                loop.start()
            for loop in loops:
                loop.join()
            walls.append(time.perf_counter() - start)
    ratio = statistics.median(together) / statistics.median(alone)
    told = (
        "so that nothing measured here says how threads scale"
        if ratio > 1.25
        else "so that the cores were free"
    )
    return (
        f"Two busy loops side by side took {ratio:.2f} times as long as one alone (1 with two "
        f"free cores,\n2 with one), {told}.\n"
    )


def sums(booster: Any, orders: Mapping[str, np.ndarray]) -> list[str]:
    """Return the lines of the table of predictions."""
    ensemble = read_trees(booster.model_to_string())
    masks = LeafMasks.of(ensemble, Codes.of(ensemble))
    lines = []
    for order, rows in orders.items():
        few = rows[:16_384]
        told = compared(
            {
                "plain": (
                    lambda few=few: booster.predict(few, raw_score=True, num_threads=1),
                    len(few),
                ),
                "masks": (lambda rows=rows: masks.sums(rows), len(rows)),
            }
        )
        equal = np.array_equal(
            masks.sums(few), booster.predict(few, raw_score=True, num_threads=1)
        )
        lines.append(
            f"{order} | {told['plain'][0]:.1f} | {told['masks'][0]:.2f} | {told['masks'][1]} | "
            f"{'the same bits' if equal else 'OTHER BITS'}"
        )
    return lines


def contributions(booster: Any, rows: np.ndarray) -> list[str]:
    """Return the lines of the table of SHAP values."""
    ensemble = read_trees(booster.model_to_string())
    codes = Codes.of(ensemble)
    few = rows[:300]
    each, by_role = PatternTables.of(ensemble, codes), PatternTables.of(ensemble, codes, ROLES)
    told = compared(
        {
            "plain": (lambda: booster.predict(few, pred_contrib=True, num_threads=1), len(few)),
            "by covariate": (lambda: each.contributions(rows), len(rows)),
            "by role": (lambda: by_role.contributions(rows), len(rows)),
        }
    )
    expected = booster.predict(few, pred_contrib=True, num_threads=1)[:, :-1]
    summed = np.stack([expected[:, role == ROLES].sum(axis=1) for role in range(5)], axis=1)
    lines = []
    for name, tables, right in (
        ("by covariate", each, expected),
        ("by role", by_role, summed),
    ):
        error = np.abs(tables.contributions(few) - right).max()
        lines.append(
            f"{name} | {told['plain'][0]:.0f} | {told[name][0]:.2f} | {told[name][1]} | "
            f"{error:.0e} | {tables.cells.nbytes / 1e6:.0f} MB"
        )
    return lines


def forests(table: np.ndarray, chosen: np.ndarray, orders: Mapping[str, Any]) -> list[str]:
    """Return the lines of the table of quantile forests."""
    rng = np.random.default_rng(4)
    names = [f"c{column}" for column in range(table.shape[1])]
    concentration = np.exp(4 + 0.5 * log_odds(table) + 0.5 * rng.normal(size=len(table)))
    places = CELL_M * np.stack(np.divmod(np.arange(SIDE * SIDE), SIDE)[::-1], axis=1)
    limit = np.where(rng.random(len(table)) < 0.5, 12.0, 30.0)
    lines = []
    for what, censored in (("measured", False), ("a third non-detects", True)):
        below = censored & (concentration < limit)
        low = np.where(below, 0.0, concentration)[chosen]
        high = np.where(below, limit, concentration)[chosen]
        X = pd.DataFrame(table, columns=names)
        model = QuantileForest().fit(X.iloc[chosen], low, high, coordinates=places[chosen])
        share = below[chosen].mean()
        for order, cells in orders.items():
            some = cells[:8192]
            asked, there = X.iloc[some], places[some]
            answers: dict[str, Work] = {}
            for name, manner in (("plain", Never), ("loops", AtOnce)):
                with patch.object(forest_nodes, "Patience", manner):
                    own = QuantileForest.from_state(model.to_state())
                answers[name] = partial(own.distribution, asked, coordinates=there)
            told = compared({name: (work, len(some)) for name, work in answers.items()})
            equal = np.array_equal(answers["plain"]().share, answers["loops"]().share)
            lines.append(
                f"{what if not censored else f'{share:.0%} non-detects'} | {order} | "
                f"{told['plain'][0]:.0f} | {told['loops'][0]:.0f} | {told['loops'][1]} | "
                f"{'the same bits' if equal else 'OTHER BITS'}"
            )
    return lines


def one_off(booster: Any, rows: np.ndarray) -> list[str]:
    """Return the lines of what is paid once."""
    text = booster.model_to_string()
    start = time.process_time()
    ensemble = read_trees(text)
    codes = Codes.of(ensemble)
    masks = LeafMasks.of(ensemble, codes)
    ready = time.process_time()
    tables = PatternTables.of(ensemble, codes)
    tabled = time.process_time()
    tables.plain_contributions(rows[:100])
    plain = time.process_time()
    return [
        f"text to masks | {ready - start:.2f} s, {masks.masks.nbytes / 1e6:.0f} MB",
        f"tables of contributions | {tabled - ready:.2f} s",
        f"contributions of 100 rows without compiled loops | {plain - tabled:.2f} s",
    ]


def main() -> None:
    """Print the page."""
    rng = np.random.default_rng(7)
    table = landscape(rng)
    chosen = rng.choice(len(table), 5000, replace=False)
    label = rng.random(5000) < 1 / (1 + np.exp(-log_odds(table)[chosen]))
    smooth = np.arange(100 * SIDE, 228 * SIDE)
    cells = {"smooth": smooth, "noisy": rng.permutation(smooth)}
    orders = {name: np.ascontiguousarray(table[some]) for name, some in cells.items()}
    boosters = {
        name: train(table[chosen], label.astype(float), **options)
        for name, options in MODELS.items()
    }
    print(
        HEAD.format(
            repeats=REPEATS,
            python=platform.python_version(),
            lightgbm=version("lightgbm"),
            numba=version("numba"),
            numpy=version("numpy"),
            cores=os.cpu_count(),
            share=share_of_cores(),
        )
    )
    print("## Sums: `Booster.predict(raw_score=True)` against leaf masks\n")
    print("| trees | rows | LightGBM, µs a row | masks, µs a row | ratio | sums |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, booster in boosters.items():
        for line in sums(booster, orders):
            print(f"| {name} | {line} |", flush=True)
    print("\n## SHAP values: `Booster.predict(pred_contrib=True)` against pattern tables\n")
    print("Five roles of 1 to 4 covariates. Smooth rows; the largest difference of 300 rows.\n")
    print(
        "| trees | values | LightGBM, µs a row | tables, µs a row | ratio | off by | tables |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, booster in boosters.items():
        for line in contributions(booster, orders["smooth"]):
            print(f"| {name} | {line} |", flush=True)
    print("\n## Quantile forest: NumPy and SciPy against compiled loops\n")
    print("Whole distributions at places, from covariates, easting and northing.\n")
    print("| samples | rows | plain, µs a row | compiled, µs a row | ratio | distributions |")
    print("| --- | --- | --- | --- | --- | --- |")
    for line in forests(table, chosen, cells):
        print(f"| {line} |", flush=True)
    print("\n## Paid once per model\n")
    print(
        "400 trees of depth 6. Compiling the loops takes some 6 s of CPU once per machine, and"
    )
    print("reading them half a second once per process; few rows do without.\n")
    print("| what | CPU |")
    print("| --- | --- |")
    for line in one_off(boosters["depth 6"], orders["smooth"]):
        print(f"| {line} |")


if __name__ == "__main__":
    main()
