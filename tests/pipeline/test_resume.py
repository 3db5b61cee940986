"""`hotspot predict` killed and run again, and its dry run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hotspot.cli import run_command_line

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pipeline")]
# 35 windows of the Meuse for each contaminant, and a model that is quick to fit.
WINDOWS = "predict.window_size=16"
QUICK = (
    "contaminants=[cd,pb,zn]",
    "model=lightgbm",
    "cv.plans=[block]",
    "cv.primary=block",
    "cv.repeats=1",
    "cv.rivals=[prevalence]",
    "cv.target_weighted=false",
)

KILLED = """
import os, signal, sys
from hotspot.cli import run_command_line
from hotspot.maps.store import FinishedWindows

left, original = [int(sys.argv[1])], FinishedWindows.add

def add(self, number, layers):
    original(self, number, layers)
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

FinishedWindows.add = add
sys.exit(run_command_line(["predict", *sys.argv[2:]]))
"""


def maps(folder: Path) -> dict[str, bytes]:
    """Return every file of the maps by its place."""
    places = sorted((folder / "experiments/meuse/maps").rglob("*"))
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in places if p.is_file()}


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Path:
    """Return a project with maps that were made without an interruption."""
    folder = tmp_path_factory.mktemp("mapped")
    shutil.copytree(project_root / "conf", folder / "conf")
    shutil.copytree(project_root / "data" / "raw", folder / "data" / "raw")
    stages = ("observations", "covariates", "samples", "folds", "evaluate", "fit", "predict")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for verb in ("compose", *stages):
            assert run_command_line([verb, *QUICK]) == 0
    return folder


@pytest.fixture
def copy(mapped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of that project, without its maps."""
    for part in ("conf", "data", "models", "experiments/meuse"):
        shutil.copytree(mapped / part, tmp_path / part, copy_function=shutil.copy2)
    shutil.rmtree(tmp_path / "experiments/meuse/maps")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def killed(after: int, *words: str) -> int:
    """Run `hotspot predict` and kill it after so many windows; return its exit code."""
    command = [sys.executable, "-c", KILLED, str(after), *QUICK, WINDOWS, *words]
    return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SIGKILL is of POSIX")
def test_killed_predict_goes_on_and_ends_with_the_same_bytes(
    copy: Path, mapped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed in the second and the third map, the maps are those of one run."""
    assert killed(50) == -9
    assert (copy / "experiments/meuse/.work/pb/journal").is_file()
    assert killed(40) == -9
    assert run_command_line(["predict", *QUICK, WINDOWS]) == 0
    told = capsys.readouterr().err
    assert "cd: complete since an earlier attempt" in told
    assert "pb: complete since an earlier attempt" in told
    assert "zn: going on with a map: 20 of 35 windows are done" in told
    assert maps(copy) == maps(mapped)
    assert not (copy / "experiments/meuse/.work").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SIGKILL is of POSIX")
def test_other_covariates_start_afresh_and_say_so(
    copy: Path, mapped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Covariates written anew after the kill are not mixed with those of before."""
    assert killed(10, "predict.compute.threads=1") == -9
    raster = next((copy / "data/interim/meuse/covariates").glob("*.tif"))
    os.utime(raster, ns=(1, 1))
    assert run_command_line(["predict", *QUICK, WINDOWS]) == 0
    told = capsys.readouterr().err
    assert "starting afresh" in told
    assert "has changed: covariates" in told
    assert maps(copy) == maps(mapped)


@pytest.mark.parametrize("kind", ["local", "dask"])
def test_who_computes_changes_no_byte(copy: Path, mapped: Path, kind: str) -> None:
    """One window after the other, or worker processes: the maps are those of threads."""
    asked = [f"predict.compute.kind={kind}", "predict.compute.workers=1"]
    assert run_command_line(["predict", *QUICK, WINDOWS, *asked]) == 0
    assert maps(copy) == maps(mapped)


def test_a_dry_run_tells_and_writes_nothing(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Windows, bytes, time and memory are told; not a file is made or changed."""

    def state() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in copy.rglob("*")}

    before = state()
    assert run_command_line(["predict", "--dry-run", *QUICK, WINDOWS]) == 0
    told = capsys.readouterr().err
    assert "zn: 0.00811 million cells in 35 windows, 3 of them computed" in told
    for word in ("reads", "writes", "takes", "memory", "Nothing was written."):
        assert word in told
    assert state() == before


def test_other_verbs_have_no_dry_run(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A flag that would be ignored is refused instead."""
    assert run_command_line(["fit", "--dry-run"]) == 1
    assert "hotspot predict --dry-run" in capsys.readouterr().err
