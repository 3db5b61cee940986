"""Shapley values of a function that is no sum: credit shared over all orders of players."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError, few
from hotspot.explanations.background import Background
from hotspot.explanations.coalitions import Design, make_design, pair_weights
from hotspot.grid import Coordinates

Values = NDArray[np.float64]

Answer = Callable[[pd.DataFrame, Coordinates], Values]
"""What is explained, shape (n,) or (n, n_answers), from covariates and coordinates; NaN where
unknown. Log-odds, for one."""

# The player that holds easting and northing, and its name among columns.
LOCATION = "location"

# Rows that the function is asked for at once: some 10 MB of covariates.
_ROWS = 50_000


@dataclass(frozen=True)
class Worths:
    """What coalitions of players are worth to each row, of one answer or several.

    Parameters
    ----------
    players : tuple of str
        Their names.
    design : Design
        The coalitions.
    worth : array, shape (n, n_coalitions, n_answers)
        Mean answer over the background, where the members are as in the row; NaN rows
        where there is no answer.
    owned : array, shape (n_played, n_players), optional
        Where who plays is not who is told of: what each has of those of the design.
    """

    players: tuple[str, ...]
    design: Design
    worth: Values
    owned: Values | None = None

    def among(self, owners: Sequence[tuple[str, ...]], players: Sequence[str]) -> "Worths":
        """Return the same told of others, who own the players, alone or jointly.

        Parameters
        ----------
        owners : sequence of tuple of str
            Of each player; joint owners share alike.
        players : sequence of str
            The owners, in the order that is told.
        """
        if all(len(each) == 1 for each in owners):
            return replace(self, players=tuple(players))
        share = [[(name in each) / len(each) for name in players] for each in owners]
        return replace(self, players=tuple(players), owned=np.array(share))

    def values(self, answer: int = 0) -> Values:
        """Return the Shapley value of each player to an answer, shape (n, n_players)."""
        played = np.asarray(self.worth[:, :, answer] @ self.design.weights)
        return played if self.owned is None else played @ self.owned

    def base(self, answer: int = 0) -> Values:
        """Return what the values add to: the mean over the background, shape (n,)."""
        return np.asarray(self.worth[:, 0, answer])

    def interactions(self, answer: int = 0) -> tuple[tuple[tuple[str, str], ...], Values]:
        """Return pairs of players, and what each does only together, shape (n, n_pairs).

        Half of an interaction is in the value of each of the two, see `pair_weights`.

        Raises
        ------
        ModelError
            There are more than 8 players.
        """
        pairs, weights = pair_weights(self.design)
        found = np.asarray(self.worth[:, :, answer] @ weights)
        if self.owned is not None:
            pairs, found = _of_owners(pairs, found, self.owned)
        names = tuple((self.players[one], self.players[other]) for one, other in pairs)
        return names, found


def shapley_values(
    answer: Answer,
    X: pd.DataFrame,
    coordinates: Coordinates,
    *,
    background: Background,
    players: Mapping[str, Sequence[str]],
) -> tuple[Values, Values]:
    """Return interventional Shapley values of players, and the base they add to.

    The worth of a coalition is the mean of the answer over the background, where its
    members are as in the row explained and all others as in the background. Up to 8 players
    all coalitions are asked for and values are exact; beyond, a player's value is its mean
    step over 16 orders of players (8 drawn, each also reversed). Either way base and values
    add up to the answer of the row. It is asked for at most
    ``n_coalitions * n * len(background)`` times; rows that agree in all that a coalition
    holds are asked for once.

    Parameters
    ----------
    answer : callable
        From covariates and coordinates to one number per row, such as log-odds.
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
        NaN rows where `answer` has no answer.
    base : array, shape (n,)
        The mean over the background; NaN in the same rows.

    Raises
    ------
    ModelError
        There is no player, a column is held twice or unknown, or the answer of a row of the
        background is unknown.

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
    found = coalition_worths(answer, X, coordinates, background=background, players=players)
    return found.values(), found.base()


def coalition_worths(
    answer: Answer,
    X: pd.DataFrame,
    coordinates: Coordinates,
    *,
    background: Background,
    players: Mapping[str, Sequence[str]],
) -> Worths:
    """Return what coalitions are worth; values and interactions follow from it.

    Several answers about a row, such as its log-odds and its median, cost one round of
    questions. Parameters and errors are as in `shapley_values`.
    """
    names = [str(name) for name in X.columns]
    held = _positions(names, players)
    own = _table(X, coordinates)
    other = _table(background.X[names], background.coordinates)

    def ask(table: Values) -> Values:
        frame = pd.DataFrame(table[:, :-2], columns=names)
        found = np.asarray(answer(frame, table[:, -2:]), dtype=np.float64)
        return found[:, None] if found.ndim == 1 else found

    empty = ask(other).mean(axis=0)
    if not np.isfinite(empty).all():
        raise ModelError(
            f"The model has no answer for some of the {len(other)} rows of the background. "
            "Choose the background among its training samples."
        )
    # Rows without an answer are left out first, so that the model warns of them once.
    full = _worths(ask, own, other, [np.concatenate(held)], empty.size)[:, 0]
    answered = np.flatnonzero(np.isfinite(full).all(axis=1))
    design = make_design(len(held))
    inner = [
        np.concatenate([held[player] for player in np.flatnonzero(coalition)])
        for coalition in design.coalitions[1:-1]
    ]
    worth = np.full((len(X), len(design.coalitions), empty.size), np.nan)
    worth[answered, 0], worth[answered, -1] = empty, full[answered]
    worth[answered, 1:-1] = _worths(ask, own[answered], other, inner, empty.size)
    return Worths(tuple(players), design, worth)


def _of_owners(
    played: Sequence[tuple[int, int]], values: Values, owned: Values
) -> tuple[tuple[tuple[int, int], ...], Values]:
    """Return pairs of owners and what they do only together, given that of what they own.

    What two things of one owner do together is that owner's alone.
    """
    pairs = tuple(combinations(range(owned.shape[1]), 2))
    share = np.array(
        [
            [
                owned[a, one] * owned[b, other] + owned[a, other] * owned[b, one]
                for one, other in pairs
            ]
            for a, b in played
        ]
    )
    return pairs, values @ share.reshape(len(played), len(pairs))


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
        """Return the mean over the background, one row of answers per row that was given."""
        parts = answers.reshape(-1, len(self._share), answers.shape[1])
        return np.asarray(np.einsum("ijk,j->ik", parts, self._share)[self._inverse])


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
    n_answers: int,
) -> Values:
    """Return the worth of each coalition (across) for each row (down), answer by answer."""
    worth = np.empty((len(own), len(coalitions), n_answers))
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
