"""From a fitted model and a stack of covariates to the rasters of a map, window by window."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot import __version__
from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import GridError, ModelError
from hotspot.grid import Coordinates, Grid, Window
from hotspot.maps.decision import Decision, DecisionRule, decide, inside_applicability
from hotspot.maps.encoding import (
    Encoding,
    as_stored,
    encoding_tags,
    stored_nodata,
    stored_type,
)
from hotspot.maps.engine import aligned_windows, overlapped
from hotspot.maps.layers import LAYERS, Layer, MapModel, Values, check_layers
from hotspot.maps.store import FinishedWindows, Work, check_space
from hotspot.maps.styles import style_of
from hotspot.maps.tags import layer_tags
from hotspot.maps.write import appear_together
from hotspot.rasters import CogWriter, bounded_cache

MapArray = NDArray[np.float32] | NDArray[np.uint8]

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
    encoding: Encoding = "full"
    work: Work | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    tell: Callable[[str], None] = _silent


class CovariateStack(Protocol):
    """What a map asks of a stack of covariates."""

    @property
    def catalogue(self) -> Catalogue:
        """The covariates, in order."""
        ...

    @property
    def grid(self) -> Grid:
        """The grid of all of them."""
        ...

    def frame(self, window: Window, /) -> tuple[pd.DataFrame, NDArray[np.int64]]:
        """Return the cells where nothing is missing, and their flat positions."""
        ...


def predict_window(
    model: MapModel,
    frame: pd.DataFrame,
    *,
    positions: NDArray[np.int64],
    grid: Grid,
    layers: Sequence[str],
    rule: DecisionRule,
    encoding: Encoding = "full",
) -> dict[str, MapArray]:
    """Return the layers of one window as arrays of its shape.

    Parameters
    ----------
    model : MapModel
        The fitted model.
    frame : DataFrame, shape (n_cells, n_covariates)
        The cells of the window where no covariate is missing.
    positions : array of int, shape (n_cells,)
        Their places in the flattened window, row by row.
    grid : Grid
        The grid of the window itself, as `Grid.crop` gives it.
    layers : sequence of str
        Names from `LAYERS`.
    rule : DecisionRule
        Cuts of the decision layer.
    encoding : str
        How the layers will be stored. Numbers are rounded to what a reader will get, before
        the decision is made of them.

    Returns
    -------
    dict of array, shape (rows, cols)
        float32 with NaN, or uint8 with 255, where a covariate is missing. A probability
        that the model cannot know is NaN too, and the decision there is "cannot say".

    Raises
    ------
    ModelError
        The model cannot give a layer, or gives something other than one number per row, or
        a probability outside [0, 1].
    """
    check_layers(model, layers)
    rows, cols = np.divmod(positions, grid.shape[1])
    coordinates = grid.centres(rows, cols)
    asked = list(layers)
    if "decision" in asked:
        asked += [name for name in ("probability", "dissimilarity") if name not in asked]
    # Complete cells of each layer as stored; what another follows from comes first, and once.
    cells: dict[str, NDArray[np.float32]] = {}
    for layer in _in_order(asked):
        source = None if layer.source is None else cells[layer.source]
        found = _values(model, layer, frame, coordinates, source)
        cells[layer.name] = as_stored(found.astype(np.float32), layer, encoding)
    arrays: dict[str, MapArray] = {
        name: _spread(values, positions, grid.shape) for name, values in cells.items()
    }
    area = model.applicability
    if "decision" in asked and area is not None:
        inside = inside_applicability(arrays["dissimilarity"], float(area.threshold_))
        decision = decide(arrays["probability"], inside, rule)
        # A complete cell without a probability is a class of ground that no sample had:
        # there is data, but no answer.
        unknown = np.isnan(arrays["probability"]).ravel()[positions]
        decision.ravel()[positions[unknown]] = Decision.CANNOT_SAY
        arrays["decision"] = decision
    return {name: arrays[name] for name in layers}


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

    def read(number: int) -> tuple[pd.DataFrame, NDArray[np.int64]]:
        return stack.frame(windows[number])

    def compute(
        number: int, complete: tuple[pd.DataFrame, NDArray[np.int64]]
    ) -> dict[str, MapArray]:
        frame, positions = complete
        return predict_window(
            model,
            frame,
            positions=positions,
            grid=stack.grid.crop(windows[number]),
            layers=layers,
            rule=rule,
            encoding=options.encoding,
        )

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
        for number, arrays in overlapped(missing, read, compute, threads=options.threads):
            finished.add(number, arrays)
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
    for layer in (LAYERS[name] for name in layers):
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
    kinds = {name: LAYERS[name].dtype for name in layers}
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
        with _writer(hidden / f"{name}.tif", LAYERS[name], model, grid, options) as writer:
            for window, array in finished.read(name):
                writer.write(window, array)

    with ThreadPoolExecutor(options.threads, thread_name_prefix="write") as pool:
        # Errors come here in the order of the layers.
        for written in [pool.submit(write, name) for name in layers]:
            written.result()


def _in_order(names: Sequence[str]) -> list[Layer]:
    """Return the layers to compute for these, each after the one that it follows from."""
    found: dict[str, Layer] = {}
    for name in names:
        chain = [LAYERS[name]]
        while chain[-1].source is not None:
            chain.append(LAYERS[chain[-1].source])
        found.update((layer.name, layer) for layer in reversed(chain))
    return [layer for layer in found.values() if layer.compute is not None]


def _values(
    model: MapModel,
    layer: Layer,
    frame: pd.DataFrame,
    coordinates: Coordinates,
    source: NDArray[np.float32] | None,
) -> Values:
    # Learners refuse a table without rows, and a window over the sea has none.
    if frame.empty or layer.compute is None:
        return np.empty(0, dtype=np.float64)
    if source is None or layer.derive is None:
        given = layer.compute(model, frame, coordinates)
    else:
        given = layer.derive(model, source.astype(np.float64))
    values = np.asarray(given, dtype=np.float64)
    if values.shape != (len(frame),):
        raise ModelError(
            f"The model gave numbers of the shape {values.shape} for the {layer.name} of "
            f"{len(frame)} cells. A layer needs one number for each cell; fit the model again."
        )
    # NaN passes: a model may say that it does not know a place.
    if layer.name == "probability" and ((values < 0.0) | (values > 1.0)).any():
        raise ModelError(
            f"The model gave probabilities from {np.nanmin(values):g} to "
            f"{np.nanmax(values):g}. They must lie in [0, 1]; check its calibration."
        )
    return values


def _spread(
    values: NDArray[np.float32], positions: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Put values at their positions in a window that is missing elsewhere."""
    array = np.full(shape[0] * shape[1], np.nan, dtype=np.float32)
    array[positions] = values
    return array.reshape(shape)


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
