"""Places at the door of a model that learns from them."""

import numpy as np

from hotspot.errors import ModelError
from hotspot.grid import Coordinates


def check_places(
    coordinates: Coordinates | None, n: int, *, learner: str, complete: bool = False
) -> Coordinates:
    """Return the coordinates of n rows, shape (n, 2).

    Parameters
    ----------
    coordinates : array, shape (n, 2), optional
        Easting and northing.
    n : int
        Rows of the covariates.
    learner : str
        Who asks, for the error.
    complete : bool
        Whether all must be known, as those of samples.

    Raises
    ------
    ModelError
        There are none, not one pair per row, or some are missing that may not be.

    Examples
    --------
    >>> check_places(np.zeros((2, 2)), 2, learner="Kriging").shape
    (2, 2)
    """
    if coordinates is None:
        raise ModelError(
            f"{learner} needs places, but {n} rows came without coordinates. "
            "Give easting and northing."
        )
    places = np.ascontiguousarray(coordinates, dtype=np.float64)
    if places.shape != (n, 2):
        raise ModelError(
            f"There are {n} rows of covariates but coordinates of shape {places.shape}. "
            "Give easting and northing of each row."
        )
    gaps = int((~np.isfinite(places)).any(axis=1).sum())
    if complete and gaps:
        raise ModelError(
            f"{gaps} of {n} samples have no coordinates. Drop these samples before fitting."
        )
    return places
