"""Rejected rows: each keeps the first reason that speaks against it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotspot.observations.ledger import Ledger


@dataclass(frozen=True)
class Rejection:
    """Why a row cannot be an observation.

    Parameters
    ----------
    kind : str
        What the ledger counts, such as ``unit unknown``.
    detail : str
        What only this row has, such as the unit itself.
    """

    kind: str
    detail: str = ""

    @property
    def text(self) -> str:
        """The reason as it stands in `rejected.parquet`."""
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


class Sieve:
    """Rows on their way through the checks; a row that fell out never comes back.

    Parameters
    ----------
    rows : int
        How many there are.

    Attributes
    ----------
    kept : array of bool, shape (rows,)
        Whether a row is still in.
    reasons : dict of Rejection
        By position, for the rows that are out.
    ledger : Ledger
        One step per call of `reject`.
    """

    def __init__(self, rows: int) -> None:
        self.kept: NDArray[np.bool_] = np.ones(rows, dtype=np.bool_)
        self.reasons: dict[int, Rejection] = {}
        self.ledger = Ledger()

    @property
    def positions(self) -> list[int]:
        """Positions of the rows that are still in."""
        return [int(position) for position in np.flatnonzero(self.kept)]

    def reject(self, step: str, rejections: Mapping[int, Rejection]) -> None:
        """Take rows out, given by position, and write the step into the ledger."""
        rows_in = int(self.kept.sum())
        fresh = {place: why for place, why in rejections.items() if self.kept[place]}
        self.kept[list(fresh)] = False
        self.reasons |= fresh
        self.ledger = self.ledger.then(step, rows_in, [why.kind for why in fresh.values()])
