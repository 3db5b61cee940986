"""A run whose samples were taken where soil looked bad: the map allows for it and says so."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hotspot.cli import run_command_line
from hotspot.config.paths import Paths
from hotspot.covariates.stack import open_stack
from hotspot.estimators.store import load_model
from hotspot.maps.read import read_layer
from hotspot.rasters import open_raster
from hotspot.samples.store import read_samples

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pipeline")]

WORLD = ["name=preferred", "seed=5001", "n_samples=200", "design=preferential", "shape=50,50"]
ASKED = [
    "experiment=preferred",
    "model=gaussian_process",
    "cv.plans=[random]",
    "cv.primary=random",
    "cv.n_splits=3",
    "cv.repeats=1",
    "cv.rivals=[prevalence]",
    "workers=1",
    "weights=declustered",
    "predict.layers=[probability,dissimilarity,decision]",
]


@pytest.fixture(scope="module")
def preferred(
    tmp_path_factory: pytest.TempPathFactory, new_project: Callable[[Path], Path]
) -> Paths:
    """Return a project whose map of preferred samples is made."""
    folder = new_project(tmp_path_factory.mktemp("preferred"))
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert run_command_line(["world", *WORLD]) == 0
        stages = ("compose", "observations", "covariates", "samples", "folds")
        for stage in (*stages, "evaluate", "fit", "predict"):
            assert run_command_line([stage, *ASKED]) == 0
    finally:
        os.chdir(before)
    return Paths("preferred", folder)


def test_the_map_is_moved_by_what_the_scores_found(preferred: Paths) -> None:
    """Ledger, model, raster and card say the same slope; in the gaps the map says less."""
    ledger = json.loads(preferred.metrics.read_text())
    ((contaminant, found),) = ledger["sampling"].items()
    assert found["is_preferential"]
    assert 0 < found["correction"] < found["preference"]
    model = load_model(preferred.models / contaminant)
    assert model.facts["preference"] == found["correction"]
    assert model.estimator.preference_ == found["correction"]
    assert "denser" in found["sentence"]
    assert (
        "the map is corrected for that"
        in (preferred.models / contaminant / "card.md").read_text()
    )
    path = preferred.maps(contaminant) / "probability.tif"
    with open_raster(path) as raster:
        assert float(raster.tags()["preference"]) == found["correction"]
        grid_shape = raster.shape
    told, grid = read_layer(path)
    with open_stack(preferred.covariates) as stack:
        rows, cols = np.nonzero(np.isfinite(told))
        places = grid.centres(rows, cols)
        X = stack.sample(places)
    assert told.shape == grid_shape
    limit = model.threshold["value_mg_kg"]
    own = model.estimator.exceedance(X, limit, coordinates=places)
    plain = model.estimator.against_preference(0.0).exceedance(X, limit, coordinates=places)
    assert told[rows, cols] == pytest.approx(own, abs=1e-3)
    assert (own <= plain).all()
    assert own.mean() < 0.97 * plain.mean()


def test_crowded_samples_count_less_where_that_is_asked(preferred: Paths) -> None:
    """Weights are a column of the samples, of mean 1, and least where samples are dense."""
    with open_stack(preferred.covariates) as stack:
        samples = read_samples(preferred.samples, stack.catalogue)
    chosen = samples.of(samples.contaminants[0])
    assert chosen.weight is not None
    assert chosen.weight.mean() == pytest.approx(1.0)
    away = np.linalg.norm(chosen.coordinates[:, None] - chosen.coordinates, axis=2)
    np.fill_diagonal(away, np.inf)
    ranks = pd.DataFrame({"gap": away.min(axis=1), "weight": chosen.weight}).rank()
    assert ranks.corr().loc["gap", "weight"] > 0.3
