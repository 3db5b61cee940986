"""What a map costs: against a plain loop, by its parts, in memory, and under the knife.

Run from the root of the project::

    nice python benchmarks/maps.py > docs/benchmarks/maps.md

It makes a stack (`make_stack.py`) and a model in a temporary folder and prints Markdown.
Ratios are of CPU time, paired within each repeat and interleaved, since a shared machine
changes its pace from minute to minute; the figure of the busy loops says how far its clock
can be believed. ``--chaos 20`` also kills a map twenty times at random moments.
"""

import argparse
import os
import platform
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import rasterio
from make_stack import make_stack
from numpy.typing import NDArray
from rasterio.windows import Window as RasterioWindow

from hotspot.commands.machine import Machine, release_memory, steady_memory
from hotspot.covariates.stack import Stack, StackElsewhere, open_stack, stack_digest
from hotspot.estimators.applicability.area import AreaOfApplicability
from hotspot.estimators.calibration_band import fit_calibration_band
from hotspot.estimators.fitted import FittedModel, LeftOutEvidence
from hotspot.estimators.registry import make_estimator
from hotspot.estimators.store import load_model, save_model
from hotspot.maps.cluster import local_workers
from hotspot.maps.decision import DecisionRule, inside_applicability
from hotspot.maps.hotspot_cells import HotspotBlock
from hotspot.maps.hotspot_rules import HotspotRule
from hotspot.maps.hotspots import trace_hotspots
from hotspot.maps.layers import layer_named, role_layers_of
from hotspot.maps.predict import MapOptions, predict_stack
from hotspot.maps.read import read_windows
from hotspot.maps.remote import DaskWorkers
from hotspot.maps.store import FinishedWindows, Work, pack_layers
from hotspot.maps.window import predict_window
from hotspot.rasters import CogWriter, bounded_cache

Values = NDArray[np.float64]

LIMIT = 1.0
N_SAMPLES = 5000
SIDE = 512
# Of the part on interruptions, and the whole job: to these come the roles of the covariates.
THREE_LAYERS = ("probability", "dissimilarity", "decision")
JOB_LAYERS = ("probability", "probability_lower", "probability_upper", *THREE_LAYERS[1:])
RULE = DecisionRule()
# Covariates, of twelve numbers, with noise at every cell.
STACKS = {"mixed": 6, "smooth": 0, "noisy": 12}
PARTS = ("loop", "job", "dask", "small")
KILLS = ("computing windows", "writing rasters", "a Dask worker")


def training_samples(stack: Stack) -> tuple[pd.DataFrame, Values, Values]:
    """Return covariates, concentrations and places of samples of the stack."""
    draw = np.random.default_rng(1)
    rows, cols = stack.grid.shape
    places = stack.grid.centres(
        draw.integers(0, rows, 2 * N_SAMPLES), draw.integers(0, cols, 2 * N_SAMPLES)
    )
    X = stack.sample(places)
    complete = X.notna().all(axis=1).to_numpy()
    X, places = X[complete][:N_SAMPLES].reset_index(drop=True), places[complete][:N_SAMPLES]
    # Smooth, noisy and smooth again, where the stack has both.
    first, second, third = (X.iloc[:, place] for place in (0, 7, 2))
    signal_ = first + 0.7 * second * third + 0.3 * (X["class_0"] > 4)
    y = np.exp(0.8 * signal_ + draw.normal(0, 0.7, len(X))).to_numpy()
    return X, y, places


def fit(stack: Stack, n_estimators: int, folder: Path, depth: int = 6) -> None:
    """Fit gradient boosting, as in the reference job, on samples of the stack; save it."""
    X, y, places = training_samples(stack)
    settings = {"n_estimators": n_estimators, "num_leaves": 31, "max_depth": depth}
    names = tuple(c.name for c in stack.catalogue if c.is_categorical)
    estimator = make_estimator("lightgbm", settings, threshold=LIMIT, categorical=names)
    estimator.fit(X, y, y, coordinates=places)
    half = len(X) // 2
    lesser = make_estimator("lightgbm", settings, threshold=LIMIT, categorical=names)
    lesser.fit(X[:half], y[:half], y[:half], coordinates=places[:half])
    left_out = lesser.exceedance(X[half:], LIMIT)
    band = fit_calibration_band(
        (y[half:] > LIMIT).astype(float), left_out, np.arange(len(left_out)) // 10
    )
    model = FittedModel(
        estimator=estimator,
        catalogue=stack.catalogue,
        grid=stack.grid,
        contaminant="zn",
        threshold={"id": "benchmark", "value_mg_kg": LIMIT},
        applicability=AreaOfApplicability(names).fit(X),
        facts={"model_id": "benchmark", "version": "0"},
        evidence=LeftOutEvidence(band=band),
    )
    save_model(model, folder)


