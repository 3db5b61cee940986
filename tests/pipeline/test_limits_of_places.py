"""A run whose limit depends on the place: lead on the Meuse by classes of soil.

Two of its three classes of soil are given a land use; the third has no limit.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hotspot.cli import run_command_line
from hotspot.config.paths import Paths
from hotspot.estimators.store import load_model
from hotspot.maps.read import read_layer
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.observations.limits.rules import LimitRule
from hotspot.rasters import open_raster

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pipeline")]

OF_SOIL = {1.0: 70.0, 2.0: 600.0, 3.0: np.nan}
RULE = "{registry: CA, land_use: soil_type, classes: {1: agricultural, 2: industrial}}"
ASKED = [
    "name=places",
    "contaminants=[pb]",
    "model=logistic",
    "cv.plans=[block]",
    "cv.primary=block",
    "cv.n_splits=3",
    "cv.repeats=1",
    "cv.rivals=[regression_kriging,prevalence]",
    "cv.target_weighted=false",
    "workers=1",
    "predict.layers=[probability,dissimilarity,decision]",
    "~threshold.pb",
    f"+threshold.pb={RULE}",
]


@pytest.fixture(scope="module")
def places(
    tmp_path_factory: pytest.TempPathFactory, new_project: Callable[[Path], Path]
) -> Paths:
    """Return a project whose maps of lead are made."""
    folder = new_project(tmp_path_factory.mktemp("places"))
    before = Path.cwd()
    os.chdir(folder)
    try:
        stages = ("compose", "observations", "covariates", "samples", "folds")
        for stage in (*stages, "evaluate", "fit", "predict"):
            assert run_command_line([stage, *ASKED]) == 0
    finally:
        os.chdir(before)
    return Paths("places", folder)


def test_every_cell_is_asked_about_its_own_limit(places: Paths) -> None:
    """The map of limits is that of the classes; without one nobody can say."""
    soil, _ = read_layer(places.covariates / "soil_type.tif")
    maps = {
        name: read_layer(places.maps("pb") / f"{name}.tif")[0]
        for name in ("limit", "probability", "decision")
    }
    for code, limit in OF_SOIL.items():
        cells = soil == code
        assert cells.any()
        np.testing.assert_array_equal(maps["limit"][cells], np.float32(limit))
    unknown = soil == 3
    assert np.isnan(maps["probability"][unknown]).all()
    assert set(np.unique(maps["decision"][unknown])) == {2}
    # Lead of the flood plain lies between both limits at most places.
    assert np.mean(maps["probability"][soil == 1]) > 0.75
    assert np.mean(maps["probability"][soil == 2]) < 0.25


def test_samples_are_judged_by_the_limit_of_their_cell(places: Paths) -> None:
    """In the predictions of all models, direct classifiers included, and in the prevalence."""
    samples = pd.read_parquet(places.samples).query("contaminant == 'pb'")
    limits = samples["soil_type"].map(OF_SOIL).to_numpy(dtype=np.float64)
    labels = exceedance_labels(
        samples["lower_mg_kg"].to_numpy(), samples["upper_mg_kg"].to_numpy(), limits
    )
    expected = pd.Series(labels, index=samples["sample_id"])
    table = pd.read_parquet(places.evaluation / "out_of_fold.parquet")
    for _, rows in table.groupby("model"):
        np.testing.assert_array_equal(rows["label"], expected[rows["sample_id"]])
        assert rows["probability"].isna().sum() == np.isnan(limits).sum()
    scores = json.loads(places.metrics.read_text())["pb"]
    for model in ("regression_kriging", "logistic"):
        assert scores[model]["block"]["auc"]["mean"] > 0.9
    facts = load_model(places.model("pb")).facts
    assert facts["n_unknown"] == np.isnan(labels).sum() == 12
    assert facts["prevalence"] == pytest.approx(np.nanmean(labels))


def test_products_say_which_rule_made_them(places: Paths) -> None:
    """Tags, item, polygons and card; the rule comes back whole from a raster."""
    with open_raster(places.maps("pb") / "probability.tif") as dataset:
        tags = dataset.tags()
    rule = LimitRule.from_dict(json.loads(tags["threshold_rule"]))
    assert (tags["threshold_id"], tags["threshold_value"]) == ("CA.pb", "by place")
    np.testing.assert_array_equal(
        rule.values(pd.DataFrame({"soil_type": list(OF_SOIL)})), list(OF_SOIL.values())
    )
    item = json.loads((places.maps("pb") / "item.json").read_text())
    assert item["properties"]["hotspot:threshold_rule"]["id"] == "CA.pb"
    assert "limit" in item["assets"]
    card = (places.model("pb") / "card.md").read_text()
    assert "Lead above the limit of its place" in card
    assert "ca\\_ccme2007\\_pb\\_s\\_agr\\_gl\\_1" in card
    assert "12, the limit of their place is not known" in card


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("{registry: CA, land_use: landuse, classes: {1: agricultural}}", "depends on landuse"),
        ("{rule: cn_farmland_control}", "is not known: ph"),
    ],
)
def test_a_limit_that_cannot_be_is_told_before_the_first_stage(
    project: Path, capsys: pytest.CaptureFixture[str], limit: str, said: str
) -> None:
    """And nothing is written."""
    asked = [*ASKED[:-1], f"+threshold.pb={limit}"]
    assert run_command_line(["run", *asked]) == 1
    assert said in capsys.readouterr().err
    assert not (project / "experiments").exists()
