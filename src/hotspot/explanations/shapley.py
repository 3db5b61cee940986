"""Shapley values of a function that is no sum: credit shared over all orders of players."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError, few
from hotspot.explanations.background import Background
from hotspot.grid import Coordinates

Values = NDArray[np.float64]

LogOdds = Callable[[pd.DataFrame, Coordinates], Values]
"""Log-odds of rows, shape (n,), from covariates and coordinates; NaN where unknown."""

# The player that holds easting and northing, and its name among columns.
LOCATION = "location"

# Players up to which all coalitions are asked for; 2**8 = 256 of them.
MAX_EXACT = 8
# Orders drawn beyond that, each also read backwards.
N_ORDERS = 8
# The orders are a rule of this program, as a grid of a quadrature is, and no choice of a run.
_SEED = 20_040_217

# Rows that the function is asked for at once: some 10 MB of covariates.
_ROWS = 50_000


@dataclass(frozen=True)
class Design:
    """Which coalitions are asked for, and how their worth makes up a player's value.

    Parameters
    ----------
    coalitions : bool array, shape (n_coalitions, n_players)
        Who takes part; the first has nobody, the last has all.
    weights : array, shape (n_coalitions, n_players)
        A value is the weighted sum of worths. Weights of the first coalition add up to -1,
        of the last to 1, of any other to 0: so values add up exactly.
    """

    coalitions: NDArray[np.bool_]
    weights: Values


def shapley_values(
    log_odds: LogOdds,
    X: pd.DataFrame,
    coordinates: Coordinates,
    *,
    background: Background,
    players: Mapping[str, Sequence[str]],
) -> tuple[Values, Values]:
    """Return interventional Shapley values of players, and the base they add to.

    The worth of a coalition is the mean of the log-odds over the background, where its
    members are as in the row explained and all others as in the background. Up to 8 players
    all coalitions are asked for and values are exact; beyond, a player's value is its mean
    step over 16 orders of players (8 drawn, each also reversed). Either way base and values
    add up to the log-odds of the row. The log-odds are asked for at most
    ``n_coalitions * n * len(background)`` times; rows that agree in all that a coalition
    holds are asked for once.

    Parameters
    ----------
    log_odds : callable
        From covariates and coordinates to log-odds.
    X : DataFrame, shape (n, n_covariates)
        Rows to explain.
    coordinates : array, shape (n, 2)
        Their easting, northing.
    background : Background
        With the covariates of `X`.
    players : mapping of str to sequence of str
        The columns that each player holds; ``"location"`` stands for both coordinates. What
        no player holds stays as in the background.

    Returns
    -------
    values : array, shape (n, n_players)
        NaN rows where `log_odds` has no answer.
    base : array, shape (n,)
        The mean over the background; NaN in the same rows.

    Raises
    ------
    ModelError
        There is no player, a column is held twice or unknown, or the log-odds of a row of
        the background are unknown.

    References
    ----------
    Lundberg, S. M., & Lee, S.-I. (2017). A unified approach to interpreting model
    predictions. Advances in Neural Information Processing Systems 30. Janzing, D., Minorics,
    L., & Blöbaum, P. (2020). Feature relevance quantification in explainable AI: a causal
    problem. Proceedings of Machine Learning Research 108, 2907-2916 (why the background is
    put in without regard to the other covariates). Mitchell, R., et al. (2022). Sampling
    permutations for Shapley value estimation. Journal of Machine Learning Research 23,
    43:1-43:46 (orders read both ways).

    Examples
    --------
    >>> X = pd.DataFrame({"a": [2.0], "b": [3.0]})
    >>> zero = Background(X * 0, np.zeros((1, 2)))
    >>> product = lambda X, places: (X["a"] * X["b"]).to_numpy()
    >>> players = {"a": ["a"], "b": ["b"]}
    >>> values, base = shapley_values(
    ...     product, X, np.zeros((1, 2)), background=zero, players=players
    ... )
    >>> values, base
    (array([[3., 3.]]), array([0.]))
    """
    names = [str(name) for name in X.columns]
    held = _positions(names, players)
    own = _table(X, coordinates)
    other = _table(background.X[names], background.coordinates)

    def ask(table: Values) -> Values:
        frame = pd.DataFrame(table[:, :-2], columns=names)
        return np.asarray(log_odds(frame, table[:, -2:]), dtype=np.float64)

    values = np.full((len(X), len(held)), np.nan)
    base = np.full(len(X), np.nan)
    empty = float(_worths(ask, other[:1], other, [np.empty(0, dtype=np.int64)])[0, 0])
    if not np.isfinite(empty):
        raise ModelError(
            f"The model has no answer for some of the {len(other)} rows of the background. "
            "Choose the background among its training samples."
        )
    # Rows without an answer are left out first, so that the model warns of them once.
    full = _worths(ask, own, other, [np.concatenate(held)])[:, 0]
    answered = np.flatnonzero(np.isfinite(full))
    design = make_design(len(held))
    inner = [
        np.concatenate([held[player] for player in np.flatnonzero(coalition)])
        for coalition in design.coalitions[1:-1]
    ]
    worth = np.empty((answered.size, len(design.coalitions)))
    worth[:, 0], worth[:, -1] = empty, full[answered]
    worth[:, 1:-1] = _worths(ask, own[answered], other, inner)
    values[answered] = worth @ design.weights
    base[answered] = empty
    return values, base


def make_design(n_players: int) -> Design:
    """Return the coalitions to ask for: all up to 8 players, else those of 16 orders.

    Examples
    --------
    >>> make_design(2).weights.tolist()
    [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    """
    return _all(n_players) if n_players <= MAX_EXACT else _drawn(n_players)


def _all(n: int) -> Design:
    codes = np.arange(2**n)
    coalitions = (codes[:, None] >> np.arange(n) & 1).astype(bool)
    size = coalitions.sum(axis=1)
    # A player that joins s others, of n in all, does so in this share of the orders.
    share = np.array([factorial(s) * factorial(n - 1 - s) / factorial(n) for s in range(n)])
    joins = share[np.maximum(size - 1, 0)][:, None]
    stays = share[np.minimum(size, n - 1)][:, None]
    return Design(coalitions, np.where(coalitions, joins, -stays))


def _drawn(n: int) -> Design:
    generator = np.random.default_rng(_SEED)
    drawn = [generator.permutation(n) for _ in range(N_ORDERS)]
    orders = [order for one in drawn for order in (one, one[::-1])]
    weights: dict[bytes, Values] = {}
    for order in orders:
        member = np.zeros(n, dtype=bool)
        for player in order:
            weights.setdefault(member.tobytes(), np.zeros(n))[player] -= 1 / len(orders)
            member[player] = True
            weights.setdefault(member.tobytes(), np.zeros(n))[player] += 1 / len(orders)
    coalitions = np.array([np.frombuffer(key, dtype=bool) for key in weights])
    order_of_size = np.argsort(coalitions.sum(axis=1), kind="stable")
    return Design(coalitions[order_of_size], np.array(list(weights.values()))[order_of_size])


def _positions(
    names: list[str], players: Mapping[str, Sequence[str]]
) -> list[NDArray[np.int64]]:
    """Return the columns of the joint table that each player holds."""
    where = {name: [column] for column, name in enumerate(names)}
    if LOCATION in where:
        raise ModelError(
            f"A covariate is called {LOCATION!r}, the name of both coordinates together in an "
            "explanation. Give the covariate another name."
        )
    where[LOCATION] = [len(names), len(names) + 1]
    columns = [column for held in players.values() for column in held]
    wrong = [c for c in columns if c not in where or columns.count(c) > 1]
    if wrong or not all(players.values()) or not players:
        raise ModelError(
            f"{len(players)} players hold {few(columns)}; unknown or held twice: "
            f"{few(dict.fromkeys(wrong)) or 'none'}. Give each player columns of its own, out "
            f"of {few(where, 10)}."
        )
    return [np.array([p for c in held for p in where[c]]) for held in players.values()]


def _table(X: pd.DataFrame, coordinates: Coordinates) -> Values:
    places = np.asarray(coordinates, dtype=np.float64)
    if places.shape != (len(X), 2):
        raise ModelError(
            f"{len(X)} rows came with coordinates of shape {places.shape}. Give easting and "
            "northing of each row."
        )
    return np.column_stack([X.to_numpy(dtype=np.float64), places])


class _Question:
    """Rows with the columns of a coalition, put before each row of the background."""

    def __init__(self, own: Values, other: Values, columns: NDArray[np.int64]) -> None:
        rest = np.setdiff1d(np.arange(own.shape[1]), columns)
        # Whole classes of rows agree in what a coalition of few columns holds, and so does
        # the background in what is left of it.
        mine, self._inverse = _distinct(own[:, columns])
        theirs, of = _distinct(other[:, rest])
        self._share = np.bincount(of, minlength=len(theirs)) / len(other)
        self.table = np.empty((len(mine) * len(theirs), own.shape[1]))
        self.table[:, columns] = np.repeat(mine, len(theirs), axis=0)
        self.table[:, rest] = np.tile(theirs, (len(mine), 1))

    def mean(self, answers: Values) -> Values:
        """Return the mean over the background, one value per row that was given."""
        means = answers.reshape(-1, len(self._share)) @ self._share
        return np.asarray(means[self._inverse])


def _distinct(table: Values) -> tuple[Values, NDArray[np.int64]]:
    """Return the distinct rows and which of them each row is."""
    if table.shape[1] == 0:
        return table[:1], np.zeros(len(table), dtype=np.int64)
    rows, inverse = np.unique(table, axis=0, return_inverse=True)
    return rows, inverse.reshape(-1)


def _worths(
    ask: Callable[[Values], Values],
    own: Values,
    other: Values,
    coalitions: Sequence[NDArray[np.int64]],
) -> Values:
    """Return the worth of each coalition (across) for each row (down)."""
    worth = np.empty((len(own), len(coalitions)))
    step = max(1, _ROWS // len(other))
    for start in range(0, len(own), step):
        rows = slice(start, start + step)
        waiting: list[tuple[int, _Question]] = []
        for number, columns in enumerate(coalitions):
            waiting.append((number, _Question(own[rows], other, columns)))
            size = sum(len(question.table) for _, question in waiting)
            if size < _ROWS and number < len(coalitions) - 1:
                continue
            answers = ask(np.concatenate([question.table for _, question in waiting]))
            ends = np.cumsum([len(question.table) for _, question in waiting])
            parts = np.split(answers, ends[:-1])
            for (column, question), part in zip(waiting, parts, strict=True):
                worth[rows, column] = question.mean(part)
            waiting = []
    return worth