def make_map(
    folder: Path,
    target: Path,
    *,
    layers: Sequence[str] | None = ("probability",),
    side: int = SIDE,
    threads: int = 1,
    engine: Any = None,
    encoding: Any = "full",
    work: Work | None = None,
) -> None:
    """Make a map of the stack and the model of a folder, as the command does."""
    model = load_model(folder / "model")
    with open_stack(folder / "stack") as stack:
        predict_stack(
            model,
            stack,
            target,
            layers=job_layers(model) if layers is None else layers,
            rule=RULE,
            window_size=side,
            options=MapOptions(threads=threads, engine=engine, encoding=encoding, work=work),
        )


def job_layers(model: FittedModel) -> tuple[str, ...]:
    """Return the layers of the whole job: map, band, applicability, decision and roles."""
    return (*JOB_LAYERS, *role_layers_of(model))


def plain_loop(folder: Path, target: Path) -> None:
    """Map as a script would: read, drop missing cells, `Booster.predict`, write tiles."""
    with open_stack(folder / "stack") as stack:
        model = load_model(folder / "model")
        booster = model.estimator.booster_  # type: ignore[attr-defined]
        rows, cols = stack.grid.shape
        files = [rasterio.open(folder / "stack" / f"{n}.tif") for n in stack.catalogue.names]
        target.mkdir()
        with rasterio.open(
            target / "probability.tif", "w", driver="GTiff", height=rows, width=cols, count=1,
            dtype="float32", crs=stack.grid.crs, transform=stack.grid.transform, nodata=np.nan,
            tiled=True, blockxsize=SIDE, blockysize=SIDE, compress="deflate", predictor=3,
        ) as written:  # fmt: skip
            for window in stack.grid.windows(SIDE):
                place = RasterioWindow(window.col, window.row, window.width, window.height)
                values = np.empty((len(files), *window.shape), dtype=np.float32)
                for band, file in enumerate(files):
                    values[band] = file.read(1, window=place)
                    if file.dtypes[0] == "uint8":
                        values[band][values[band] == file.nodata] = np.nan
                table = values.reshape(len(files), -1).T
                complete = ~np.isnan(table).any(axis=1)
                chance = np.full(len(table), np.nan, dtype=np.float32)
                if complete.any():
                    chance[complete] = booster.predict(table[complete], num_threads=1)
                written.write(chance.reshape(window.shape), 1, window=place)
        for file in files:
            file.close()


