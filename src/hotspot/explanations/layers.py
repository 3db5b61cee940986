"""Explanations as map layers, one window at a time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.estimators.fitted import FittedModel
from hotspot.explanations.background import Background
from hotspot.explanations.roles import dominant_role
from hotspot.explanations.scales import player_values
from hotspot.explanations.traits import is_additive, with_location
from hotspot.explanations.values import group_values
from hotspot.grid import Coordinates

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
    """

    roles: tuple[str, ...]
    contributions: NDArray[np.float32]
    drivers: NDArray[np.uint8]


def role_layers(
    model: FittedModel,
    X: pd.DataFrame,
    positions: NDArray[np.int64],
    shape: tuple[int, int],
    *,
    coordinates: Coordinates | None = None,
    background: Background | None = None,
) -> RoleLayers:
    """Return the contributions of roles and the dominant role over one window.

    Where the model is no sum over covariates, roles themselves are the players of the
    Shapley values. That costs up to ``(2**n_roles - 2) * len(background) + 1`` predictions
    per cell, with the coordinates as a role; fewer where a role has few different values. A
    Gaussian process of some hundred samples gives about 150 000 predictions a second, so
    that a background of 24 and 3 roles take a second per 1000 cells, and 6 roles ten times
    as long; with a quantile forest in an ensemble each prediction takes thirty times longer.
    For a map of millions of cells take a smaller background, or leave role layers out.

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

    Raises
    ------
    ModelError
        Cells and positions differ in number, a position lies outside the window, or
        something is missing that the model needs.
    """
    if is_additive(model):
        explained = group_values(model, X, groups=model.catalogue.by_role())
    else:
        model.catalogue.check_names([str(name) for name in X.columns])
        explained = player_values(
            model,
            X,
            players=with_location(model.catalogue.by_role(), model),
            coordinates=coordinates,
            background=background,
        )
    # As the rasters hold them, so that the dominant role follows from these.
    layers = scatter(explained.values.T.astype(np.float32), positions, shape)
    return with_drivers(explained.names, layers)


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
