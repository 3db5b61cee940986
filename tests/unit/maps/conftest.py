"""Small stand-ins with the interface of a fitted model and a stack of covariates."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest
from affine import Affine

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.grid import Grid

CATALOGUE = Catalogue(
    (
        Covariate("slope", "degree", Kind.CONTINUOUS, Role.TERRAIN),
        Covariate("road", "m", Kind.CONTINUOUS, Role.ROADS),
    )
)


class FakeArea:
    """Dissimilarity is the second covariate; 1 is the edge."""

    threshold_ = 1.0

    def dissimilarity(self, X):
        """Return the second covariate."""
        return X["road"].to_numpy()


@dataclass
class FakeModel:
    """P(exceed) is the first covariate, unless it is given."""

    grid: Grid
    constant: float | None = None
    catalogue: Catalogue = CATALOGUE
    contaminant: str = "zn"
    threshold: dict[str, Any] = field(
        default_factory=lambda: {
            "id": "fi-vna-zn",
            "value_mg_kg": 200.0,
            "citation": "Decree 214/2007",
        }
    )
    facts: dict[str, Any] = field(
        default_factory=lambda: {"model_id": "m1", "data_hash": "d1", "version": "0.1.0"}
    )
    applicability: FakeArea | None = field(default_factory=FakeArea)
    rows_asked: list[int] = field(default_factory=list)

    def exceedance(self, X, coordinates=None):
        """Return the first covariate, and note how many rows were asked."""
        assert coordinates is not None
        assert coordinates.shape == (len(X), 2)
        self.rows_asked.append(len(X))
        if self.constant is not None:
            return np.full(len(X), self.constant)
        return X["slope"].to_numpy()


@dataclass
class FakeStack:
    """Covariates in memory, shape (2, rows, cols)."""

    bands: np.ndarray
    grid: Grid
    catalogue: Catalogue = CATALOGUE
    fails_at: int | None = None
    calls: int = 0

    def frame(self, window):
        """Return the complete cells and their flat positions."""
        if self.fails_at is not None and self.calls == self.fails_at:
            raise KeyboardInterrupt
        self.calls += 1
        flat = self.bands[(slice(None), *window.slices)].reshape(len(self.bands), -1)
        positions = np.flatnonzero(~np.isnan(flat).any(axis=0))
        names = list(self.catalogue.names)
        return pd.DataFrame(flat[:, positions].T, columns=names), positions


@pytest.fixture
def grid() -> Grid:
    """37 by 53 cells of 25 m."""
    return Grid("EPSG:28992", Affine(25, 0, 178_000, 0, -25, 333_000), (37, 53))


@pytest.fixture
def stack(grid: Grid) -> FakeStack:
    """Random probabilities and dissimilarities with a gap in each."""
    bands = np.random.default_rng(7).uniform(0, 1, (2, *grid.shape))
    bands[1] *= 1.5
    bands[0, :3, :5] = np.nan
    bands[1, 20, 30:] = np.nan
    return FakeStack(bands, grid)


@pytest.fixture
def model(grid: Grid) -> FakeModel:
    """Make a model that repeats its covariates."""
    return FakeModel(grid)
