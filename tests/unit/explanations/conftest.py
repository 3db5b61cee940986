"""A planted survey: industry drives zinc, rock helps, two covariates are noise."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.estimators import BoostedClassifier, FittedModel, LogisticClassifier
from hotspot.grid import Grid
from hotspot.samples.sampleset import Samples

LIMIT = 500.0


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(
        (
            Covariate("industry", "1/km2", Kind.CONTINUOUS, Role.INDUSTRY),
            Covariate("slope", "degree", Kind.CONTINUOUS, Role.TERRAIN),
            Covariate("rock", "class", Kind.CATEGORICAL, Role.GEOLOGY),
            Covariate("height", "m", Kind.CONTINUOUS, Role.TERRAIN),
        )
    )


@pytest.fixture(scope="session")
def samples() -> Samples:
    n = 240
    generator = np.random.default_rng(5)
    X = pd.DataFrame(
        {
            "industry": generator.normal(size=n),
            "slope": generator.normal(size=n),
            "rock": generator.choice([1.0, 4.0, 7.0], size=n),
            "height": generator.normal(size=n),
        }
    )
    log_zinc = 5.8 + 1.6 * X["industry"] + 1.2 * (X["rock"] == 4)
    zinc = np.exp(log_zinc + generator.normal(scale=0.5, size=n)).to_numpy()
    return Samples(
        sample_id=np.array([f"s{row}" for row in range(n)]),
        X=X,
        lower=zinc,
        upper=zinc,
        coordinates=generator.uniform(0, 10_000, size=(n, 2)),
    )


@pytest.fixture(scope="session")
def trees(samples: Samples) -> BoostedClassifier:
    return BoostedClassifier(LIMIT, ("rock",)).fit(samples.X, samples.lower, samples.upper)


@pytest.fixture(scope="session")
def line(samples: Samples) -> LogisticClassifier:
    return LogisticClassifier(LIMIT, ("rock",)).fit(samples.X, samples.lower, samples.upper)


@pytest.fixture(scope="session")
def fitted(trees: Any, catalogue: Catalogue) -> FittedModel:
    return FittedModel(
        estimator=trees,
        catalogue=catalogue,
        grid=Grid.from_region((0, 120, 0, 80), 40, "EPSG:28992"),
        contaminant="zn",
        threshold={"id": "t", "value_mg_kg": LIMIT},
    )
