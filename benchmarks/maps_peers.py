"""A whole program that makes one map: `hotspot` against Pyspatialml, and against terra.

Run from the root of the project, with the Python of an environment that holds Pyspatialml and
LightGBM (``pip install pyspatialml lightgbm`` in a virtual environment of its own), or with an
R that has terra and ranger (on Debian, ``apt-get install r-cran-terra r-cran-ranger``)::

    nice python benchmarks/maps_peers.py --peer PATH/bin/python --size 4096
    nice python benchmarks/maps_peers.py --rscript Rscript --size 4096 --repeats 1

All start as a process, open the same rasters, write the probability of every cell, and end.
Pyspatialml has the same trees as `hotspot`, and the maps are compared. terra has a probability
forest of ranger, with as many trees of the same depth, learnt from the same samples. It may
take 1 GB for a block: with its defaults, a map of 16.8 million cells was killed for want of
memory at 24 GiB. Told is the CPU time of the processes, in turn.
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
from maps import LIMIT, busy_loops, fit, make_map, ratio, training_samples

from hotspot.covariates.stack import open_stack

TREES, DEPTH = 400, 6

PYSPATIALML = """
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

RANGER = f"""
suppressMessages(library(ranger))
given <- commandArgs(trailingOnly = TRUE)
samples <- read.csv(file.path(given[1], "samples.csv"))
samples$above <- factor(samples$above)
forest <- ranger(above ~ ., samples, num.trees = {TREES}, max.depth = {DEPTH},
                 probability = TRUE, num.threads = 1, seed = 1)
saveRDS(forest, file.path(given[1], "forest.rds"))
"""

TERRA = """
suppressMessages({library(terra); library(ranger)})
terraOptions(memmax = 1)
given <- commandArgs(trailingOnly = TRUE)
names <- strsplit(given[3], ",")[[1]]
stack <- rast(file.path(given[1], "stack", paste0(names, ".tif")))
names(stack) <- names
forest <- readRDS(file.path(given[1], "forest.rds"))
above <- function(model, data, ...) {
    predict(model, data, num.threads = 1, verbose = FALSE)$predictions[, "1"]
}
made <- predict(stack, forest, fun = above, na.rm = TRUE, filename = given[2], overwrite = TRUE)
"""


def cpu_of_children() -> float:
    """Return the CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(command: list[str]) -> float:
    """Run a process; return its CPU seconds."""
    before = cpu_of_children()
    quiet = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    subprocess.run(
        command, check=True, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return cpu_of_children() - before


def make_ready(folder: Path, size: int) -> str:
    """Make the stack, the trees and the samples; return the names of the covariates."""
    make_stack(folder / "stack", (size, size))
    with open_stack(folder / "stack") as stack:
        fit(stack, TREES, folder / "model", depth=DEPTH)
        X, y, _ = training_samples(stack)
        X.assign(above=(y > LIMIT).astype(int)).to_csv(folder / "samples.csv", index=False)
        names = ",".join(stack.catalogue.names)
    booster = next((folder / "model").glob("*.txt"))
    (folder / "model" / "booster.txt").write_bytes(booster.read_bytes())
    return names


def agreement(own: Path, other: Path) -> str:
    """Return in words how far two maps of probabilities agree."""
    with rasterio.open(own) as mine, rasterio.open(other) as theirs:
        a, b = mine.read(1), theirs.read(theirs.count, masked=True).filled(np.nan)
    both = ~np.isnan(a) & ~np.isnan(b)
    off = float(np.abs(a[both] - b[both]).max())
    alone = float((np.isnan(a) != np.isnan(b)).mean())
    return (
        f"Probabilities of Pyspatialml differ by at most {off:.1g} where both have one; "
        f"{alone:.2%} of the cells have one in one map only."
    )


def main() -> None:
    """Print the comparison, or make the map of this side."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--peer", help="Python with Pyspatialml")
    parser.add_argument("--rscript", help="Rscript with terra and ranger")
    parser.add_argument("--size", type=int, default=4096, help="cells along a side")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--own", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.own:
        make_map(Path(given.own[0]), Path(given.own[1]))
        return
    if not (given.peer or given.rscript):
        parser.error("give --peer, --rscript or both: there is nothing to compare with.")
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = make_ready(folder, given.size)
        peers = {}
        if given.peer:
            peers["Pyspatialml `predict_proba`"] = [given.peer, "-c", PYSPATIALML]
        if given.rscript:
            timed([given.rscript, "-e", RANGER, str(folder)])
            peers["`terra::predict` with ranger"] = [given.rscript, "-e", TERRA]
        ours: list[float] = []
        theirs: dict[str, list[float]] = {peer: [] for peer in peers}
        for number in range(given.repeats):
            target = folder / f"map_{number}"
            own = [sys.executable, __file__, "--own", str(folder), str(target)]
            ours.append(timed(own))
            for place, (peer, command) in enumerate(peers.items()):
                other = f"{target}_{place}.tif"
                theirs[peer].append(timed([*command, str(folder), other, names]))
        if given.peer:
            lines = [agreement(target / "probability.tif", Path(f"{target}_0.tif"))]
    cells = given.size**2 / 1e6
    words = " ".join(sys.argv[1:])
    for path, called in ((given.peer, "PYTHON"), (given.rscript, "RSCRIPT")):
        words = words.replace(str(path), called) if path else words
    print(
        f"Made by `nice python benchmarks/maps_peers.py {words}`: {cells:.1f} million cells, 16"
    )
    print(f"covariates, {TREES} trees, one thread, whole processes from start to end.\n")
    print("| program | CPU s | CPU ratio (range) |\n| --- | --- | --- |")
    print(f"| hotspot | {np.median(ours):.1f} | 1 |")
    for peer, found in theirs.items():
        print(f"| {peer} | {np.median(found):.1f} | {ratio(found, ours)} |")
    print("", *lines, f"Two busy loops got {busy_loops(2):.2f} cores.", sep="\n")


if __name__ == "__main__":
    main()
