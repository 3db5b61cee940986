"""Boosters of every kind that LightGBM trains, on numbers that are awkward on purpose."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

lightgbm = pytest.importorskip("lightgbm")

_PLAIN = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.2,
    "min_data_in_leaf": 5,
    "min_data_per_group": 5,
    "cat_smooth": 1.0,
    "feature_pre_filter": False,
    "num_threads": 1,
    "deterministic": True,
    "verbose": -1,
}
# What each kind changes: options of LightGBM, then the holes in its training table.
KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "plain": ({}, ""),
    "shallow": ({"max_depth": 3}, ""),
    "deep": ({"objective": "regression", "num_leaves": 200, "min_data_in_leaf": 1}, ""),
    "nan": ({}, "nan"),
    "zero_as_missing": ({"zero_as_missing": True}, "zero"),
    "classes": ({"categorical_feature": [4, 5]}, ""),
    "classes_and_nan": ({"categorical_feature": [4, 5], "max_cat_to_onehot": 1}, "nan"),
    "stumps": ({"num_leaves": 2}, ""),
    "many_bins": ({"max_bin": 2000, "min_data_in_bin": 1, "min_data_in_leaf": 1}, ""),
    "regression": ({"objective": "regression"}, ""),
}


def table(seed: int, n: int, holes: str = "") -> NDArray[np.float64]:
    """Numbers of all sizes, a constant, zeros, and two columns of classes."""
    rng = np.random.default_rng(seed)
    rows = np.column_stack(
        [
            rng.normal(size=n),
            np.round(rng.normal(size=n), 1),
            rng.exponential(size=n) * 1e12,
            np.full(n, 3.0),
            rng.integers(0, 7, n),
            rng.choice([0, 1, 2, 40, 41, 300], n),
        ]
    ).astype(np.float64)
    if holes:
        gone = rng.random((n, 3)) < 0.2
        rows[:, :3][gone] = np.nan if holes == "nan" else 0.0
    return rows


def awkward(seed: int, n: int) -> NDArray[np.float64]:
    """Rows that no training table holds: gaps, infinities, unseen and impossible classes."""
    rng = np.random.default_rng(seed + 1)
    rows = table(seed + 1, n)
    odd = np.array(
        [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-36, -1e-36, 2e-35, 1e300, -1e300, 5e-324]
    )
    struck = rng.random((n, 4)) < 0.15
    rows[:, :4][struck] = rng.choice(odd, int(struck.sum()))
    classes = np.array([-1.0, -0.5, 0.5, 6.9, 7.0, 39.0, 1e6, 3e9, -3e9, 1e300, np.nan, np.inf])
    struck = rng.random((n, 2)) < 0.3
    rows[:, 4:][struck] = rng.choice(classes, int(struck.sum()))
    return rows


def train(kind: str, seed: int, *, n_trees: int = 12, **options: Any) -> Any:
    """Return a booster of a kind, as it is after saving and loading."""
    changed, holes = KINDS[kind]
    rows = table(seed, 300, holes)
    rng = np.random.default_rng(seed + 2)
    filled = np.nan_to_num(rows)
    centre = filled[:, 0] + filled[:, 1] * (filled[:, 4] > 3) + np.log1p(filled[:, 2]) / 9 - 3
    centre = centre + (filled[:, 5] == 40) + 0.3 * rng.normal(size=len(rows))
    settings = {**_PLAIN, "seed": seed, **changed, **options}
    label = centre if settings["objective"] == "regression" else (centre > 0).astype(float)
    if settings["objective"] == "multiclass":
        label = np.digitize(centre, [-0.5, 0.5]).astype(float)
    classes = settings.pop("categorical_feature", [])
    data = lightgbm.Dataset(rows, label=label, categorical_feature=classes, params=settings)
    trained = lightgbm.train(settings, data, num_boost_round=n_trees)
    return lightgbm.Booster(model_str=trained.model_to_string())


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    """Return each kind of booster in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def trained() -> Any:
    """Return `train`, which remembers what it has trained."""
    known: dict[Any, Any] = {}

    def remembered(kind: str, seed: int = 0, **options: Any) -> Any:
        key = (kind, seed, repr(sorted(options.items())))
        if key not in known:
            known[key] = train(kind, seed, **options)
        return known[key]

    return remembered


@pytest.fixture(scope="session")
def rows() -> NDArray[np.float64]:
    """Return 700 rows, half of them usual."""
    return np.concatenate([table(50, 350), awkward(51, 350)])
