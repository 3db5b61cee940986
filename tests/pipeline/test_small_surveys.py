"""Surveys that can tell little: the run goes through, and the report says what is not known."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hotspot.cli import run_command_line
from hotspot.config.paths import Paths

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pipeline")]
TABLE = Path("data/raw/meuse/observations.csv")
QUICK = (
    "contaminants=[zn]",
    "model=gaussian_process",
    "cv.plans=[random,block]",
    "cv.repeats=1",
    "cv.rivals=[prevalence]",
    "workers=1",
    "tracking=none",
)


def _run(*overrides: str) -> tuple[dict[str, Any], str, str]:
    """Run everything; return the score ledger, the report and the card."""
    assert run_command_line(["run", *QUICK, *overrides]) == 0
    paths = Paths("meuse")
    ledger: dict[str, Any] = json.loads(paths.metrics.read_text())
    card = paths.report.parent / "card_zn.md"
    return ledger, paths.report.read_text(), card.read_text()


def _change(change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(pd.read_csv(TABLE, dtype=str, keep_default_na=False)).to_csv(TABLE, index=False)


def test_fifteen_samples_end_with_a_report(project: Path) -> None:
    """What they cannot tell of the sampling is said in the ledger, on the page and the card."""
    _change(lambda table: table[table["contaminant"] == "Zinc"].iloc[3:153:10])
    ledger, page, card = _run("explain.hotspots=0")
    told = ledger["sampling"]["zn"]
    assert told["is_preferential"] is None
    assert told["p_value"] is None
    assert "15 places are too few to tell a preference" in told["sentence"]
    assert told["sentence"] in page
    assert told["sentence"] in card


@pytest.mark.parametrize(("limit", "seen"), [("5000", "None"), ("5", "Every one")])
def test_a_limit_beside_all_samples_ends_with_a_report(
    project: Path, limit: str, seen: str
) -> None:
    """There are maps, and the page says that no explanation can be tested, and why."""
    _, page, _ = _run(f"threshold.zn={limit}", "explain.hotspots=1")
    assert f"{seen} of 155 samples with a known answer exceeds {limit} mg/kg" in page
    assert "no explanation can be tested" in page
    folder = Paths("meuse").explanations("zn")
    assert json.loads((folder / "statements.json").read_text())["statements"] == []
    assert (Paths("meuse").maps("zn") / "probability.tif").is_file()


@pytest.mark.parametrize("model", ["logistic", "gaussian_process", "ensemble"])
def test_covariates_may_all_be_classes(project: Path, model: str) -> None:
    """Without any number among the covariates a run ends with a map and its score."""
    ledger, page, _ = _run("covariates.use=[soil_type]", f"model={model}", "explain.hotspots=1")
    assert ledger["target"]["zn"][model]["n_effective"] > 0
    assert "soil_type" in page