def cpu() -> float:
    """Return the CPU seconds of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@dataclass
class Timing:
    """Seconds of each repeat."""

    wall: list[float]
    cpu: list[float]


def interleaved(
    variants: Mapping[str, Callable[[Path], None]],
    repeats: int,
    used_by: Callable[[], float] | None = None,
) -> dict[str, Timing]:
    """Run every variant once to warm up, then all of them in turn, in changing order."""
    found = {name: Timing([], []) for name in variants}
    for repeat in range(repeats + 1):
        order = list(variants)
        random.Random(repeat).shuffle(order)  # noqa: S311 - an order, no secret
        for name in order:
            target = Path(tempfile.mkdtemp())
            clock = used_by or cpu
            wall, used = time.perf_counter(), clock()
            variants[name](target / "map")
            if repeat:
                found[name].cpu.append(clock() - used)
                found[name].wall.append(time.perf_counter() - wall)
            shutil.rmtree(target)
    return found


def ratio(base: Sequence[float], other: Sequence[float]) -> str:
    """Return the median of the paired ratios with their range."""
    ratios = sorted(a / b for a, b in zip(base, other, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def told(found: Mapping[str, Timing], base: str, cells: int) -> list[str]:
    """Return a Markdown table; the ratio says how much less than the base a line takes."""
    lines = [
        "| variant | CPU s | wall s | cells per CPU s | CPU ratio to the first (range) |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, timing in found.items():
        used = statistics.median(timing.cpu)
        lines.append(
            f"| {name} | {used:.2f} | {statistics.median(timing.wall):.2f} "
            f"| {cells / used / 1e6:.3f} M | {ratio(found[base].cpu, timing.cpu)} |"
        )
    return lines


def busy_loops(count: int) -> float:
    """Return the CPU seconds per wall second that so many busy processes get together."""
    code = "import time\nt=time.process_time()\nwhile time.process_time()-t<1.5: pass"
    start = time.perf_counter()
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(count)]
    for process in running:
        process.wait()
    return count * 1.5 / (time.perf_counter() - start)


def against_the_loop(kinds: Sequence[str], side: int, n_trees: int, repeats: int) -> list[str]:
    """Compare one layer, read to raster, with a plain loop, on stacks of some kinds."""
    lines: list[str] = []
    for kind in kinds:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make_stack(folder / "stack", (side, side), n_noisy=STACKS[kind])
            with open_stack(folder / "stack") as stack:
                fit(stack, n_trees, folder / "model")
            variants: dict[str, Callable[[Path], None]] = {
                f"{kind}: plain loop": lambda to, at=folder: plain_loop(at, to),
                f"{kind}: hotspot": lambda to, at=folder: make_map(at, to),
                f"{kind}: hotspot, compact": lambda to, at=folder: make_map(
                    at, to, encoding="compact"
                ),
            }
            found = interleaved(variants, repeats)
        told_ = told(found, next(iter(variants)), side**2)
        lines += told_[2:] if lines else told_
    return lines


def small_trees(folder: Path, repeats: int, cells: int) -> list[str]:
    """Compare maps of a model of 200 trees, five deep, with reading the stack."""
    with open_stack(folder / "stack") as stack:
        fit(stack, 200, folder / "model", depth=5)
        windows = tuple(stack.grid.windows(SIDE))

    def read_alone(target: Path) -> None:
        with open_stack(folder / "stack") as again, bounded_cache():
            for window in windows:
                again.frame(window)

    found = interleaved(
        {
            "reading alone": read_alone,
            "probability": lambda to: make_map(folder, to, encoding="compact"),
            "probability, band, dissimilarity, decision": lambda to: make_map(
                folder, to, layers=JOB_LAYERS, encoding="compact"
            ),
            "the whole job": lambda to: make_map(folder, to, layers=None, encoding="compact"),
        },
        repeats,
    )
    lines = told(found, "reading alone", cells)
    times = [
        f"{name} {ratio(timing.cpu, found['reading alone'].cpu)}"
        for name, timing in found.items()
    ]
    return [*lines, "", f"In the cost of reading: {'; '.join(times[1:])}."]


def by_parts(folder: Path, stack: Stack, repeats: int, cells: int) -> list[str]:
    """Compare the whole job with reading, computing and writing alone, and layers alone."""
    model = load_model(folder / "model")
    windows = tuple(stack.grid.windows(SIDE))
    layers = job_layers(model)
    kinds = {name: layer_named(name).dtype for name in layers}
    frames = [stack.frame(window) for window in windows]

    def compute(place: int, layers: Sequence[str] = layers) -> dict[str, Any]:
        frame, positions = frames[place]
        return predict_window(
            model,
            frame,
            positions=positions,
            grid=stack.grid.crop(windows[place]),
            layers=layers,
            rule=RULE,
        )

    def only(*layers: str) -> Callable[[Path], None]:
        def run(target: Path) -> None:
            for place in range(len(windows)):
                compute(place, layers)

        return run

    results = [compute(place) for place in range(len(windows))]

    def ready_alone(target: Path) -> None:
        fresh = load_model(folder / "model")
        roles = list(fresh.catalogue.by_role())
        trees = fresh.estimator._trees  # type: ignore[attr-defined]
        # Asking why these are slow makes the masks and the tables that make them quick.
        slow = (
            trees.reason,
            trees.why_slow([roles.index(str(c.role)) for c in fresh.catalogue]),
        )
        if any(slow):
            raise SystemExit(f"The model has no quick way: {slow}")

    def read_alone(target: Path) -> None:
        with open_stack(folder / "stack") as again, bounded_cache():
            for window in windows:
                again.frame(window)

    def compute_alone(target: Path) -> None:
        for place in range(len(windows)):
            compute(place)

    def keep_alone(target: Path) -> None:
        with FinishedWindows(Work(target), kinds, windows) as finished:
            for place, arrays in enumerate(results):
                finished.add(place, pack_layers(arrays))

    def rasters_alone(target: Path) -> None:
        for name, dtype in kinds.items():
            path = target / f"{name}.tif"
            with CogWriter(path, stack.grid, dtype=dtype, categorical=dtype == "uint8") as out:
                for window, arrays in zip(windows, results, strict=True):
                    out.write(window, arrays[name])

    found = interleaved(
        {
            "whole job, 1 thread": lambda to: make_map(folder, to, layers=None),
            "whole job, 2 threads": lambda to: make_map(folder, to, layers=None, threads=2),
            "probability, 1 thread": lambda to: make_map(folder, to),
            "probability, dissimilarity, decision, 1 thread": lambda to: make_map(
                folder, to, layers=THREE_LAYERS
            ),
            "making the model ready alone": ready_alone,
            "reading alone": read_alone,
            "computing alone": compute_alone,
            "keeping finished windows alone": keep_alone,
            "making rasters alone": rasters_alone,
            "of computing: probability": only("probability"),
            "of computing: dissimilarity": only("dissimilarity"),
            "of computing: roles": only(*role_layers_of(model)),
        },
        repeats,
    )
    parts = [name for name in found if name.endswith("alone")]
    sums = [sum(found[name].cpu[n] for name in parts) for n in range(repeats)]
    overlapped = [sum(found[name].wall[n] for name in parts) for n in range(repeats)]
    return [
        *told(found, "whole job, 1 thread", cells),
        "",
        "Against the sum of the parts the whole job takes, with 1 thread and with 2:\n",
        f"- CPU time: {ratio(found['whole job, 1 thread'].cpu, sums)} and "
        f"{ratio(found['whole job, 2 threads'].cpu, sums)} times;",
        f"- time by the clock: {ratio(found['whole job, 1 thread'].wall, overlapped)} and "
        f"{ratio(found['whole job, 2 threads'].wall, overlapped)} times.",
    ]


def peak(folder: Path, megapixels: int, threads: int) -> list[float]:
    """Return what `peak_child` prints, of a process of its own."""
    command = [sys.executable, __file__, "--peak", str(folder), "--threads", str(threads)]
    side = round((megapixels * 1e6) ** 0.5)
    make_stack(folder / "stack", (side, side))
    with open_stack(folder / "stack") as stack:
        fit(stack, 400, folder / "model")
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [float(word) for word in done.stdout.split()]


def peak_child(folder: Path, threads: int) -> None:
    """Make the whole job and its hotspots; print peak MB after each, and the job's times."""
    steady_memory()
    wall, used = time.perf_counter(), cpu()
    make_map(folder, folder / "map", layers=None, threads=threads)
    after_map = Machine().peak_bytes() / 1e6
    wall, used = time.perf_counter() - wall, cpu() - used
    model = load_model(folder / "model")
    area = model.applicability
    threshold = float(area.threshold_) if area else np.inf
    with open_stack(folder / "stack") as stack, bounded_cache():

        def blocks() -> Any:
            paths = {name: folder / "map" / f"{name}.tif" for name in THREE_LAYERS[:2]}
            for window, layers in read_windows(paths):
                inside = inside_applicability(layers["dissimilarity"], threshold)
                cover = stack.read_one("class_0", window)
                yield HotspotBlock(window, layers["probability"], inside, cover)

        cell = stack.grid.cell_area_m2
        release_memory()
        trace_hotspots(
            blocks,
            grid=stack.grid,
            rule=HotspotRule(0.8, minimum_area_m2=20 * cell),
            contaminant="zn",
            threshold_id="t",
            land_use=stack.catalogue["class_0"],
        )
    after_hotspots = Machine().peak_bytes() / 1e6
    sys.stdout.write(f"{after_map} {after_hotspots} {used} {wall}\n")


