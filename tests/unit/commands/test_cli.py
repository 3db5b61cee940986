"""The command line in front of Hydra."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hotspot.cli import VERBS, run_command_line
from hotspot.commands.job import variant_name
from hotspot.commands.stages import STAGES
from hotspot.config.check import check_config
from hotspot.config.compose import compose
from hotspot.config.paths import Paths
from hotspot.folds.plan import FoldPlan
from hotspot.observations.table import OBSERVATION_COLUMNS
from hotspot.samples.sampleset import SAMPLE_COLUMNS


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run_command_line(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """Help names each verb, and asks for nothing."""
    code, out, _ = output(capsys, "--help")
    assert code == 0
    assert all(f"  {verb.name} " in out for verb in VERBS)


def test_every_verb_has_its_module() -> None:
    """A verb that is offered can be run."""
    import hotspot.commands

    folder = Path(hotspot.commands.__file__).parent
    assert all((folder / f"{verb.name}.py").is_file() for verb in VERBS if verb.name != "run")


def test_an_unknown_verb_fails_and_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt verb exits with an error that names the near one."""
    code, out, err = output(capsys, "predikt")
    assert code == 1
    assert not out
    assert "Did you mean 'predict'?" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "modle=logistic"], "modle: there is no such key or group. Did you mean"),
        (["run", "-m", "model=lightgbm,logistik"], "Did you mean 'logistic'"),
        (["fit", "model.n_splits=many"], "model.n_splits: "),
        (["fit", "--composed", "nowhere.yaml"], "--composed nowhere.yaml: the file cannot be"),
        (["fit", "-cn", "other"], "-cn: there is one primary configuration"),
        (["config", "chek"], "there is no such action"),
        (["ui", "port=0"], "port=0: this is no port"),
        (["thresholds", "contaminat=cd"], "Did you mean 'contaminant'"),
    ],
)
def test_mistakes_exit_non_zero_with_one_message(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """Each mistake is told once, without a trace, and nothing is run."""
    code, _, err = output(capsys, *arguments)
    assert code == 1
    assert message in err
    assert "Traceback" not in err


def test_completion_knows_verbs_and_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verbs complete while the verb is typed, groups and options after it."""

    def complete(line: str) -> str:
        environment = {"COMP_LINE": line, "COMP_POINT": str(len(line))}
        monkeypatch.setenv("COMP_LINE", line)
        command = [sys.executable, "-m", "hotspot", "-sc", "query=bash"]
        import os

        done = subprocess.run(
            command,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert complete("hotspot pre").split() == ["predict"]
    assert {"model=lightgbm", "model=logistic"} <= set(complete("hotspot run model=").split())


def test_help_imports_nothing_heavy() -> None:
    """`hotspot --help` and the listing of verbs wait for no library."""
    code = (
        "import sys; from hotspot.cli import run_command_line; run_command_line(['--help']);"
        "heavy = {'numpy', 'pandas', 'mlflow', 'hydra', 'rasterio', 'pydantic', 'sklearn'};"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "HEAVY []" in done.stdout


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_every_verb_has_help(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    """As `hotspot --help` promises; nothing is composed or run for it."""
    code, out, err = output(capsys, verb, "--help")
    assert code == 0
    assert f"hotspot {verb}" in out.splitlines()[0]
    assert not err


def test_config_alone_tells_its_use(capsys: pytest.CaptureFixture[str]) -> None:
    """Who types a verb to see what it does is shown."""
    code, out, _ = output(capsys, "config")
    assert code == 0
    assert out.startswith("usage: hotspot config show")


def test_help_of_a_stage_tells_its_work(capsys: pytest.CaptureFixture[str]) -> None:
    """What it does, reads and writes, its flags, and then the groups."""
    _, out, _ = output(capsys, "predict", "--help")
    parts = ("The maps of each", "reads   models", "writes  ", "--dry-run", "  -m ", "  model ")
    places = [out.index(part) for part in parts]
    assert places == sorted(places)
    assert "--composed FILE" in out
    assert "--dry-run" not in output(capsys, "fit", "--help")[1]


def test_help_and_the_page_on_architecture_tell_the_same(project_root: Path) -> None:
    """The files of each stage stand in the table, in the same words."""
    text = (project_root / "docs" / "architecture.md").read_text(encoding="utf-8")
    for stage in STAGES:
        row = f"| `{stage.name}` | {stage.reads} | {stage.writes} |"
        assert row in text.replace(f"`{stage.name}`", "NAME").replace("`", "").replace(
            "NAME", f"`{stage.name}`"
        )


def test_stages_tell_what_other_stages_wrote_for_them() -> None:
    """Covariates, samples, folds and models are among the reads of those that take them."""
    config, paths = check_config(compose([])), Paths("meuse")
    made = {
        "observations": paths.interim / "observations.parquet",
        "covariates": paths.covariates,
        "samples": paths.samples,
        "folds": paths.folds,
        "scores": paths.metrics,
        "models": paths.models,
        "maps": paths.all_maps,
    }
    for stage in STAGES:
        inputs = stage.inputs(config, paths)
        told = stage.reads.split(", ")
        if not told[0].startswith("all"):
            assert set(told) & set(made) == {name for name in made if made[name] in inputs}


def test_the_page_on_architecture_tells_the_columns_of_tables(project_root: Path) -> None:
    """Of observations, samples and folds, in their order."""
    page = (project_root / "docs" / "architecture.md").read_text(encoding="utf-8")
    text = " ".join(page.split())
    folds = FoldPlan("block", 0, np.array(["a", "b"]), np.array([0, 1])).to_frame()
    assert f"`observations.parquet` (GeoParquet): `{', '.join(OBSERVATION_COLUMNS)}`" in text
    assert f"`samples.parquet`: `{', '.join(SAMPLE_COLUMNS)}`" in text
    assert f"`folds.parquet`: `{', '.join(folds.columns)}`" in text


def test_a_job_is_not_named_after_what_changes_nothing() -> None:
    """Neither processes nor the tracking store are part of a sweep's names."""
    swept = "cv=random,model=logistic,tracking.uri=x,tracking=none,workers=1"
    assert variant_name("mine", swept) == "mine@cv=random,model=logistic"
    assert variant_name("mine", "++workers=1") == "mine"


def test_the_flag_of_a_sweep_may_stand_anywhere(tmp_path: Path, project_root: Path) -> None:
    """Between overrides it makes the same jobs as before them."""
    (tmp_path / "conf").symlink_to(project_root / "conf")
    command = [sys.executable, "-m", "hotspot", "compose", "seed=3", "-m"]
    done = subprocess.run(
        [*command, "model=lightgbm,logistic"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = {path.name for path in (tmp_path / "experiments").iterdir()}
    assert {f"meuse@model={kind},seed=3" for kind in ("lightgbm", "logistic")} <= made


def test_who_has_read_enough_gets_no_traceback() -> None:
    """Output into a pipe that was closed ends the program quietly, and not with 0."""
    command = [sys.executable, "-m", "hotspot", "thresholds", "regimes=true"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        told = program.stderr.read()
    assert told == ""
    assert program.returncode == 1
