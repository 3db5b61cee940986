"""Rejected rows: each keeps the first reason that speaks against it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
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


class Reasons:
    """The first reason against each of some rows, held as whole columns.

    Parameters
    ----------
    rows : int
        How many there are.

    Attributes
    ----------
    given : array of bool, shape (rows,)
        Whether something speaks against a row.
    kinds, details : array of str, shape (rows,)
        As in `Rejection`; empty where nothing does.

    Examples
    --------
    >>> reasons = Reasons(3)
    >>> reasons.mark(np.array([True, False, True]), "unit missing")
    >>> reasons.mark(np.array([True, True, False]), "value missing")
    >>> [reasons.text_of(place) for place in range(3)]
    ['unit missing', 'value missing', 'unit missing']
    """

    def __init__(self, rows: int) -> None:
        self.given: NDArray[np.bool_] = np.zeros(rows, dtype=np.bool_)
        self.kinds: NDArray[np.object_] = np.full(rows, "", dtype=object)
        self.details: NDArray[np.object_] = np.full(rows, "", dtype=object)

    def mark(self, rows: NDArray[np.bool_], kind: Any, detail: Any = "") -> None:
        """Give rows, a mask, a reason; those that have one keep it.

        Kind and detail are one text, or one for each row of the whole table. A function is
        called once for each different text, given as ``(texts, function)``.
        """
        fresh = rows & ~self.given
        if not fresh.any():
            return
        self.kinds[fresh] = _told(kind, fresh)
        self.details[fresh] = _told(detail, fresh)
        self.given |= fresh

    def spread(self, places: NDArray[np.int64], rows: int) -> "Reasons":
        """Return the reasons among more rows, given the place of each of these."""
        wider = Reasons(rows)
        wider.given[places] = self.given
        wider.kinds[places] = self.kinds
        wider.details[places] = self.details
        return wider

    def text_of(self, place: int) -> str:
        """Return the reason against one row, empty for none."""
        return Rejection(str(self.kinds[place]), str(self.details[place])).text

    def texts(self, places: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return the reasons against some rows as `rejected.parquet` holds them."""
        kinds, details = self.kinds[places], self.details[places]
        colon = np.where(details == "", "", ": ").astype(object)
        return np.asarray(kinds + colon + details, dtype=object)


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
    reasons : Reasons
        Of the rows that are out.
    ledger : Ledger
        One step per call of `reject`.
    """

    def __init__(self, rows: int) -> None:
        self.kept: NDArray[np.bool_] = np.ones(rows, dtype=np.bool_)
        self.reasons = Reasons(rows)
        self.ledger = Ledger()

    @property
    def places(self) -> NDArray[np.int64]:
        """Positions of the rows that are still in."""
        return np.flatnonzero(self.kept)

    def reject(self, step: str, reasons: Reasons) -> None:
        """Take rows out, and write the step into the ledger."""
        rows_in = int(self.kept.sum())
        fresh = reasons.given & self.kept
        self.reasons.mark(fresh, reasons.kinds, reasons.details)
        self.kept &= ~fresh
        self.ledger = self.ledger.then(step, rows_in, reasons.kinds[fresh].tolist())


def per_text(texts: "pd.Series[str]", function: Callable[[str], Any]) -> NDArray[np.object_]:
    """Return what a function makes of each text, called once for each different one."""
    codes, different = pd.factorize(texts)
    made = np.empty(len(different), dtype=object)
    made[:] = [function(str(text)) for text in different]
    return made[codes]


def _told(said: Any, rows: NDArray[np.bool_]) -> Any:
    if isinstance(said, str):
        return said
    if isinstance(said, tuple):
        texts, function = said
        return per_text(texts[rows], function)
    return np.asarray(said, dtype=object)[rows]