def chaos(folder: Path, times: int) -> list[str]:
    """Kill a map at random moments of three kinds, go on, and compare what it ends with."""
    command = [sys.executable, __file__, "--attempt", str(folder)]
    draw = random.Random(7)  # noqa: S311 - moments, no secrets

    def begin(target: Path, kind: str = "threads") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*command, str(target), kind],
            stdout=subprocess.PIPE,
            # A program that is killed has nothing to say; one whose worker is, may.
            stderr=None if kind == "dask" else subprocess.DEVNULL,
            text=True,
        )

    def finish(target: Path) -> None:
        if begin(target).wait():
            raise SystemExit("A map could not be gone on with.")

    def lines(target: Path) -> int:
        journal = target / "work" / "journal"
        return len(journal.read_bytes().splitlines()) if journal.is_file() else 0

    def in_predict(target: Path) -> bool:
        return lines(target) > wanted

    def in_writing(target: Path) -> bool:
        return any(target.rglob("plain.tif")) and draw.random() < 0.5

    with tempfile.TemporaryDirectory() as name:
        finish(Path(name) / "whole")
        whole = _rasters(Path(name) / "whole")
    reached = dict.fromkeys(KILLS, 0)
    number = 0
    while sum(reached.values()) < times:
        kind = KILLS[number % len(KILLS)]
        number += 1
        wanted = draw.randrange(1, 90)
        with tempfile.TemporaryDirectory() as name:
            target = Path(name) / "killed"
            running = begin(target, "dask" if kind == KILLS[2] else "threads")
            pids = list(map(int, running.stdout.readline().split())) if running.stdout else []
            came = in_writing if kind == KILLS[1] else in_predict
            while running.poll() is None and not came(target):
                time.sleep(0.002)
            time.sleep(draw.uniform(0, 0.05))
            is_worker = kind == KILLS[2]
            if running.poll() is None:
                os.kill(draw.choice(pids) if is_worker else running.pid, signal.SIGKILL)
            code = running.wait()
            if is_worker and code:
                raise SystemExit("A map did not outlive one of its workers.")
            # A map that was done before the knife came does not count.
            reached[kind] += 1 if is_worker or code else 0
            if not is_worker:
                finish(target)
            if _rasters(target) != whole:
                raise SystemExit(f"The map differs after a kill in {kind}.")
    told_ = ", ".join(f"{count} in {kind}" for kind, count in reached.items())
    return [
        f"A map of 100 windows was killed (SIGKILL) {times} times at random moments, each time "
        f"a new map: {told_}. A killed program was started again; of two Dask workers the "
        "killed one was left to Dask. Each of these maps is byte for byte that of an "
        "uninterrupted one."
    ]


