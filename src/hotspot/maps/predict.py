"""From a fitted model and a stack of covariates to the rasters of a map, window by window."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import GridError, ModelError
from hotspot.grid import Coordinates, Grid, Window
from hotspot.maps.decision import Decision, DecisionRule, decide, inside_applicability
from hotspot.maps.layers import LAYERS, Layer, MapModel, Values, check_layers
from hotspot.maps.styles import style_of
from hotspot.maps.tags import layer_tags
from hotspot.maps.write import appear_together
from hotspot.rasters import CogWriter

MapArray = NDArray[np.float32] | NDArray[np.uint8]


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
    arrays: dict[str, MapArray] = {}
    for layer in (LAYERS[name] for name in asked):
        if layer.compute is not None:
            arrays[layer.name] = _spread(
                _values(model, layer, frame, coordinates), positions, grid.shape
            )
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
    tags: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Path]:
    """Write the layers of a map as cloud-optimised GeoTIFFs, in one pass over the windows.

    Every cell gets the number that the model gives for its row alone: the size of the
    windows changes the memory, not the map. Memory holds one window of covariates and of
    layers, about ``8 * window_size**2 * (n_covariates + n_layers + 2)`` bytes, beside the
    model and GDAL's cache.

    The rasters are written under a hidden name and moved into the folder once all are
    complete, replacing older ones. If anything fails before, the folder is as it was.

    Parameters
    ----------
    model : MapModel
        The fitted model.
    stack : CovariateStack
        Covariates on the grid and in the order of the model.
    folder : Path
        Where the rasters appear, named ``<layer>.tif``.
    layers : sequence of str
        Names from `LAYERS`.
    rule : DecisionRule
        Cuts of the decision layer.
    window_size : int, cells
        Side of a window; a multiple of the tiles of the covariates reads fastest.
    tags : mapping of str to str, optional
        Facts of the run to write into every raster beside those of the model.
    progress : callable, optional
        Called with (windows done, windows in all) after each window.

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
        The rasters cannot be written.
    """
    check_layers(model, layers)
    model.catalogue.check_names(stack.catalogue.names)
    _check_grid(model.grid, stack.grid)
    if window_size < 1:
        raise GridError(f"A window of {window_size} cells holds no cell. Give 256 or more.")
    windows = list(stack.grid.windows(window_size))
    with appear_together(folder) as hidden, ExitStack() as open_files:
        writers = {
            name: open_files.enter_context(
                _writer(hidden / f"{name}.tif", LAYERS[name], model, stack.grid, tags or {})
            )
            for name in layers
        }
        for done, (window, arrays) in enumerate(
            _predicted(model, stack, windows, layers, rule), start=1
        ):
            for name, array in arrays.items():
                writers[name].write(window, array)
            if progress is not None:
                progress(done, len(windows))
    return {name: folder / f"{name}.tif" for name in layers}


def _predicted(
    model: MapModel,
    stack: CovariateStack,
    windows: Sequence[Window],
    layers: Sequence[str],
    rule: DecisionRule,
) -> Iterator[tuple[Window, dict[str, MapArray]]]:
    for window in windows:
        frame, positions = stack.frame(window)
        grid = stack.grid.crop(window)
        yield (
            window,
            predict_window(
                model, frame, positions=positions, grid=grid, layers=layers, rule=rule
            ),
        )


def _values(
    model: MapModel, layer: Layer, frame: pd.DataFrame, coordinates: Coordinates
) -> Values:
    # Learners refuse a table without rows, and a window over the sea has none.
    if frame.empty or layer.compute is None:
        return np.empty(0, dtype=np.float64)
    values = np.asarray(layer.compute(model, frame, coordinates), dtype=np.float64)
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
    values: Values, positions: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Put values at their positions in a window that is missing elsewhere."""
    array = np.full(shape[0] * shape[1], np.nan, dtype=np.float32)
    array[positions] = values
    return array.reshape(shape)


def _writer(
    path: Path, layer: Layer, model: MapModel, grid: Grid, facts: Mapping[str, str]
) -> CogWriter:
    codes = layer.dtype == "uint8"
    return CogWriter(
        path,
        grid,
        dtype=layer.dtype,
        nodata=float(Decision.NO_DATA) if codes else layer.nodata,
        tags={**layer_tags(model, layer.name), **facts},
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
