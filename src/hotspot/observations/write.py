"""Writing the observation table and what was rejected."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from hotspot.files import replaced_file
from hotspot.observations.table import check_observations

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def write_observations(
    observations: "GeoDataFrame", rejected: pd.DataFrame, folder: Path | str
) -> tuple[Path, Path]:
    """Write ``observations.parquet`` and ``rejected.parquet`` and return their paths.

    Each takes its place only when both are whole, so that the folder never holds one half of
    a result. The same tables give the same bytes.

    Parameters
    ----------
    observations : GeoDataFrame
        An observation table with points; becomes GeoParquet.
    rejected : DataFrame
        Rows with reasons.
    folder : path
        Made if need be.

    Raises
    ------
    OutputError
        The folder or a file cannot be written; nothing half-written is left behind.
    ObservationError
        The table is no observation table.
    """
    check_observations(observations)
    first = Path(folder) / "observations.parquet"
    second = Path(folder) / "rejected.parquet"
    with replaced_file(first) as beside_first:
        observations.to_parquet(beside_first, index=False, compression="zstd")
        with replaced_file(second) as beside_second:
            rejected.to_parquet(beside_second, index=False, compression="zstd")
    return first, second