def _rasters(target: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in (target / "map").glob("*.tif")}
    if len(found) != len(THREE_LAYERS):
        raise SystemExit(f"The map holds {sorted(found)}.")
    return found


def attempt_child(folder: Path, target: Path, kind: str) -> None:
    """Make or go on with the map of `chaos`; print the processes of its workers first."""
    work = Work(target / "work", {"covariates": stack_digest(folder / "stack")})

    def run(engine: Any = None) -> None:
        make_map(
            folder,
            target / "map",
            layers=THREE_LAYERS,
            side=64,
            threads=2,
            engine=engine,
            work=work,
        )

    if kind == "threads":
        print("", flush=True)
        run()
        return
    with local_workers(2) as client:
        print(*client.run(os.getpid).values(), flush=True)
        run(_workers(folder, client))


def _workers(folder: Path, client: Any) -> DaskWorkers:
    with open_stack(folder / "stack") as stack:
        elsewhere = StackElsewhere.of(stack, str(folder / "stack"))
    return DaskWorkers(client, elsewhere.open)


def over_dask(folder: Path, repeats: int, cells: int) -> list[str]:
    """Compare one Dask worker with one thread: windows take a second or more."""
    with local_workers(1) as client:
        workers = _workers(folder, client)

        def everywhere() -> float:
            return cpu() + float(sum(client.run(time.process_time).values()))

        found = interleaved(
            {
                "1 thread": lambda to: make_map(folder, to, layers=None),
                "1 Dask worker": lambda to: make_map(folder, to, layers=None, engine=workers),
            },
            repeats,
            everywhere,
        )
    return told(found, "1 thread", cells)


def machine() -> list[str]:
    """Return what the figures were measured on, and how far it can be believed."""
    one, two = busy_loops(1), busy_loops(2)
    model = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [
            line for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0].split(":", 1)[1].strip() if names else model
    load = os.getloadavg()[0]
    return [
        f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}, GDAL "
        f"{rasterio.__gdal_version__}, load {load:.1f} before the start. One busy loop got "
        f"{one:.2f} of a core, two together {two:.2f} cores"
        + (
            ": the machine was shared, and times by the clock, overlap and the gain of threads "
            "cannot be believed. Ratios of CPU time can."
            if two < 1.8
            else "."
        )
    ]


