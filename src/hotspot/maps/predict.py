"""From a fitted model and a stack of covariates to the rasters of a map, window by window."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hotspot import __version__
from hotspot.errors import GridError
from hotspot.grid import Grid, Window
from hotspot.maps.decision import Decision, DecisionRule
from hotspot.maps.encoding import (
    Encoding,
    encoding_tags,
    stored_nodata,
    stored_type,
)
from hotspot.maps.engine import Engine, Threads, aligned_windows
from hotspot.maps.layers import Layer, check_layers, layer_named
from hotspot.maps.model import MapModel
from hotspot.maps.store import FinishedWindows, Work, check_space
from hotspot.maps.styles import style_of
from hotspot.maps.tags import layer_tags
from hotspot.maps.window import CovariateStack, MapJob
from hotspot.maps.write import appear_together
from hotspot.rasters import CogWriter, bounded_cache

# Share of their plain size that finished windows and rasters take. Of a noisy map with data in
# 80 % of its cells they were 0.63 and 0.81, of its codes 0.1 and 0.11; maps have larger gaps.
# Less room than this is refused at the start; where more is needed the disk fills up, and the
# map goes on from there once there is room.
_WORK_SHARE = 0.5
_RASTER_SHARE = 0.6
_CODE_SHARE = 0.1


def _silent(text: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class MapOptions:
    """How a map is made and stored, beside what it shows.

    Parameters
    ----------
    threads : int
        Windows computed at once, while one more thread reads ahead and another writes. The
        files are the same whatever it is; memory grows with it.
    engine : Engine, optional
        Who computes the windows, in place of `threads` of this program, such as
        `hotspot.maps.remote.DaskWorkers`. Rasters are made by this program all the same.
    encoding : str
        ``full``, or ``compact`` for probabilities in two bytes.
    work : Work, optional
        Where finished windows are kept until the map is complete, so that an interrupted map
        goes on. Without it they are kept beside the rasters and lost with an interruption.
    tags : mapping of str to str
        Facts of the run to write into every raster beside those of the model.
    tell : callable
        Called with a line of text when windows of an earlier attempt are used or thrown away.
    """

    threads: int = 1
    engine: Engine | None = None
    encoding: Encoding = "full"
    work: Work | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    tell: Callable[[str], None] = _silent


def predict_stack(
    model: MapModel,
    stack: CovariateStack,
    folder: Path,
    *,
    layers: Sequence[str],
    rule: DecisionRule,
    window_size: int = 512,
    options: MapOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Path]:
    """Write the layers of a map as cloud-optimised GeoTIFFs, in one pass over the windows.

    Every cell gets the number that the model gives for its row alone: the windows and the
    threads change memory and time, not the map. Reading, computing and writing overlap.
    Memory holds the windows under way, ``threads + 2`` of them with about
    ``16 * window_size**2 * (n_covariates + n_layers)`` bytes each, beside the model and a
    fixed cache of GDAL; it does not grow with the map.

    Windows are kept as they are finished, and become rasters once all of them are. With
    ``options.work`` they outlive the program: a call that finds windows of the same model,
    covariates, layers, rule, encoding, window grid and version goes on with the missing ones
    and ends with the same bytes as if it had never been interrupted. Any difference starts
    afresh, and ``options.tell`` is told which.

    The rasters are written under a hidden name and moved into the folder once all are
    complete, replacing older ones. If anything fails before, the folder is as it was.

    Parameters
    ----------
    model : MapModel
        The fitted model; with several threads, one that may be asked by several at once.
    stack : CovariateStack
        Covariates on the grid and in the order of the model.
    folder : Path
        Where the rasters appear, named ``<layer>.tif``.
    layers : sequence of str
        Names from `LAYERS`.
    rule : DecisionRule
        Cuts of the decision layer.
    window_size : int, cells
        Largest side of a window; made a multiple of the tiles of the covariates where it is
        larger than one.
    options : MapOptions, optional
        Threads, encoding, work folder and tags.
    progress : callable, optional
        Called with (windows done, windows in all) after each window, and once before the
        first where an earlier attempt has finished some.

    Returns
    -------
    dict of Path
        The raster of each layer.

    Raises
    ------
    ModelError
        The model cannot give a layer.
    CovariateError
        The covariates of the stack are not those of the model.
    GridError
        The grid of the stack is not that of the model, or the window is empty.
    OutputError
        The rasters cannot be written, the disk is too small, or another program is making
        this map.
    """
    options = options or MapOptions()
    windows = map_windows(model, stack, layers=layers, window_size=window_size)
    job = MapJob(model, stack.grid, windows, tuple(layers), rule, options.encoding)
    engine = options.engine or Threads(options.threads)
    with (
        bounded_cache(),
        appear_together(folder) as hidden,
        _kept(hidden, options, layers, rule, windows, stack.grid) as finished,
    ):
        missing = finished.missing
        done = len(windows) - len(missing)
        if done:
            options.tell(f"going on with a map: {done} of {len(windows)} windows are done")
            if progress is not None:
                progress(done, len(windows))
        needed = map_bytes(stack.grid, layers, options.encoding)
        check_space(hidden, needed, already=finished.size)
        for number, packed in engine.results(job, stack, missing):
            finished.add(number, packed)
            done += 1
            if progress is not None:
                progress(done, len(windows))
        _write_rasters(hidden, finished, layers, model, stack.grid, options)
    return {name: folder / f"{name}.tif" for name in layers}


def map_windows(
    model: MapModel, stack: CovariateStack, *, layers: Sequence[str], window_size: int
) -> tuple[Window, ...]:
    """Return the windows of a map, after checking that model and stack fit together.

    Raises
    ------
    ModelError, CovariateError, GridError
        As in `predict_stack`.
    """
    check_layers(model, layers)
    model.catalogue.check_names(stack.catalogue.names)
    _check_grid(model.grid, stack.grid)
    if window_size < 1:
        raise GridError(f"A window of {window_size} cells holds no cell. Give 256 or more.")
    # A stack in memory has no blocks.
    return aligned_windows(stack.grid, window_size, getattr(stack, "blocks", None))


def map_bytes(grid: Grid, layers: Sequence[str], encoding: Encoding) -> float:
    """Return about how many bytes of disk a map takes while it is made."""
    total = 0.0
    for layer in (layer_named(name) for name in layers):
        kind = stored_type(layer, encoding)
        if kind == "uint8":
            total += 2 * _CODE_SHARE
        else:
            stored = np.dtype(kind if isinstance(kind, str) else kind.dtype)
            total += _WORK_SHARE * np.dtype(layer.dtype).itemsize
            total += _RASTER_SHARE * stored.itemsize
    return grid.shape[0] * grid.shape[1] * total


@contextmanager
def _kept(
    hidden: Path,
    options: MapOptions,
    layers: Sequence[str],
    rule: DecisionRule,
    windows: Sequence[Window],
    grid: Grid,
) -> Iterator[FinishedWindows]:
    """Give the finished windows of this very map, of an earlier attempt or none."""
    given = options.work or Work(hidden / ".windows")
    text = f"{grid.to_dict()} {windows[0].shape} {len(windows)}"
    depends = {
        **given.depends,
        "version": __version__,
        "layers": ", ".join(layers),
        "decision": repr(rule),
        "encoding": options.encoding,
        "windows": hashlib.sha256(text.encode()).hexdigest(),
    }
    kinds = {name: layer_named(name).dtype for name in layers}
    with FinishedWindows(Work(given.folder, depends), kinds, windows) as finished:
        if finished.stale is not None:
            options.tell(f"starting afresh instead of going on with a map: {finished.stale}")
        yield finished
    if options.work is None:
        given.discard()


def _write_rasters(
    hidden: Path,
    finished: FinishedWindows,
    layers: Sequence[str],
    model: MapModel,
    grid: Grid,
    options: MapOptions,
) -> None:
    """Turn finished windows into rasters, several layers at once."""

    def write(name: str) -> None:
        with _writer(hidden / f"{name}.tif", layer_named(name), model, grid, options) as writer:
            for window, array in finished.read(name):
                writer.write(window, array)

    with ThreadPoolExecutor(options.threads, thread_name_prefix="write") as pool:
        # Errors come here in the order of the layers.
        for written in [pool.submit(write, name) for name in layers]:
            written.result()


def _writer(
    path: Path, layer: Layer, model: MapModel, grid: Grid, options: MapOptions
) -> CogWriter:
    codes = layer.dtype == "uint8"
    return CogWriter(
        path,
        grid,
        dtype=stored_type(layer, options.encoding),
        nodata=float(Decision.NO_DATA) if codes else stored_nodata(layer, options.encoding),
        tags={
            **layer_tags(model, layer.name),
            **encoding_tags(layer, options.encoding),
            **options.tags,
        },
        descriptions=[layer.title],
        units=[layer.unit],
        colormap=style_of(model, layer.name).gdal_colours() if codes else None,
        categorical=codes,
    )


def _check_grid(fitted: Grid, offered: Grid) -> None:
    if not fitted.aligned_with(offered):
        raise GridError(
            f"The covariates lie on a grid of {offered.crs}, {offered.shape} cells of "
            f"{offered.resolution} in {offered.region}, the model on one of {fitted.crs}, "
            f"{fitted.shape} cells of {fitted.resolution} in {fitted.region}. "
            "Align the covariates to the grid of the model, or fit the model again."
        )
