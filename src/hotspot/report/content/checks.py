"""What every part of a report must hold."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import GridError, OutputError, few
from hotspot.grid import Grid


def need_columns(table: pd.DataFrame | None, columns: Sequence[str], what: str) -> None:
    """Refuse a table that lacks columns which the page reads."""
    missing = [] if table is None else [name for name in columns if name not in table.columns]
    if missing:
        raise OutputError(
            f"The {what} table of the report has no column {few(missing)}; it has "
            f"{few(map(str, () if table is None else table.columns), 10)}. "
            "Give the missing columns, or None for the whole table."
        )


def need_shape(
    grid: Grid,
    name: str,
    layer: NDArray[np.float64] | NDArray[np.uint8] | NDArray[np.bool_] | None,
) -> None:
    """Refuse a layer that is not of the shape of its grid."""
    if layer is not None and layer.shape != grid.shape:
        raise GridError(
            f"The {name} layer has shape {layer.shape} and its grid {grid.shape}. "
            "Give the grid of the array that is drawn, reduced as the array was."
        )