def main() -> None:
    """Print the page, or do the part of a child process."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--size", type=int, default=1536, help="cells along a side")
    parser.add_argument("--trees", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=5, help="0 leaves out the times")
    parser.add_argument("--memory", type=int, nargs="*", default=[1, 4, 16], help="megapixels")
    parser.add_argument("--chaos", type=int, default=0, help="times to kill a map")
    parser.add_argument("--threads", type=int, default=2, help="of the memory test")
    parser.add_argument("--peak", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS, help="of times")
    parser.add_argument("--stacks", nargs="*", choices=STACKS, default=list(STACKS))
    parser.add_argument("--attempt", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        peak_child(given.peak, given.threads)
        return
    if given.attempt:
        attempt_child(Path(given.attempt[0]), Path(given.attempt[1]), given.attempt[2])
        return
    cells = given.size**2
    words = " ".join(sys.argv[1:])
    print(HEAD.format(words=words, size=given.size, cells=cells / 1e6, trees=given.trees))
    print("\n".join(machine()))
    if given.repeats:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            print(f"Medians of {given.repeats} repeats.")
            if given.parts != ["loop"]:
                make_stack(folder / "stack", (given.size, given.size))
                with open_stack(folder / "stack") as stack:
                    fit(stack, given.trees, folder / "model")
                    share = _share_with_data(stack)
                print(f"{share:.0%} of the cells have data.")
            if "loop" in given.parts:
                print("\n## One layer against a plain loop\n")
                lines = against_the_loop(given.stacks, given.size, given.trees, given.repeats)
                print("\n".join(lines), flush=True)
                print(LOOP_NOTE)
            if "job" in given.parts:
                print("\n## The whole job and its parts\n")
                with open_stack(folder / "stack") as stack:
                    print("\n".join(by_parts(folder, stack, given.repeats, cells)), flush=True)
                print(JOB_NOTE)
            if "dask" in given.parts:
                print("\n## Over Dask\n")
                print("\n".join(over_dask(folder, given.repeats, cells)), flush=True)
                print(DASK_NOTE)
            if "small" in given.parts:
                print("\n## Small trees\n")
                print("\n".join(small_trees(folder, given.repeats, cells)), flush=True)
                print(SMALL_NOTE)
    if given.chaos:
        print("\n## Killed and gone on with\n")
        with tempfile.TemporaryDirectory() as name:
            make_stack(Path(name) / "stack", (640, 640))
            with open_stack(Path(name) / "stack") as stack:
                fit(stack, 50, Path(name) / "model")
            print("\n".join(chaos(Path(name), given.chaos)), flush=True)
    if given.memory:
        print(f"\n## Peak memory of a process, {given.threads} threads, windows of {SIDE}\n")
        print(
            "| million cells | job, MB | then hotspots, MB | CPU s | cells per CPU s | wall s |"
        )
        print("| --- | --- | --- | --- | --- | --- |")
        for megapixels in given.memory:
            with tempfile.TemporaryDirectory() as name:
                first, second, used, wall = peak(Path(name), megapixels, given.threads)
            rate = megapixels / used
            print(
                f"| {megapixels} | {first:.0f} | {second:.0f} | {used:.0f} | {rate:.3f} M "
                f"| {wall:.0f} |",
                flush=True,
            )
        print(MEMORY_NOTE)


def _share_with_data(stack: Stack) -> float:
    found = sum(len(stack.frame(window)[1]) for window in stack.grid.windows(SIDE))
    return found / (stack.grid.shape[0] * stack.grid.shape[1])


HEAD = """\
# Maps

Made by `nice python benchmarks/maps.py {words}` on a synthetic stack
(`benchmarks/make_stack.py`) of 16 covariates and {size} x {size} cells, {cells:.2f} million, in
tiles of 512 packed by deflate and zstd in turn, with gradient boosting of {trees} trees of 31
leaves, six deep. Ratios
are of CPU time, paired within each repeat and interleaved; above 1 means less time than the
first line.
"""
LOOP_NOTE = """
The loop writes a tiled file and nothing else. `hotspot` also keeps finished windows on the disk
(synchronised, so that a killed map goes on), writes overviews and statistics, and reads every
raster back; both read the same files."""
JOB_NOTE = """
One pass for probability, both bounds of its band, dissimilarity from 5,000 samples, decision,
and contributions of every role. Lines *of computing* are each a part of *computing alone*."""
DASK_NOTE = """
The whole job; CPU time of client, scheduler and worker together, the worker being warm."""
SMALL_NOTE = """
A model of 200 trees, five deep. Probabilities are stored in two bytes, all else in four."""
MEMORY_NOTE = """
The whole job, a process for each line. What is there before the first window, the program and
its libraries, is included."""


if __name__ == "__main__":
    main()
