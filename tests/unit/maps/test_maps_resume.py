"""An interrupted map goes on where it stopped, and ends with the same bytes."""

import os
import subprocess
import sys

import numpy as np
import pytest

from hotspot.errors import OutputError
from hotspot.maps.decision import DecisionRule
from hotspot.maps.predict import MapOptions, predict_stack
from hotspot.maps.read import read_layer
from hotspot.maps.store import Work
from hotspot.rasters import open_raster

RULE = DecisionRule()
LAYERS = ("probability", "dissimilarity", "decision")
N_WINDOWS = 12


def _map(model, stack, folder, work=None, **options):
    told = []
    options = {"tell": told.append, "work": work, **options}
    paths = predict_stack(
        model,
        stack,
        folder,
        layers=LAYERS,
        rule=options.pop("rule", RULE),
        window_size=16,
        options=MapOptions(**options),
    )
    return {name: path.read_bytes() for name, path in paths.items()}, told


@pytest.fixture
def whole(model, stack, tmp_path):
    """Return the files of an uninterrupted map."""
    found, _ = _map(model, stack, tmp_path / "whole")
    stack.calls = 0
    return found


@pytest.mark.parametrize("stop", [0, 1, 5, 11])
@pytest.mark.parametrize("threads", [1, 3])
def test_an_interrupted_map_ends_with_the_same_bytes(
    model, stack, tmp_path, whole, stop, threads
):
    """Stopped at any window, the second attempt does what is missing and no more."""
    work = Work(tmp_path / "work", {"model": "m"})
    stack.fails_at = stop
    with pytest.raises(KeyboardInterrupt):
        _map(model, stack, tmp_path / "map", work, threads=threads)
    assert not (tmp_path / "map").exists()
    stack.fails_at, stack.calls = None, 0
    found, told = _map(model, stack, tmp_path / "map", work, threads=threads)
    assert found == whole
    # Windows that were read ahead when the program stopped were not finished.
    assert N_WINDOWS - stop <= stack.calls <= N_WINDOWS
    done = N_WINDOWS - stack.calls
    assert told == ([f"going on with a map: {done} of 12 windows are done"] if done else [])
    assert stack.calls <= N_WINDOWS - max(0, stop - threads - 2)


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_change_no_byte(model, stack, tmp_path, whole, threads):
    """However many threads, the files are the same."""
    assert _map(model, stack, tmp_path / "map", threads=threads)[0] == whole


def test_a_map_that_only_lacks_its_rasters_reads_nothing_again(model, stack, tmp_path, whole):
    """With every window finished, neither covariates nor model are asked."""
    work = Work(tmp_path / "work", {"model": "m"})
    assert _map(model, stack, tmp_path / "one", work)[0] == whole
    stack.calls = 0
    model.constant = 0.123
    assert _map(model, stack, tmp_path / "two", work)[0] == whole
    assert stack.calls == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"work": {"model": "other"}}, "model"),
        ({"work": {"model": "m", "covariates": "c"}}, "covariates"),
        ({"rule": DecisionRule(above=0.7)}, "decision"),
        ({"encoding": "compact"}, "encoding"),
    ],
)
def test_any_change_starts_afresh_and_says_why(model, stack, tmp_path, change, reason):
    """Finished windows of other inputs are never mixed in."""
    _map(model, stack, tmp_path / "map", Work(tmp_path / "work", {"model": "m"}))
    stack.calls = 0
    depends = change.pop("work", {"model": "m"})
    _, told = _map(model, stack, tmp_path / "map", Work(tmp_path / "work", depends), **change)
    assert stack.calls == N_WINDOWS
    assert told == [
        "starting afresh instead of going on with a map: what they depend on has changed: "
        + reason
    ]


def test_another_window_grid_starts_afresh(model, stack, tmp_path, whole):
    """Windows of another size do not fit, and the map is the same all the same."""
    work = Work(tmp_path / "work", {"model": "m"})
    predict_stack(
        model,
        stack,
        tmp_path / "map",
        layers=LAYERS,
        rule=RULE,
        window_size=20,
        options=MapOptions(work=work),
    )
    found, told = _map(model, stack, tmp_path / "map", work)
    assert "windows" in told[0]
    assert found == whole


def test_progress_begins_where_the_last_attempt_stopped(model, stack, tmp_path):
    """The first step told is the number of windows that are done."""
    work = Work(tmp_path / "work")
    stack.fails_at = 4
    with pytest.raises(KeyboardInterrupt):
        _map(model, stack, tmp_path / "map", work)
    stack.fails_at = None
    steps = []
    predict_stack(
        model,
        stack,
        tmp_path / "map",
        layers=LAYERS,
        rule=RULE,
        window_size=16,
        options=MapOptions(work=work),
        progress=lambda done, total: steps.append(done),
    )
    assert steps == list(range(steps[0], N_WINDOWS + 1))
    assert 1 <= steps[0] <= 4


