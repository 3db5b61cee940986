"""A survey in which one covariate matters, and a model without learning that is quick."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from hotspot.estimators.base import ModelState
from hotspot.folds.make import Survey, make_plans
from hotspot.folds.plan import FoldPlan
from hotspot.samples.sampleset import Samples
from hotspot.selection import Candidate, Scoring, SearchSpace, Setting, Tuner

LIMIT = 100.0


@dataclass
class Sloped:
    """P = expit(slope * (x - mean of x in training)); notes which samples it saw when."""

    slope: float = 1.0
    diary: list[tuple[str, frozenset[int]]] = field(default_factory=list)

    def fit(
        self,
        X: pd.DataFrame,
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
        *,
        coordinates: NDArray[np.float64] | None = None,
    ) -> Self:
        """Keep the mean."""
        self.diary.append(("fit", _numbers(X)))
        self.centre = float(X.iloc[:, 0].mean())
        return self

    def exceedance(
        self,
        X: pd.DataFrame,
        threshold: float,
        *,
        coordinates: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Return the probability."""
        self.diary.append(("asked", _numbers(X)))
        margin = self.slope * (X.iloc[:, 0].to_numpy() - self.centre)
        return np.asarray(1 / (1 + np.exp(-margin)))

    def to_state(self) -> ModelState:
        """Return the slope."""
        return ModelState("sloped", {"slope": self.slope})

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Return the model of a slope."""
        return cls(**state.values)


def _numbers(X: pd.DataFrame) -> frozenset[int]:
    return frozenset(X["number"].astype(int)) if "number" in X else frozenset()


def survey(n: int = 80, seed: int = 3) -> Samples:
    """Return samples whose log-odds of exceedance are 2 x; y and z are noise."""
    rng = np.random.default_rng(seed)
    x, y, z = rng.normal(size=(3, n))
    above = rng.random(n) < 1 / (1 + np.exp(-2 * x))
    value = np.where(above, 150.0, 50.0)
    return Samples(
        sample_id=np.array([f"s{number:03d}" for number in range(n)]),
        X=pd.DataFrame({"x": x, "y": y, "z": z, "number": np.arange(n, dtype=float)}),
        lower=value,
        upper=value,
        coordinates=rng.uniform(0, 1000, size=(n, 2)),
    )


def block_plans(samples: Samples, repeats: int = 1, n_splits: int = 4) -> list[FoldPlan]:
    return make_plans(
        ["block"],
        Survey(samples.sample_id, samples.coordinates),
        n_splits=n_splits,
        repeats=repeats,
        spacing=200.0,
        seed=1,
    )


@pytest.fixture
def samples() -> Samples:
    return survey()


@pytest.fixture
def plans(samples: Samples) -> list[FoldPlan]:
    return block_plans(samples, repeats=2)


@pytest.fixture
def scoring() -> Scoring:
    return Scoring("log_loss", LIMIT)


@pytest.fixture
def space() -> SearchSpace:
    return SearchSpace.from_dict({"slope": {"kind": "float", "low": -4.0, "high": 8.0}})


@pytest.fixture
def make_tuner(space: SearchSpace, scoring: Scoring) -> Callable[..., Tuner]:
    """Return what makes a tuner of `Sloped`; its default slope, -1, points the wrong way."""

    def made(
        diary: list[Any] | None = None, default: float = -1.0, tried: SearchSpace = space
    ) -> Tuner:
        def make(setting: Setting) -> Candidate:
            notes = [] if diary is None else diary
            return Candidate(lambda: Sloped(slope=setting["slope"], diary=notes))

        return Tuner(make, tried, {"slope": default}, scoring, seed=11)

    return made
