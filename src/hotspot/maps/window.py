"""One window of a map: what is asked of the model, and the arrays that come of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import ModelError
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.table import asked_about
from hotspot.grid import Coordinates, Grid, Window
from hotspot.maps.decision import Decision, DecisionRule, decide, inside_applicability
from hotspot.maps.encoding import Encoding, as_stored
from hotspot.maps.layers import Layer, check_layers, layer_named
from hotspot.maps.model import MapModel, Values
from hotspot.maps.store import pack_layers

MapArray = NDArray[np.float32] | NDArray[np.uint8]
Complete = tuple[pd.DataFrame, NDArray[np.int64]]
"""The cells of a window where nothing is missing, and their flat positions."""


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


@dataclass(frozen=True)
class MapJob:
    """All that the windows of a map are computed with, apart from the covariates.

    Values only, so that it can be sent to another process.

    Parameters
    ----------
    model : MapModel
        The fitted model.
    grid : Grid
        Of the map.
    windows : tuple of Window
        All of them; a window is asked for by its number here.
    layers, rule, encoding
        As in `predict_window`.
    """

    model: MapModel
    grid: Grid
    windows: tuple[Window, ...]
    layers: tuple[str, ...]
    rule: DecisionRule
    encoding: Encoding = "full"

    def read(self, stack: CovariateStack, number: int) -> Complete:
        """Return what a window needs of the covariates."""
        return stack.frame(self.windows[number])

    def compute(self, number: int, complete: Complete) -> dict[str, MapArray]:
        """Return the layers of a window."""
        frame, positions = complete
        return predict_window(
            self.model,
            frame,
            positions=positions,
            grid=self.grid.crop(self.windows[number]),
            layers=self.layers,
            rule=self.rule,
            encoding=self.encoding,
        )

    def packed(self, number: int, complete: Complete) -> dict[str, bytes]:
        """Return the layers of a window as they are kept until the map is complete."""
        return pack_layers(self.compute(number, complete))


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
    portion = max(len(frame), 1)
    if isinstance(model, FittedModel):
        portion = min(portion, model.rows_at_once)
        model = model.asked_once()
    rows, cols = np.divmod(positions, grid.shape[1])
    coordinates = grid.centres(rows, cols)
    asked = list(layers)
    if "decision" in asked:
        asked += [name for name in ("probability", "dissimilarity") if name not in asked]
    ordered = _in_order(asked)
    cells = {layer.name: np.empty(len(frame), dtype=np.float32) for layer in ordered}
    # A window over the sea has no cell, and learners refuse a table without rows.
    for start in range(0, len(frame), portion):
        some = slice(start, start + portion)
        with asked_about("cells"):
            found = _stored(model, ordered, frame.iloc[some], coordinates[some], encoding)
        for name, values in found.items():
            cells[name][some] = values
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


def _in_order(names: Sequence[str]) -> list[Layer]:
    """Return the layers to compute for these, each after the one that it follows from."""
    found: dict[str, Layer] = {}
    for name in names:
        chain = [layer_named(name)]
        while chain[-1].source is not None:
            chain.append(layer_named(chain[-1].source))
        found.update((layer.name, layer) for layer in reversed(chain))
    return [layer for layer in found.values() if layer.compute is not None]


def _stored(
    model: MapModel,
    layers: Sequence[Layer],
    frame: pd.DataFrame,
    coordinates: Coordinates,
    encoding: Encoding,
) -> dict[str, NDArray[np.float32]]:
    """Return each layer of some cells as a reader of the map will get it.

    What another layer follows from comes first, and is computed once.
    """
    cells: dict[str, NDArray[np.float32]] = {}
    for layer in layers:
        source = None if layer.source is None else cells[layer.source]
        found = _values(model, layer, frame, coordinates, source)
        cells[layer.name] = as_stored(found.astype(np.float32), layer, encoding)
    return cells


def _values(
    model: MapModel,
    layer: Layer,
    frame: pd.DataFrame,
    coordinates: Coordinates,
    source: NDArray[np.float32] | None,
) -> Values:
    given: Any = None
    if source is not None and layer.derive is not None:
        given = layer.derive(model, source.astype(np.float64))
    elif layer.compute is not None:
        given = layer.compute(model, frame, coordinates)
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