def test_a_disk_without_room_is_refused_before_any_window(model, stack, tmp_path, monkeypatch):
    """Nothing is read, and nothing is left, where the map cannot fit."""
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10}))
    with pytest.raises(OutputError, match=r"needs about .* are free\. Free space"):
        _map(model, stack, tmp_path / "map")
    assert stack.calls == 0
    assert not (tmp_path / "map").exists()


def test_compact_probabilities_are_rounded_to_ten_thousandths(model, stack, tmp_path):
    """Two bytes a cell, read back as numbers, with the loss that the file states."""
    _map(model, stack, tmp_path / "map", encoding="compact")
    path = tmp_path / "map" / "probability.tif"
    with open_raster(path) as dataset:
        assert dataset.dtypes == ("uint16",)
        assert dataset.scales == (1e-4,)
        assert dataset.nodata == 65535
        assert "at most 5e-05" in dataset.tags()["encoding"]
    found, _ = read_layer(path)
    missing = np.isnan(stack.bands).any(axis=0)
    np.testing.assert_array_equal(np.isnan(found), missing)
    assert np.abs(found - stack.bands[0])[~missing].max() <= 5e-5 + 1e-7
    exact, _ = read_layer(tmp_path / "map" / "dissimilarity.tif")
    np.testing.assert_array_equal(exact[~missing], stack.bands[1][~missing].astype("f4"))


def test_a_compact_probability_gives_the_compact_decision(model, stack, tmp_path):
    """What rounds up to the cut is stored at the cut, so it is above, too."""
    stack.bands[0, 10:20] = 0.79996
    stack.bands[1, 10:20] = 0.5
    _map(model, stack, tmp_path / "map", encoding="compact")
    probability, _ = read_layer(tmp_path / "map" / "probability.tif")
    decision, _ = read_layer(tmp_path / "map" / "decision.tif")
    assert set(probability[12]) == {np.float32(0.8)}
    assert set(decision[12]) == {1}


CHAOS = """
import os, signal, sys
from pathlib import Path
import numpy as np, pandas as pd, pyarrow
from affine import Affine
sys.path.insert(0, sys.argv[1])
from conftest import FakeModel, FakeStack
import hotspot.maps.store, hotspot.rasters
from hotspot.grid import Grid
from hotspot.maps.decision import DecisionRule
from hotspot.maps.predict import MapOptions, predict_stack
from hotspot.maps.store import Work

countdown = [0]

def counted(original):
    def call(*arguments, **named):
        countdown[0] -= 1
        if countdown[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)
    return call

# Before each of these the program may die: when data or journal go to the disk, when a raster
# is written, and when files get their names.
os.fsync = counted(os.fsync)
hotspot.maps.store.pack = counted(hotspot.maps.store.pack)
hotspot.rasters.CogWriter.write = counted(hotspot.rasters.CogWriter.write)
Path.replace = counted(Path.replace)

grid = Grid("EPSG:28992", Affine(25, 0, 178_000, 0, -25, 333_000), (60, 70))
bands = np.random.default_rng(7).uniform(0, 1, (2, *grid.shape))
bands[0, :30, :9] = np.nan
# A process of its own for each attempt, which shares the imports of this one.
for moment in map(int, sys.argv[3:]):
    child = os.fork()
    if not child:
        countdown[0] = moment
        predict_stack(
            FakeModel(grid), FakeStack(bands, grid), Path(sys.argv[2]) / "map",
            layers=("probability", "dissimilarity", "decision"), rule=DecisionRule(),
            window_size=16,
            options=MapOptions(threads=2, work=Work(Path(sys.argv[2]) / "work", {"a": "b"})),
        )
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def _attempts(folder, project_root, moments):
    """Make a map in one attempt per moment, dying there; return the exit codes."""
    here = project_root / "tests" / "unit" / "maps"
    words = [str(here), str(folder), *map(str, moments)]
    done = subprocess.run(
        [sys.executable, "-c", CHAOS, *words], capture_output=True, check=True, timeout=120
    )
    return [int(line) for line in done.stdout.split()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SIGKILL and fork are of POSIX")
def test_killed_again_and_again_the_map_is_the_same(tmp_path, project_root):
    """SIGKILL at seeded moments, each followed by a fresh attempt, changes no byte."""
    assert _attempts(tmp_path / "whole", project_root, [0]) == [0]
    # Seven calls a window of twenty, then 60 of writing and 6 of renaming: the last moments
    # fall there, whatever was finished before.
    early = np.random.default_rng(20).integers(1, 50, 8)
    moments = [1, 2, *early, 31, 62, 64, 66]
    codes = _attempts(tmp_path / "killed", project_root, [*moments, 0])
    assert codes == [-9] * len(moments) + [0]
    whole, killed = (
        {path.name: path.read_bytes() for path in (tmp_path / part / "map").glob("*.tif")}
        for part in ("whole", "killed")
    )
    assert len(whole) == 3
    assert killed == whole
