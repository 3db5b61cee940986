"""The error profile: what error left-out samples had, by how unlike the others they were."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError, few

Values = NDArray[np.float64]

PROFILE_COLUMNS = (
    "dissimilarity",
    "largest",
    "n",
    "brier",
    "brier_lower",
    "brier_upper",
    "coverage_90",
    "coverage_90_lower",
    "coverage_90_upper",
)


@dataclass(frozen=True)
class ErrorProfile:
    """Expected error along the dissimilarity index, as far as left-out samples reach.

    Parameters
    ----------
    table : DataFrame
        Columns `PROFILE_COLUMNS`, a row per class of the index: its mean and largest index,
        the predictions in it, the expected Brier score with its 90 % band, and the expected
        share of values within their 90 % interval with its band (NaN for a model without
        intervals).

    Raises
    ------
    ModelError
        Columns are missing, or there is no row.

    Examples
    --------
    >>> table = pd.DataFrame([[0.1, 0.2, 50, 0.08, 0.06, 0.1, 0.9, 0.85, 0.95],
    ...                       [0.4, 0.6, 50, 0.16, 0.1, 0.2, 0.9, 0.85, 0.95]])
    >>> profile = ErrorProfile(table.set_axis(list(PROFILE_COLUMNS), axis=1))
    >>> profile.expected_brier(np.array([0.0, 0.25, 0.5, 0.7]))
    array([0.08, 0.12, 0.16,  nan])
    """

    table: pd.DataFrame

    def __post_init__(self) -> None:
        missing = [name for name in PROFILE_COLUMNS if name not in self.table.columns]
        if missing or self.table.empty:
            raise ModelError(
                f"An error profile of {len(self.table)} rows lacks the columns "
                f"{few(missing) or 'none'}. Give {few(PROFILE_COLUMNS, 9)} and a row or more."
            )

    @property
    def reach(self) -> float:
        """The largest dissimilarity that a left-out sample had."""
        return float(self.table["largest"].iloc[-1])

    def expected_brier(self, dissimilarity: Values) -> Values:
        """Return the expected Brier score; NaN where no left-out sample was as unlike."""
        index = np.asarray(dissimilarity, dtype=np.float64)
        found = np.interp(
            index,
            self.table["dissimilarity"].to_numpy(dtype=np.float64),
            self.table["brier"].to_numpy(dtype=np.float64),
        )
        return np.where(index <= self.reach, found, np.nan)

    def to_dict(self) -> dict[str, Any]:
        """Return the profile as plain values, a list per column; None for NaN."""
        return {
            name: [
                None if np.isnan(value) else float(value)
                for value in self.table[name].to_numpy(dtype=np.float64)
            ]
            for name in PROFILE_COLUMNS
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the profile that `to_dict` described."""
        columns = {
            name: np.array(
                [np.nan if value is None else value for value in values[name]],
                dtype=np.float64,
            )
            for name in PROFILE_COLUMNS
        }
        return cls(pd.DataFrame(columns).astype({"n": np.int64}))
