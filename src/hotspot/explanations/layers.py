"""Explanations as map layers, one window at a time."""

from dataclasses import dataclass, replace
from math import ceil, sqrt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.estimators.fitted import FittedModel
from hotspot.explanations.background import Background
from hotspot.explanations.roles import dominant_role
from hotspot.explanations.scales import Scale, scale_worths
from hotspot.explanations.traits import has_distribution, is_additive, with_location
from hotspot.explanations.values import group_values
from hotspot.grid import Coordinates, Window

# Code of a cell without an explanation in the layer of drivers.
NO_DRIVER = 255


@dataclass(frozen=True)
class RoleLayers:
    """Contributions of roles over one window.

    Parameters
    ----------
    roles : tuple of str
        One per layer; the code of a driver is its position here.
    contributions : array, shape (n_roles, rows, cols), log-odds
        NaN where there is no explanation.
    drivers : uint8 array, shape (rows, cols)
        Position of the role with the largest absolute contribution; 255 for none.
    widths : array, shape (n_roles, rows, cols), ln(mg/kg), optional
        Contributions to the width of the 90 % interval, of a model that knows the
        concentration.
    """

    roles: tuple[str, ...]
    contributions: NDArray[np.float32]
    drivers: NDArray[np.uint8]
    widths: NDArray[np.float32] | None = None

    def crop(self, row: int, col: int, shape: tuple[int, int]) -> "RoleLayers":
        """Return a part of the window, from a row and a column on."""
        part = (slice(row, row + shape[0]), slice(col, col + shape[1]))
        widths = None if self.widths is None else self.widths[:, *part]
        return RoleLayers(self.roles, self.contributions[:, *part], self.drivers[part], widths)


def role_layers(
    model: FittedModel,
    X: pd.DataFrame,
    positions: NDArray[np.int64],
    shape: tuple[int, int],
    *,
    coordinates: Coordinates | None = None,
    background: Background | None = None,
    step: int = 1,
    width_step: int | None = None,
) -> RoleLayers:
    """Return the contributions of roles and the dominant role over one window.

    Where the model is no sum over covariates, roles themselves are the players of the
    Shapley values. That costs up to ``(2**n_roles - 2) * len(background) + 1`` predictions
    per cell, with the coordinates as a role; fewer where a role has few different values. A
    Gaussian process of some hundred samples gives about 150 000 predictions a second, so
    that a background of 24 and 3 roles take a second per 1000 cells, and 6 roles ten times
    as long; with a quantile forest in an ensemble each prediction takes thirty times longer.
    Larger maps are explained at one cell in each block of `step` by `step` cells, which
    stands for the block.

    Parameters
    ----------
    model : FittedModel
        Any.
    X : DataFrame, shape (n, n_covariates)
        The complete cells of the window.
    positions : array, shape (n,)
        Where each stands in the flattened window, row by row.
    shape : tuple of int
        (rows, cols) of the window.
    coordinates, background : optional
        As in `shap_values`.
    step : int
        Side of a block in cells; blocks begin at the corner of the window.
    width_step : int, optional
        The same for the width of the interval, which costs three times as much a cell.

    Raises
    ------
    ModelError
        Cells and positions differ in number, a position lies outside the window, or
        something is missing that the model needs.
    """
    _check_positions(len(X), positions, shape)
    if is_additive(model):
        chosen, owner = thin(positions, shape[1], step)
        table = X.iloc[chosen].reset_index(drop=True)
        explained = group_values(model, table, groups=model.catalogue.by_role())
        # As the rasters hold them, so that the dominant role follows from these.
        layers = scatter(explained.values[owner].T.astype(np.float32), positions, shape)
        return with_drivers(explained.names, layers)

    def layers_of(scale: Scale, step: int) -> NDArray[np.float32]:
        chosen, owner = thin(positions, shape[1], step)
        found = scale_worths(
            model,
            X.iloc[chosen].reset_index(drop=True),
            players=with_location(model.catalogue.by_role(), model),
            coordinates=None if coordinates is None else coordinates[chosen],
            background=background,
            scales=(scale,),
        ).values(scale)
        return scatter(found.values[owner].T.astype(np.float32), positions, shape)

    told = with_drivers(layer_roles(model), layers_of("log-odds", step))
    if not has_distribution(model):
        return told
    return replace(told, widths=layers_of("width", width_step or step))


