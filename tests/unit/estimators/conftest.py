"""A planted survey: one strong driver, one weak, one class, and noise."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

LIMIT = 500.0


@dataclass(frozen=True)
class Survey:
    """Covariates and measured concentrations."""

    X: pd.DataFrame
    zinc: NDArray[np.float64]


def plant(n: int, seed: int = 1) -> Survey:
    generator = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "industry": generator.normal(size=n),
            "slope": generator.normal(10.0, 3.0, size=n),
            "rock": generator.choice([1.0, 4.0, 7.0], size=n),
            "noise": generator.normal(size=n),
        }
    )
    log_zinc = 1.5 * X["industry"] + 0.2 * (X["slope"] - 10) + 0.8 * (X["rock"] == 4)
    log_zinc = log_zinc + generator.normal(scale=0.7, size=n)
    return Survey(X, np.exp(log_zinc.to_numpy() + 5.3))


@pytest.fixture(scope="session")
def survey() -> Survey:
    return plant(200)
