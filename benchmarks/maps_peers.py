"""A whole program that makes one map: `hotspot` against Pyspatialml.

Run from the root of the project, with the Python of an environment that holds Pyspatialml and
LightGBM (``pip install pyspatialml lightgbm`` in a virtual environment of its own)::

    nice python benchmarks/maps_peers.py --peer PATH/bin/python --size 4096

Both start as a process, open the same rasters and the same trees, write the probability of
every cell, and end. Told is the CPU time of the processes, in turn, and whether the maps agree.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from make_stack import make_stack
from maps import busy_loops, fit, make_map, ratio

from hotspot.covariates.stack import open_stack

PEER = """
import sys
import lightgbm, numpy as np
from pyspatialml import Raster

class Trees:
    classes_ = np.array([0, 1])

    def __init__(self, path):
        self.booster = lightgbm.Booster(model_file=path)

    def predict_proba(self, X):
        chance = self.booster.predict(np.asarray(X), num_threads=1)
        return np.column_stack([1 - chance, chance])

folder, target, names = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
stack = Raster([f"{folder}/stack/{name}.tif" for name in names])
stack.predict_proba(Trees(f"{folder}/model/booster.txt"), file_path=target, progress=False)
"""


def cpu_of_children() -> float:
    """Return the CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(command: list[str]) -> tuple[float, float]:
    """Run a process; return its CPU seconds and peak memory in MB."""
    before = cpu_of_children()
    quiet = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    subprocess.run(command, check=True, env=quiet, stdout=subprocess.DEVNULL)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return cpu_of_children() - before, peak


def main() -> None:
    """Print the comparison, or make the map of this side."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--peer", help="Python with Pyspatialml")
    parser.add_argument("--size", type=int, default=4096, help="cells along a side")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--own", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.own:
        make_map(Path(given.own[0]), Path(given.own[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_stack(folder / "stack", (given.size, given.size))
        with open_stack(folder / "stack") as stack:
            fit(stack, 400, folder / "model")
            names = ",".join(stack.catalogue.names)
        booster = next((folder / "model").glob("*.txt"))
        (folder / "model" / "booster.txt").write_bytes(booster.read_bytes())
        theirs, ours = [], []
        for number in range(given.repeats):
            target = folder / f"map_{number}"
            own = [sys.executable, __file__, "--own", str(folder), str(target)]
            ours.append(timed(own)[0])
            peer = [given.peer, "-c", PEER, str(folder), f"{target}.tif", names]
            theirs.append(timed(peer)[0])
        with (
            rasterio.open(target / "probability.tif") as mine,
            rasterio.open(f"{target}.tif") as other,
        ):
            a, b = mine.read(1), other.read(other.count, masked=True).filled(np.nan)
        both = ~np.isnan(a) & ~np.isnan(b)
        off = float(np.abs(a[both] - b[both]).max())
        alone = float((np.isnan(a) != np.isnan(b)).mean())
    cells = given.size**2 / 1e6
    words = " ".join(sys.argv[1:]).replace(str(given.peer), "PYTHON")
    print(
        f"Made by `nice python benchmarks/maps_peers.py {words}`: {cells:.1f} million cells, 16"
    )
    print("covariates, 400 trees, one thread, whole processes from start to end.\n")
    print("| program | CPU s | CPU ratio (range) |\n| --- | --- | --- |")
    print(f"| Pyspatialml `predict_proba` | {np.median(theirs):.1f} | 1 |")
    print(f"| hotspot | {np.median(ours):.1f} | {ratio(theirs, ours)} |")
    print(
        f"\nProbabilities differ by at most {off:.1g} where both have one; {alone:.2%} of the "
        f"cells have one in one map only. Two busy loops got {busy_loops(2):.2f} cores."
    )


if __name__ == "__main__":
    main()
