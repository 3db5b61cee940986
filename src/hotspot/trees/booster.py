"""A LightGBM booster with a quick way for many rows and the same answers."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.trees.ensemble import TreeEnsemble, Values
from hotspot.trees.lightgbm_text import read_trees
from hotspot.trees.patience import Patience
from hotspot.trees.predict import LeafMasks
from hotspot.trees.quantise import Codes
from hotspot.trees.shap import PatternTables

# Seconds that a row takes per tree in LightGBM, and that a tree takes to become masks.
_PLAIN_ROW = 4e-8
_MASKS = 5e-4
# Seconds that contributions without compiled loops take per part of a tree and portion of
# rows, and per row and look-up.
_PLAIN_PART = 2.5e-5
_PLAIN_LOOK_UP = 2.5e-8


class Booster(Protocol):
    """What is asked of LightGBM's booster."""

    def predict(self, data: Any, **options: Any) -> Any:
        """Return raw scores or contributions."""
        ...

    def num_trees(self) -> int:
        """Return the number of trees."""
        ...

    def model_to_string(self) -> str:
        """Return the model as text."""
        ...


class BoosterTrees:
    """The trees of a booster: sums and contributions, by LightGBM or by compiled loops.

    Few rows are answered by LightGBM, whose way costs nothing to prepare. Once rows have
    taken as long as the compiled loops take to get ready, these go on; sums are the same to
    the last bit. Contributions always come from `PatternTables`, with or without compiled
    loops to the last bit the same, so that they do not depend on how many rows are asked at
    once; only where no tables can be made do they come from LightGBM.

    Parameters
    ----------
    booster : lightgbm.Booster
        As it will stay: later training is not seen.

    Examples
    --------
    >>> import lightgbm
    >>> rows = np.arange(100.0).reshape(-1, 1)
    >>> options = {"objective": "regression", "verbose": -1, "num_threads": 1}
    >>> data = lightgbm.Dataset(rows, label=rows[:, 0] > 40, params=options)
    >>> trees = BoosterTrees(lightgbm.train(options, data, num_boost_round=5))
    >>> shares, base = trees.contributions(rows)
    >>> bool(np.allclose(trees.sums(rows), base + shares[:, 0], rtol=0, atol=1e-12))
    True
    >>> trees.reason
    ''
    """

    def __init__(self, booster: Booster) -> None:
        self.booster = booster
        self._patience = Patience()
        self._tables: dict[tuple[int, ...] | None, PatternTables | str] = {}

    def __reduce__(self) -> tuple[Callable[[str], "BoosterTrees"], tuple[str]]:
        """Travel as text; the process that receives the same trees again has them ready."""
        return _received, (self.booster.model_to_string(),)

    @property
    def reason(self) -> str:
        """Why sums always come from LightGBM; empty where they need not."""
        return self._masks if isinstance(self._masks, str) else ""

    def sums(self, rows: NDArray[np.floating], *, n_threads: int = 1) -> Values:
        """Return the raw score at each row, shape (n,).

        Parameters
        ----------
        rows : array, shape (n, n_columns)
            As LightGBM takes them; NaN is a missing value.
        n_threads : int
            Threads; the sums do not depend on it.
        """
        n_trees = self.booster.num_trees()
        prepare = 0.0 if "_masks" in self.__dict__ else n_trees * _MASKS
        if self._patience.is_over(len(rows) * n_trees * _PLAIN_ROW, prepare=prepare):
            masks = self._masks
            if isinstance(masks, LeafMasks):
                return masks.sums(rows, n_threads=n_threads)
        raw = self.booster.predict(rows, raw_score=True, num_threads=n_threads)
        return np.asarray(raw, dtype=np.float64)

    def contributions(
        self,
        rows: NDArray[np.floating],
        *,
        groups: Sequence[int] | None = None,
        n_threads: int = 1,
    ) -> tuple[Values, float]:
        """Return exact path-dependent SHAP values of the raw score, and their base.

        Parameters
        ----------
        rows : array, shape (n, n_columns)
            As in `sums`.
        groups : sequence of int, shape (n_columns,), optional
            Number of the group of each column, from 0: contributions are summed by group.
        n_threads : int
            Threads; the contributions do not depend on it.

        Returns
        -------
        values : array, shape (n, n_columns) or (n, n_groups)
            They add up to the raw score, with the base.
        base : float
            Raw score of an average training sample.
        """
        key = None if groups is None else tuple(int(group) for group in groups)
        if key not in self._tables:
            self._tables[key] = self._make_tables(key)
        tables = self._tables[key]
        if isinstance(tables, str):
            return self._slow_contributions(rows, key, n_threads)
        plain = len(rows) * tables.n_look_ups * _PLAIN_LOOK_UP + tables.n_parts * _PLAIN_PART
        if self._patience.is_over(plain):
            return tables.contributions(rows, n_threads=n_threads), tables.base
        return tables.plain_contributions(rows), tables.base

    def why_slow(self, groups: Sequence[int] | None = None) -> str:
        """Return why contributions come from LightGBM; empty where they need not."""
        key = None if groups is None else tuple(int(group) for group in groups)
        if key not in self._tables:
            self._tables[key] = self._make_tables(key)
        tables = self._tables[key]
        return tables if isinstance(tables, str) else ""

    @cached_property
    def _ensemble(self) -> TreeEnsemble:
        return read_trees(self.booster.model_to_string())

    @cached_property
    def _codes(self) -> Codes:
        return Codes.of(self._ensemble)

    @cached_property
    def _masks(self) -> LeafMasks | str:
        try:
            return LeafMasks.of(self._ensemble, self._codes)
        except ModelError as error:
            return str(error)

    def _make_tables(self, groups: tuple[int, ...] | None) -> PatternTables | str:
        try:
            return PatternTables.of(self._ensemble, self._codes, groups)
        except ModelError as error:
            return str(error)

    def _slow_contributions(
        self, rows: NDArray[np.floating], groups: tuple[int, ...] | None, n_threads: int
    ) -> tuple[Values, float]:
        given = self.booster.predict(rows, pred_contrib=True, num_threads=n_threads)
        shares = np.asarray(given, dtype=np.float64)
        values, base = shares[:, :-1], float(shares[0, -1]) if len(shares) else 0.0
        if groups is not None:
            summed = np.zeros((len(values), max(groups) + 1))
            for column, group in enumerate(groups):
                summed[:, group] += values[:, column]
            values = summed
        return values, base


# Trees that came from other processes, by the hash of their text: a worker that is given the
# same model for map after map makes its masks and tables once.
_RECEIVED: OrderedDict[str, BoosterTrees] = OrderedDict()
_MOST_RECEIVED = 2


def _received(text: str) -> BoosterTrees:
    import lightgbm

    key = sha256(text.encode()).hexdigest()
    if key not in _RECEIVED:
        _RECEIVED[key] = BoosterTrees(lightgbm.Booster(model_str=text))
        if len(_RECEIVED) > _MOST_RECEIVED:
            _RECEIVED.popitem(last=False)
    return _RECEIVED[key]
