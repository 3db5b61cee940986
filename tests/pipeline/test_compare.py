"""`hotspot compare` on runs of a small simulated region, with planted differences."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio

from hotspot.cli import run_command_line
from hotspot.config.paths import Paths

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pipeline")]

STAGES = (
    "compose",
    "observations",
    "covariates",
    "samples",
    "folds",
    "evaluate",
    "fit",
    "predict",
)
QUICK = (
    "experiment=small",
    "cv.rivals=[prevalence]",
    "cv.plans=[block]",
    "cv.repeats=1",
    "cv.target_weighted=false",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Path:
    """Return a project with three runs of one region: usual, another limit, a classifier."""
    folder = tmp_path_factory.mktemp("compared")
    shutil.copytree(project_root / "conf", folder / "conf")
    before = Path.cwd()
    os.chdir(folder)
    try:
        world = ["world", "name=small", "seed=5", "shape=40,40", "n_samples=80"]
        assert run_command_line([*world, "limit_mg_kg=120"]) == 0
        for name, *changes in (
            ("usual", "model=gaussian_process"),
            ("stricter", "model=gaussian_process", "threshold.pb=90", *_rule(0.7)),
            ("direct", "model=logistic", "threshold.pb=90"),
        ):
            for stage in STAGES:
                assert run_command_line([stage, *QUICK, f"name={name}", *changes]) == 0
    finally:
        os.chdir(before)
    return folder


def _rule(above: float) -> list[str]:
    return ["predict.decision.rule=cuts", f"predict.decision.above={above}"]


@pytest.fixture
def project(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of the finished runs, which a test may spoil."""
    shutil.copytree(runs, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def copy_run(name: str, copy: str) -> Paths:
    """Copy a run under another name."""
    one, two = Paths(name), Paths(copy)
    for source, target in (
        (one.experiment, two.experiment),
        (one.models, two.models),
        (one.interim, two.interim),
        (one.processed, two.processed),
    ):
        shutil.copytree(source, target)
    return two


def compared(first: str, second: str) -> dict[str, Any]:
    """Run the command and return comparison.json."""
    assert run_command_line(["compare", first, second]) == 0
    folder = Path("experiments") / "comparisons" / f"{first}__{second}"
    found: dict[str, Any] = json.loads((folder / "comparison.json").read_text())
    return found


def test_a_run_and_its_copy_have_no_difference(project: Path) -> None:
    """Scores, probabilities, decisions and hotspots are the same, to the last digit."""
    copy_run("usual", "copy")
    found = compared("usual", "copy")["contaminants"]["pb"]
    assert found["answer"].startswith("No difference could be told")
    assert {each["difference"]["mean"] for each in found["scores"]} == {0.0}
    assert {each["difference"]["se"] for each in found["scores"]} == {0.0}
    assert set(found["map"]["probability"].values()) == {0.0}
    assert found["map"]["decision_changed_km2"] == 0.0
    assert (found["hotspots"]["lost"], found["hotspots"]["gained"]) == (0, 0)
    assert found["causes"]["steps"] == []


def test_permuted_predictions_lose(project: Path) -> None:
    """A copy whose predictions went to the wrong samples is worse, beyond the interval."""
    paths = copy_run("usual", "spoilt")
    file = paths.evaluation / "out_of_fold.parquet"
    table = pd.read_parquet(file)
    rows = np.flatnonzero(table["model"] == "gaussian_process")
    shuffled = np.random.default_rng(1).permutation(table["probability"].to_numpy()[rows])
    table.loc[rows, "probability"] = shuffled
    table.sample(frac=1.0, random_state=2).to_parquet(file, index=False)
    found = compared("usual", "spoilt")["contaminants"]["pb"]
    assert found["answer"].startswith("usual is better than spoilt")
    log_loss = found["scores"][0]
    assert log_loss["interval_95"][0] > 0
    assert log_loss["better"] == "first"


def test_limit_and_rule_make_all_of_a_planted_difference(project: Path) -> None:
    """Where only limit and rule differ, both steps make the whole, and nothing remains."""
    found = compared("usual", "stricter")["contaminants"]["pb"]
    steps = {step["cause"]: step for step in found["causes"]["steps"]}
    assert {"decision rule", "limit"} <= set(steps)
    assert "model" not in steps
    assert "data" not in steps
    assert steps["limit"]["probability"] == pytest.approx(
        found["map"]["probability"]["mean"], abs=1e-6
    )
    crossed = found["map"]["decisions_km2"]
    gained = sum(crossed[code]["above"] for code in crossed) - sum(crossed["above"].values())
    area = found["map"]["area_km2"]
    assert sum(step["above"] for step in steps.values()) * area == pytest.approx(gained)
    assert not [each for each in found["scores"] if each["score"] == "log_loss"]
    assert any("different limits, 120 and 90 mg/kg" in note for note in found["notes"])


def test_decisions_sum_to_the_mapped_area(project: Path) -> None:
    """The table of decisions holds every cell of the region once: 40 x 40 cells of 1 ha."""
    found = compared("usual", "direct")["contaminants"]["pb"]["map"]
    total = sum(sum(row.values()) for row in found["decisions_km2"].values())
    assert total == pytest.approx(found["area_km2"])
    assert total == pytest.approx(16.0)


def test_the_limit_is_told_by_whichever_model_answers_for_both(project: Path) -> None:
    """A classifier knows one limit; the other model then tells what the limit does, last."""
    found = compared("direct", "usual")["contaminants"]["pb"]
    causes = [step["cause"] for step in found["causes"]["steps"]]
    assert causes[-2:] == ["model", "limit"]
    assert any("The limit comes last, by the model of B" in each for each in found["notes"])
    # A higher limit is exceeded less often, everywhere.
    limit = found["causes"]["steps"][-1]
    assert limit["probability"] == pytest.approx(-limit["probability_absolute"])


def test_a_map_of_another_model_is_not_split(project: Path) -> None:
    """A map that its saved model and rule did not make is told, not explained."""
    paths = copy_run("usual", "mixed")
    with rasterio.open(
        paths.maps("pb") / "decision.tif", "r+", IGNORE_COG_LAYOUT_BREAK="YES"
    ) as file:
        file.update_tags(decision_above="0.55")
    found = compared("usual", "mixed")["contaminants"]["pb"]
    assert found["causes"]["steps"] == []
    assert any("not those of its saved model and rule" in each for each in found["notes"])


def test_the_same_runs_give_the_same_bytes(project: Path) -> None:
    """Both files are the same when they are made again, and the page needs no other file."""
    contents = []
    for _ in range(2):
        compared("usual", "direct")
        folder = project / "experiments" / "comparisons" / "usual__direct"
        contents.append([path.read_bytes() for path in sorted(folder.iterdir())])
    assert contents[0] == contents[1]
    page = contents[0][0].decode()
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "usual and direct" in page


def test_the_terminal_says_what_was_found(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings, scores, decisions and causes are printed, and where the page lies."""
    compared("usual", "stricter")
    told = capsys.readouterr().out
    assert "predict.decision.above" in told
    assert "What makes the difference of the maps, on all cells" in told
    assert "experiments/comparisons/usual__stricter/comparison.html" in told
