"""What MLflow remembers of a run."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotspot.covariates.stack import open_stack
from hotspot.grid import Window
from hotspot.maps.read import read_layer
from hotspot.tracking.mlflow_tracker import MlflowTracker, import_mlflow
from hotspot.tracking.record import RunRecord

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pipeline")]


@pytest.fixture
def store(in_finished: Path) -> Any:
    """Return mlflow, pointed at the store of the finished run."""
    mlflow = import_mlflow()
    uri = f"sqlite:///{in_finished / 'experiments' / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    return mlflow


def runs(mlflow: Any) -> dict[str, Any]:
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name("meuse")
    return {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}


def test_a_run_and_a_child_per_contaminant(store: Any) -> None:
    """The run carries scores per plan; each child its limit, data set and model."""
    found = runs(store)
    assert set(found) == {"meuse", "meuse/cd", "meuse/cu", "meuse/pb", "meuse/zn"}
    child = found["meuse/zn"]
    assert child.data.params["threshold_id"] == "eu_86-278_zn_s_agr_mp_2"
    assert child.data.params["model.kind"] == "ensemble"
    wanted = {"ensemble.block.log_loss", "lightgbm.knndm.auc", "prevalence.knndm.brier"}
    assert wanted <= set(child.data.metrics)
    assert child.data.tags["mlflow.parentRunId"] == found["meuse"].info.run_id
    dataset = child.inputs.dataset_inputs[0].dataset
    assert dataset.name == "meuse-zn"
    assert child.data.tags["hotspot.data_hash"].startswith(dataset.digest)


def test_artefacts(store: Any) -> None:
    """The composed configuration, the scores and the report hang on the run."""
    client = store.MlflowClient()
    run = runs(store)["meuse"]
    names = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert {"config.yaml", "metrics.json", "report", "evaluation"} <= names
    report = {item.path for item in client.list_artifacts(run.info.run_id, "report")}
    assert "report/report.html" in report
    child = runs(store)["meuse/zn"]
    figures = {item.path for item in client.list_artifacts(child.info.run_id, "figures")}
    assert "figures/zn_probability.png" in figures


def test_the_registered_model_gives_the_map(store: Any, in_finished: Path) -> None:
    """`models:/…@current` through pyfunc predicts what the raster holds."""
    model = store.pyfunc.load_model("models:/hotspot-meuse-zn@current")
    assert model.metadata.get_input_schema() is not None
    assert model.metadata.saved_input_example_info is not None
    probability, grid = read_layer(in_finished / "experiments/meuse/maps/zn/probability.tif")
    with open_stack(in_finished / "data/interim/meuse/covariates") as stack:
        frame, positions = stack.frame(Window(0, 0, *grid.shape))
    places = grid.centres(*np.divmod(positions, grid.shape[1]))
    predicted = model.predict(frame.assign(easting=places[:, 0], northing=places[:, 1]))
    np.testing.assert_array_equal(
        np.asarray(predicted).astype(np.float32), probability.ravel()[positions]
    )


def test_the_python_of_the_readme_runs_after_a_run(
    store: Any, in_finished: Path, project_root: Path
) -> None:
    """The registered and the saved model, asked as the page shows, say the same."""
    text = (project_root / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    samples = pd.read_parquet("data/processed/meuse/samples.parquet")
    table = samples[samples["contaminant"] == "zn"].head(5)
    with open_stack(Path("data/interim/meuse/covariates")) as stack:
        covariates = table[list(stack.catalogue.names)]
    places = table[["easting", "northing"]]
    names = {
        "table": covariates.join(places),
        "covariates": covariates,
        "coordinates": places.to_numpy(),
    }
    for name in ("registered = ", "saved = "):
        (code,) = [block for block in blocks if name in block]
        exec(code, names)  # noqa: S102
    saved: Any = names["saved"]
    registered: Any = names["registered"]
    np.testing.assert_array_equal(
        registered.predict(names["table"]), saved.exceedance(covariates, names["coordinates"])
    )


def test_the_logged_model_holds_no_code(store: Any, in_finished: Path) -> None:
    """Neither a pickle nor a Python file lies in the model's folder."""
    folder = Path(store.artifacts.download_artifacts("models:/hotspot-meuse-zn@current"))
    names = [path.name for path in folder.rglob("*") if path.is_file()]
    assert "manifest.json" in names
    assert not [name for name in names if name.endswith((".py", ".pkl", ".pickle", ".joblib"))]


_JOB = """
import sys
from pathlib import Path
from hotspot.tracking.mlflow_tracker import MlflowTracker
from hotspot.tracking.record import RunRecord
tracker = MlflowTracker("sqlite:///experiments/mlflow.db", root=Path(sys.argv[1]))
record = RunRecord(name=sys.argv[2], metrics={"a": 1.0}, tags={"hotspot.run": sys.argv[2]})
print(tracker.log("together", record))
"""


def test_two_jobs_on_an_empty_store(tmp_path: Path) -> None:
    """Both succeed: the store and the experiment are made by one of them."""
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", _JOB, str(tmp_path), name],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        for name in ("one", "two")
    ]
    done = [job.communicate(timeout=200) for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], [err[-2000:] for _, err in done]
    tracker = MlflowTracker("sqlite:///experiments/mlflow.db", root=tmp_path)
    found = [tracker.find("together", name) for name in ("one", "two")]
    assert found == [out.split()[-1] for out, _ in done]
    assert tracker.find("together", "three") is None


def test_an_interrupted_run_does_not_count(tmp_path: Path) -> None:
    """A run that failed while it was logged is not taken for a finished one."""
    tracker = MlflowTracker("sqlite:///experiments/mlflow.db", root=tmp_path)
    missing = tmp_path / "missing.json"
    record = RunRecord(name="half", tags={"hotspot.run": "abc"}, artifacts=((missing, ""),))
    with pytest.raises(OSError, match="missing"):
        tracker.log("halves", record)
    assert tracker.find("halves", "abc") is None


def test_metrics_equal_the_ledger(store: Any, metrics: dict[str, Any]) -> None:
    """What MLflow shows is what metrics.json says."""
    logged = runs(store)["meuse/pb"].data.metrics
    for plan, scores in metrics["pb"]["ensemble"].items():
        for score, value in scores.items():
            if value["mean"] is not None:
                assert logged[f"ensemble.{plan}.{score}"] == pytest.approx(value["mean"])