def with_drivers(roles: tuple[str, ...], contributions: NDArray[np.float32]) -> RoleLayers:
    """Return contributions of roles over one window with the dominant role of each cell.

    Parameters
    ----------
    roles : tuple of str
        One per layer.
    contributions : array, shape (n_roles, rows, cols), log-odds
        NaN where there is no explanation.
    """
    shape = (contributions.shape[1], contributions.shape[2])
    flat = contributions.reshape(len(roles), -1).T.astype(np.float64)
    positions = np.arange(len(flat), dtype=np.int64)
    return RoleLayers(roles, contributions, driver_codes(dominant_role(flat), positions, shape))


def thinning_step(n_cells: int, per_cell: int, most: int) -> int:
    """Return at every which cell, down and across, a map is explained within a budget.

    Parameters
    ----------
    n_cells : int
        Cells of the map.
    per_cell : int
        Predictions that the explanation of one cell takes.
    most : int
        Predictions that the map may take.

    Examples
    --------
    >>> thinning_step(8_000, 100, 1_000_000), thinning_step(500_000, 600, 20_000_000)
    (1, 4)
    """
    return max(1, ceil(sqrt(n_cells * per_cell / most)))


def grown_to_blocks(window: Window, step: int, shape: tuple[int, int]) -> Window:
    """Return a window grown to whole blocks of ``step`` cells a side, within the grid.

    Examples
    --------
    >>> grown_to_blocks(Window(7, 0, 5, 9), 5, (14, 20))
    Window(row=5, col=0, height=9, width=10)
    """
    top, left = window.row // step * step, window.col // step * step
    bottom = min(-(-(window.row + window.height) // step) * step, shape[0])
    right = min(-(-(window.col + window.width) // step) * step, shape[1])
    return Window(top, left, bottom - top, right - left)


def thin(
    positions: NDArray[np.int64], width: int, step: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the cell that stands for each block, and by which each cell is stood for.

    Blocks begin at the upper left corner of the window. For a block stands the complete cell
    next to its middle, the first of several as near.

    Parameters
    ----------
    positions : array, shape (n,)
        Where the complete cells stand in the flattened window, rising.
    width : int
        Cells of the window across.
    step : int
        Cells of a block along a side.

    Returns
    -------
    chosen : array, shape (n_blocks,)
        Of `positions`.
    owner : array, shape (n,)
        Of `chosen`, for each cell.

    Examples
    --------
    >>> thin(np.array([0, 1, 2, 5, 7]), 4, 2)  # two rows of four cells, two blocks
    (array([3, 4]), array([0, 0, 1, 0, 1]))
    """
    if step == 1:
        return np.arange(len(positions)), np.arange(len(positions))
    rows, cols = np.divmod(positions, width)
    block = rows // step * (width // step + 1) + cols // step
    middle = (step - 1) / 2
    # A middle between cells is the one below and right of it.
    off = np.hypot(rows % step - middle - 0.1, cols % step - middle - 0.1)
    order = np.lexsort((positions, off, block))
    _, first, owner = np.unique(block[order], return_index=True, return_inverse=True)
    owners = np.empty(len(positions), dtype=np.int64)
    owners[order] = owner.reshape(-1)
    return order[first], owners


def layer_roles(model: FittedModel) -> tuple[str, ...]:
    """Return the roles that `role_layers` gives layers of, in their order."""
    return tuple(with_location(model.catalogue.by_role(), model))


def driver_codes(
    dominant: NDArray[np.float64], positions: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.uint8]:
    """Return the dominant roles of cells as a layer of codes, 255 where there is none.

    Examples
    --------
    >>> driver_codes(np.array([1.0, np.nan]), np.array([0, 2]), (1, 3))
    array([[  1, 255, 255]], dtype=uint8)
    """
    _check_positions(len(dominant), positions, shape)
    codes = np.full(shape, NO_DRIVER, dtype=np.uint8)
    known = np.isfinite(dominant)
    codes.ravel()[positions[known]] = dominant[known].astype(np.uint8)
    return codes


def scatter(
    columns: NDArray[np.float32], positions: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Return values of cells as layers of shape (n_layers, rows, cols), NaN elsewhere."""
    _check_positions(columns.shape[1], positions, shape)
    layers = np.full((len(columns), shape[0] * shape[1]), np.nan, dtype=np.float32)
    layers[:, positions] = columns
    return layers.reshape(len(columns), *shape)


def _check_positions(
    n_cells: int, positions: NDArray[np.int64], shape: tuple[int, int]
) -> None:
    size = shape[0] * shape[1]
    outside = (positions < 0) | (positions >= size)
    if len(positions) != n_cells or outside.any():
        raise ModelError(
            f"{n_cells} cells were given with {len(positions)} positions, {int(outside.sum())} "
            f"of them outside a window of {size} cells. Give one position inside per cell."
        )
